"""Who is to be told, as it stands in the settings: refused in one line, and never shown."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from detector.errors import SettingsError
from detector.settings.load import load_settings
from detector.settings.targets.notify import NotifySettings
from detector.settings.targets.schedule import Schedule

URL = 'url = "slack://SECRETa/SECRETb/SECRETc"\n'
ONE = f"[[notify]]\n{URL}"


@pytest.mark.parametrize(
    ("text", "said"),
    [(ONE + ONE, "notify: Value error, two are called slack-"),
     (ONE + 'url_file = "x"', "notify.0: Value error, allowed: one of url, url_file and url_v"),
     ('[[notify]]\nname = "x"', "notify.0: Value error, allowed: one of url, url_file and url_v"),
     ('[[notify]]\nurl = "SECRETa"', "notify.0.url: Value error, found no scheme://"),
     ('[[notify]]\nurl = ["SECRETa"]', "notify.0.url: Input should be a valid string"),
     ('[notify]\nurl = "a://SECRETa"', "notify: Input should be a valid tuple"),
     ('[[notify]]\nurl_file = "a://SECRETa/"', "notify.0.url_file: Value error, allowed: the path"),
     ('[[notify]]\nurl_variable = "a://SECRETa"', "notify.0.url_variable: String should match"),
     (ONE + 'name = "a://SECRETa"', "notify.0.name: Value error, allowed: a short text"),
     (ONE + 'kinds = ["drift"]', "notify.0.kinds.0, found 'drift': Input should be 'score'"),
     (ONE + 'events = []', "notify.0.events, found []"),
     (ONE + 'devices = [""]', "notify.0.devices, found ['']: Value error, allowed: patterns"),
     (ONE + 'priority = "top"', "notify.0.priority, found 'top': Input should be 'low'"),
     (ONE + "keep_h = 0", "notify.0.keep_h, found 0: Input should be greater than 0"),
     (ONE + "ulr = 1", "unknown setting notify.0.ulr"),
     (ONE + 'events = ["raised"]\nescalate_after_minutes = 5', "escalate_after_minutes: allowed"),
     (ONE + 'events = ["escalated"]', "events: escalated alone, allowed: with escalate_after"),
     (ONE + 'schedule = { days = "mon-foo" }', "schedule.days, found 'mon-foo': Value error, all"),
     (ONE + 'schedule = { hours = "8-17" }', "schedule.hours, found '8-17': Value error, allowed"),
     (ONE + 'schedule = { hours = "08:00-24:30" }', "schedule.hours, found '08:00-24:30': Value"),
     (ONE + 'schedule = { hours = "08:00-08:00" }', "08:00-08:00 is no time at all"),
     (ONE + 'schedule = { time_zone = "Mars/X" }', "schedule.time_zone, found 'Mars/X': Value er"),
     (ONE + 'schedule = { time_zone = "../x" }', "schedule.time_zone, found '../x': Value error")],
)  # fmt: skip
def test_what_cannot_be_is_one_line_without_the_secret(tmp_path, text, said):
    """What, where, found and allowed."""
    path = tmp_path / "faultline.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load_settings(path)
    assert said in str(refused.value)
    assert "SECRET" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ['[{"url": "a://SECRETa', '[{"url": "SECRETa"}]', '"SECRETa"'])
def test_the_environment_is_refused_the_same(monkeypatch, text):
    """A list in JSON."""
    monkeypatch.setenv("FAULTLINE_NOTIFY", text)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "notify" in str(refused.value)
    assert "SECRET" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_url_is_never_shown(monkeypatch):
    """Not by the settings, nor by the name that is made of it, which stays the same."""
    monkeypatch.setenv("FAULTLINE_NOTIFY", '[{"url": "slack://SECRETa/SECRETb/SECRETc"}]')
    [target] = load_settings().notify
    assert target.url.get_secret_value() == "slack://SECRETa/SECRETb/SECRETc"
    assert "SECRET" not in f"{target!r} {target} {target.model_dump_json()} {target.key}"
    assert target.key == NotifySettings(url=target.url).key
    assert target.key.startswith("slack-")


@pytest.mark.parametrize(
    ("days", "hours", "inside", "outside"),
    [("mon-fri", "08:00-17:00", ["fri 08:00", "fri 16:59"], ["fri 07:59", "fri 17:00"]),
     ("mon-fri", "22:00-06:00", ["fri 23:00", "sat 05:59"], ["sat 06:00", "mon 05:00"]),
     ("fri-mon", "00:00-24:00", ["sun 00:00", "mon 23:59"], ["tue 00:00", "thu 23:59"]),
     ("Mon,wed", "08:00-12:00, 13:00-17:00", ["wed 13:00"], ["mon 12:30", "tue 09:00"]),
     ("mon-sun", "00:00-24:00", ["mon 00:00", "sun 23:59"], [])],
)  # fmt: skip
def test_a_schedule_goes_by_the_clock_on_the_wall(days, hours, inside, outside):
    """Of its zone; a night belongs to the day that it begins on."""
    schedule = Schedule(days=days, hours=hours, time_zone="Asia/Seoul")
    assert [one for one in inside if not schedule.covers(seoul(one))] == []
    assert [one for one in outside if schedule.covers(seoul(one))] == []


def test_a_schedule_follows_summer_time():
    """08:00 is 08:00, whatever that is in UTC."""
    schedule = Schedule(hours="08:00-09:00", time_zone="Europe/Berlin")
    for month in (1, 7):
        at = datetime(2026, month, 1, 8, 30, tzinfo=ZoneInfo("Europe/Berlin"))
        assert schedule.covers(at.timestamp())


def seoul(moment):
    """A day and an hour of one week, in Seoul."""
    name, clock = moment.split()
    day = 5 + ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].index(name)  # 2026-01-05: a Monday
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 1, day, hour, minute, tzinfo=ZoneInfo("Asia/Seoul")).timestamp()
