"""What is decided arrives: at real sinks, in order, under one id, whatever is away meanwhile."""

from __future__ import annotations

import base64
import io
import logging
from email.header import decode_header, make_header

import numpy as np
import pytest
from matplotlib import image

from detector.notifying.notifier import retry_after
from detector.notifying.targets import Target
from detector.notifying.words import TEST
from detector.records import Frame
from detector.service.publishing import Publisher
from detector.store import frames
from detector.store.schema import open_store
from tests.conftest import wait_for
from tests.support.alarms.plant import CARD, frame
from tests.support.ingest.subscribing import Detector, Machine
from tests.support.notifying.sinks import Mailbox, Told, hook


@pytest.fixture
def heard():
    """A webhook that nobody else knows."""
    with hook() as made:
        yield made


@pytest.fixture
def mailbox():
    """A mail server."""
    made = Mailbox()
    yield made
    made.stop()


def target(sink, **more):
    """Settings of a target there."""
    return {"url": sink.url, "name": "duty", **more}


def test_shelved_for_a_minute_nothing_arrives_and_then_one(heard, mailbox, broker):
    """By mail, at a webhook and by MQTT, while a score goes on crossing the threshold."""
    plant = Told(target(heard), target(mailbox, name="mail"))
    machine = Machine(broker, "out-shelved/m/alarm")
    detector = Detector(broker, "shelved").start()
    publisher = Publisher(detector.subscriber, plant.engine, detector.settings)

    def all_told():
        plant.deliver()
        publisher.alarms()
        return len(heard.heard), len(mailbox.heard), len(machine.heard)

    plant.update(frame(0, [9]))
    wait_for(lambda: all_told() == (1, 1, 1), what="the alarm is told")
    plant.say("shelve", 1, minutes=1)
    for second in range(60):
        plant.update(frame(2 * second, [0, 9]))
        plant.now += 0.99
    assert all_told() == (1, 1, 1)
    plant.now += 1
    plant.update(frame(200, [9]))
    wait_for(lambda: all_told() == (2, 2, 2), what="it is told once more")
    detector.subscriber.stop()
    machine.stop()
    assert heard.titles == ["m: abnormal, priority medium", "m: abnormal, priority high"]
    assert [mail["subject"] for mail in mailbox.heard] == heard.titles
    assert [said["transition"] for _, said, _ in machine.heard] == ["raised"] * 2


def test_a_sink_that_is_down_for_an_hour_gets_all_in_order(heard):
    """Each under one id, after ever longer pauses; what was decided meanwhile behind it."""
    plant = Told(target(heard), k=1, n=1, m=1)
    heard.answer = 503
    began, ts = plant.now, 0
    while plant.now - began < 3600:
        if (plant.now - began) % 600 == 0:
            plant.update(frame(ts, [9]), frame(ts + 1, [0]))
            ts += 2
        plant.deliver()
        plant.now += 20
    assert set(heard.ids) == {2}
    assert 12 < len(heard.ids) < 25  # from 5 s to 5 min apart
    heard.answer = 200
    plant.now += 300
    tried = len(heard.ids)
    plant.deliver()
    assert heard.ids[tried:] == sorted(set(heard.ids))
    assert {done for _, done in plant.outbox("duty")} == {"sent"}
    expected = ["m: abnormal, priority medium", "m: no longer abnormal"] * 6
    assert heard.titles[tried:] == expected


def test_a_sink_that_is_away_keeps_no_other_one_waiting(heard, mailbox):
    """Nor does its failure show what is secret."""
    heard.answer = 403
    plant = Told(target(heard), target(mailbox, name="mail"))
    plant.update(frame(0, [9, 0, 0]))
    plant.deliver()
    assert (len(heard.heard), len(mailbox.heard)) == (1, 2)


def test_pauses_double_up_to_five_minutes():
    """And no number of attempts is too many."""
    assert [retry_after(n) for n in (0, 1, 2, 5, 6, 7, 10_000)] == [5, 10, 20, 160, 300, 300, 300]


def test_a_restart_goes_on_with_what_waits(heard, tmp_path):
    """Another detector has the same outbox; nothing is sent twice."""
    heard.answer = 500
    plant = Told(target(heard), engine=open_store(f"sqlite:///{tmp_path}/faultline.db"))
    plant.update(frame(0, [9]))
    plant.deliver()
    heard.answer = 200
    plant.restart()
    plant.follow(target(heard))
    plant.notifier.start()
    wait_for(lambda: len(heard.heard) == 2, what="it is tried at once")
    plant.notifier.stop()
    plant.deliver()
    plant.engine.dispose()
    assert heard.ids == [2, 2]


def test_what_is_too_old_is_dropped_and_the_next_message_says_so(heard, caplog):
    """A day of silence is not told as news; the log has a line, too."""
    heard.answer = 500
    plant = Told(target(heard, keep_h=1), k=1, n=1, m=1)
    plant.update(frame(0, [9]), frame(1, [0]))
    plant.deliver()
    plant.now += 3601
    heard.answer = 200
    plant.update(frame(2, [9]))
    plant.deliver()
    assert plant.outbox("duty") == [
        ("raised", "too old"), ("returned", "too old"), ("raised", "sent"),
    ]  # fmt: skip
    assert "waited too long: 2 messages before this one" in heard.heard[-1]["message"]
    assert "message 2 waited for more than 60 min and is dropped" in caplog.text


def test_what_is_shelved_before_it_could_be_sent_is_held_back(heard):
    """It is told once, when the shelf ends."""
    heard.answer = 500
    plant = Told(target(heard))
    plant.update(frame(0, [9]))
    plant.deliver()
    plant.say("shelve", 1, minutes=5)
    heard.answer = 200
    plant.now += 60
    plant.deliver()
    plant.now += 240
    plant.update(frame(1, [9]))
    plant.deliver()
    assert plant.outbox("duty") == [("raised", "held back"), ("raised", "sent")]
    assert len(heard.heard) == 2


def test_a_target_that_goes_and_comes_back_keeps_what_waits(heard):
    """Known by its name, wherever it is now; its URL may have changed."""
    plant = Told({"url": "json://127.0.0.1:9/SECRETpath", "name": "duty"})
    plant.update(frame(0, [9]))
    plant.follow()
    plant.deliver()
    assert plant.outbox("duty") == [("raised", None)]
    plant.follow(target(heard))
    plant.now += 60
    plant.deliver()
    assert plant.outbox("duty") == [("raised", "sent")]


def test_a_secret_is_in_no_log_and_no_reason(heard, caplog, tmp_path):
    """Whatever goes wrong: refused, unreachable, unknown, a file that is gone."""
    caplog.set_level(logging.INFO)
    heard.answer = 401
    file = tmp_path / "url"
    file.write_text(f"{heard.url}\n")
    plant = Told(
        target(heard),
        {"url": "json://kim:SECRETword@127.0.0.1:9/SECRETpath", "name": "nobody"},
        {"url": "json://SECREThost.invalid/SECRETpath", "name": "nowhere"},
        {"url": "foo://SECRETword", "name": "unknown"},
        {"url_file": str(file), "name": "file"},
    )  # fmt: skip
    file.unlink()
    plant.update(frame(0, [9]))
    plant.deliver()
    with plant.engine.connect() as connection:
        reasons = connection.exec_driver_sql("SELECT target, reason FROM outbox").fetchall()
    said = dict(reasons)
    assert "error=401" in said["duty"]
    assert "found foo://…" in said["unknown"]
    assert "cannot be read (No such file or directory)" in said["file"]
    assert len([one for one in said.values() if one]) == 5
    assert len(caplog.records) >= 5
    for text in (caplog.text, *map(str, reasons)):
        assert not {"SECRETword", "SECRETpath"} & set(text.replace("/", " ").split())
        assert "SECRETword" not in text
        assert "SECRETpath" not in text


def test_a_mail_has_its_lines_and_marks_and_no_header_of_a_device(mailbox):
    """Names come from the wire: nothing in one is markup, a line or a header."""
    plant = Told(target(mailbox))
    plant.update(frame(0, [9], device="<b>m</b> $1\nBcc: all@plant.example"))
    plant.deliver()
    [mail] = mailbox.heard
    assert mail["bcc"] is None
    subject = str(make_header(decode_header(mail["subject"])))
    assert subject.startswith(r"<b>m</b> $1\nBcc: all@plant.example: abnormal, priority")
    [text] = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
    lines = text.get_payload(decode=True).decode().splitlines()
    assert [line.split()[0] for line in lines if line] == ["Score", "Alarm", "Notification"]


def test_what_a_plugin_says_loses_every_part_of_the_url():
    """As it stands there and decoded; what is public stays."""

    class Plugin:
        def notify(self, **_):
            logging.getLogger("apprise").warning("no SECRETpath on plant.example for kim@x")
            raise OSError("json://kim:SECRET word@plant.example/SECRETpath is gone\nfor good")

    url = "json://kim:SECRET%20word@plant.example:8080/SECRETpath?token=SECRETtoken"
    reason = Target("duty", "json://plant.example", Plugin(), url).send(TEST)
    assert "SECRET" not in reason
    assert "on plant.example" in reason
    assert reason.endswith("is gone for good")


def test_a_picture_of_the_signal_goes_with_it(heard):
    """Raw, with red marks where it was abnormal; a kind without a signal has none."""
    plant = Told(target(heard, attach=True, kinds=["score", "silent"]))
    ts = 1000 + np.arange(500) / 10
    values = np.sin(ts)[:, None].astype(np.float32)
    score = np.where(np.arange(500) > 400, 9, 0.1).astype(np.float32)
    shown = Frame("m", "s", ("a",), ts, values, values, score, score, np.full(500, True), 1.0,
                  np.ones(1, np.float32), 0.0)  # fmt: skip
    with plant.engine.begin() as connection:
        frames.write(connection, [shown])
        plant.desk.update(connection, [(shown, CARD)])
    plant.desk.keep()
    plant.report("silent", True, ts=1060.0)
    plant.deliver()
    [attached] = heard.heard[0]["attachments"]
    pixels = image.imread(io.BytesIO(base64.b64decode(attached["base64"])), format="png")
    red = (pixels[..., 0] > 0.75) & (pixels[..., 1] < 0.3)
    assert red.sum() > 20
    assert not red[:, : pixels.shape[1] // 2].any()  # only at the end
    assert heard.heard[1]["attachments"] == []
