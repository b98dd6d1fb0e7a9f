"""A real detector tells people: after a reload, and once though it is killed while it does."""

from __future__ import annotations

import json
import signal

import pytest

from detector.errors import ReloadError, SettingsError
from detector.reloading.ask import ask
from detector.service.detector import Detector
from detector.settings.load import load_settings
from detector.settings.tree import Settings
from detector.store import devices
from detector.store.outbox import outbox
from tests.conftest import wait_for
from tests.support.notifying.sinks import hook
from tests.support.serving import Client, serving


def test_a_kill_between_the_alarm_and_its_message_leaves_one_id(broker, tmp_path):
    """Killed while the sink has the message and has not answered: the same comes again."""
    out = f"out-{tmp_path.name}/fan/alarm"
    with (
        hook() as heard,
        serving(tmp_path, broker.url, "silent_s = 0.5\n") as served,
        Client(broker.url, out) as client,
    ):

        def kill(_):
            served.process.send_signal(signal.SIGKILL)
            served.process.wait(20)
            served.read(devices.release_lease, served.read(devices.health).owner)  # 5 s less
            return 500

        heard.answer = kill
        before = served.settings.read_text()
        served.settings.write_text(before + '[[notify]]\nurl = "foo://SECRETword"\n')
        with pytest.raises(
            ReloadError, match=r"nothing changed: notify foo-.*: found foo://…, all"
        ):
            ask(load_settings(served.settings))
        duty = f'[[notify]]\nname = "duty"\nurl = "{heard.url}"\nkinds = ["silent"]\n'
        served.settings.write_text(before + duty)
        assert "notify changed" in ask(load_settings(served.settings))
        client.publish(f"{tmp_path.name}/fan", b'{"x": 1}')
        wait_for(lambda: served.process.poll() is not None, what="the detector is killed")
        heard.answer = 200
        served.start()
        wait_for(lambda: len(heard.heard) == 2, what="it is sent again")
        wait_for(lambda: served.read(outbox.standings, ["duty"])[0].waiting == 0, what="noted")
        assert heard.titles == ["fan: silent, priority medium"] * 2
        assert len(set(heard.ids)) == 1
        told = [json.loads(payload) for _, payload, _ in client.messages]
        assert len({one["id"] for one in told if one["transition"] == "raised"}) == 1
        assert "SECRET" not in served.log


def test_a_target_that_cannot_be_used_keeps_the_detector_from_starting(tmp_path):
    """Before it takes anything: in one line, without the secret."""
    settings = Settings(
        notify=[{"url": "foo://SECRETword"}], store={"url": f"sqlite:///{tmp_path}/store.db"}
    )
    with pytest.raises(SettingsError, match=r"notify foo-.*: found foo://…, allowed: a scheme"):
        Detector(settings)
    assert list(tmp_path.iterdir()) == []
