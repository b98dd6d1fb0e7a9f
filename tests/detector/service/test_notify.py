"""A real detector tells people: after a reload, and once though it is killed while it does."""

from __future__ import annotations

import json
import signal

from detector.reloading.ask import ask
from detector.settings.load import load_settings
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
        with served.settings.open("a") as file:
            file.write(f'[[notify]]\nname = "duty"\nurl = "{heard.url}"\nkinds = ["silent"]\n')
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
