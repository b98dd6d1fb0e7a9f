"""Settings that change under a real detector process."""

from __future__ import annotations

import json
import re
import signal
import threading
import time

import pytest

from detector.errors import ReloadError, SettingsError
from detector.reloading.ask import ask
from detector.scoring.bundle import DOCUMENT, save_bundle
from detector.settings.load import load_settings
from detector.store import commands, devices
from tests.conftest import wait_for
from tests.support.motors import live
from tests.support.processes.programs import answer
from tests.support.reloading import NO_RULES
from tests.support.serving import environment


def test_broken_settings_change_nothing(site, client, bundle):
    """One line, by whichever way it was asked for; nothing of the good part is taken up."""
    save_bundle(bundle, site.folder / "x")
    site.write(site.rule("x-*", "x", "threshold = 1.25"))
    site.reload()
    client.send(site.topic("x-1"), live(100, 4))
    wait_for(lambda: site.count("x-1") == 100)
    good = site.rule("x-*", "x", "threshold = 2.0")
    broken = {
        good + "[alarms]\n": "not TOML",
        good.replace("threshold", "treshold"): "unknown setting",
        good + '[[sources]]\ntopic = "a/#/b"\n': "found 'a/#/b'",
        good + site.rule("y-*", "nowhere"): "nowhere/bundle.json: cannot be read",
        "\0": "not TOML",
    }
    known = load_settings(site.settings)
    for text, why in broken.items():
        site.write(text)
        with pytest.raises(ReloadError) as refused:
            ask(known)
        assert why in str(refused.value)
        assert "\n" not in str(refused.value)
        site.process.send_signal(signal.SIGHUP)
        wait_for(lambda: site.said()[-2:] == [site.said()[-1]] * 2)
    assert site.status("x-1").threshold == 1.25
    site.write(good)
    site.process.send_signal(signal.SIGHUP)
    wait_for(lambda: site.status("x-1").threshold == 2.0, what="the good one is taken up")


def test_the_command_tells_what_needs_a_restart(site):
    """And takes up the rest; exit code 0, or 2 with one line."""

    def run():
        return answer("detector", "reload", "--settings", site.settings, env=environment())

    site.write()
    site.reload()
    text = site.base.replace("[alarms]", "[alarms]\nk = 2").replace("[mqtt]", "[mqtt]\nqos = 0")
    fixed = "[metrics]\nport = 9\n[dashboard]\nstart_detector = false\n"
    site.write(NO_RULES + fixed, base=text)
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    said = "alarms.k changed; not while running: mqtt.qos, dashboard.start_detector, metrics.port\n"
    assert done.stdout == said
    site.settings.write_text("[")
    done = run()
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_sources_come_and_go(site, client):
    """A new topic is heard, one that stays loses nothing, one that went is heard no more."""
    base = site.folder.name
    stays = f'[[sources]]\ntopic = "{base}/{{device}}"\n'
    goes = f'[[sources]]\ntopic = "{base}/gone/{{device}}"\n'
    comes = f'[[sources]]\ntopic = "{base}/new/{{device}}"\nscale = 2.0\n'
    site.write()
    site.reload()
    others = re.sub(r"\ntopic = .*", "", site.base)
    site.write(NO_RULES + stays + goes, base=others)
    assert site.reload() == "sources changed"
    client.publish(f"{base}/gone/g-1", b'{"ts": 1700000000, "v": 1}')
    wait_for(lambda: site.count("g-1") == 1, what="a topic that goes is heard while it is there")
    bad = site.read(devices.health).counters["bad_topics"]

    stop = threading.Event()
    sent = []

    def send():
        while not stop.is_set():
            sent.append(1_700_000_000 + len(sent) / 100)
            client.publish(f"{base}/t-1", b'{"ts": %.2f, "v": 1}' % sent[-1])

    machine = threading.Thread(target=send, daemon=True)
    machine.start()
    site.write(NO_RULES + comes + stays, base=others)
    assert site.reload() == "sources changed"
    client.publish(f"{base}/new/n-1", b'{"ts": 1700000000, "v": 1}')
    client.publish(f"{base}/gone/g-1", b'{"ts": 1700000001, "v": 1}')
    wait_for(lambda: site.count("n-1") == 1, what="the new topic is heard")
    stop.set()
    machine.join()
    wait_for(lambda: site.count("t-1") == len(sent), what="none is lost")
    assert site.frames("n-1")[0].values[0, 0] == 2.0
    assert site.count("g-1") == 1
    assert site.read(devices.health).counters["bad_topics"] == bad
    site.write()
    site.reload()


def test_alignment_and_clocks_follow(site, client):
    """Of a device that is heard already: its rows, and whose time counts."""
    site.write('[[devices]]\nmatch = "c-*"\n')
    site.reload()
    client.publish(site.topic("c-1"), b'{"ts": 1000000000, "v": 1}')
    wait_for(lambda: site.count("c-1") == 1)
    assert site.frames("c-1")[0].ts[0] == 1_000_000_000
    site.write('[[devices]]\nmatch = "c-*"\nclock = "arrival"\n[alignment]\nwait_s = 0.1\n')
    assert site.reload() == "1 rule changed, alignment.wait_s changed"
    client.publish(site.topic("c-1"), b'{"ts": 1000000001, "v": 1}')
    wait_for(lambda: site.count("c-1") == 2)
    assert abs(site.frames("c-1")[1].ts[0] - time.time()) < 60


def test_no_detector_no_reload(tmp_path):
    """One line that names the store, and nothing is left for a later one to do."""
    settings = tmp_path / "faultline.toml"
    settings.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/none.db"\n')
    with pytest.raises(
        ReloadError, match=rf"^reload: no detector is alive on sqlite:///{tmp_path}"
    ):
        ask(load_settings(settings))
    settings.write_text("[store]\nurl = 1\n")
    with pytest.raises(SettingsError):
        load_settings(settings)


def test_outcomes_stand_in_the_audit_log(site):
    """Who asked, and what came of it."""
    site.write()
    site.reload()
    site.reload(who="ann")
    command = site.read(commands.latest, "", commands.RELOAD)
    assert (command.who, command.outcome) == ("ann", "applied: nothing changed")
    assert json.dumps(command.value) == "{}"
    assert (site.folder / "kept" / DOCUMENT).exists()
