"""What Prometheus scrapes from a running detector.

Slow for one reason: a detector is a process that imports torch; the tests here share one.
"""

from __future__ import annotations

import json
import re
import socket
import urllib.request
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families

from detector.errors import SettingsError
from detector.ingest.buffer import SharedBuffer
from detector.ingest.mqtt import Subscriber
from detector.ingest.sources import Sources
from detector.records import DeviceState
from detector.service.metrics import MetricsEndpoint
from detector.settings.metrics import MetricsSettings
from detector.settings.mqtt import MqttSettings
from detector.settings.sources import SourceSettings
from tests.conftest import answers, free_port, wait_for
from tests.support.processes.programs import answer
from tests.support.serving import PROJECT, Client, Served, environment, serving

PAGE = PROJECT / "docs" / "operations.md"


@pytest.fixture(scope="module")
def served(tmp_path_factory, broker):
    """A detector with an endpoint."""
    folder, port = tmp_path_factory.mktemp("metrics"), free_port()
    with serving(folder, broker.url, f"[metrics]\nport = {port}\n") as made:
        made.metrics_port = port
        yield made
        assert made.stop() == 0
        assert not answers(port), "it outlived its detector"


def scraped(port):
    """Metric families by name."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return {one.name: one for one in text_string_to_metric_families(answer.read().decode())}


def value(port, name, **labels):
    """One sample; 0 where there is none."""
    found = [
        sample.value
        for family in scraped(port).values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(found)


def told_of(port, source):
    """What the endpoint says of a source: messages, samples, refusals by reason."""
    names = ("faultline_messages", "faultline_samples", "faultline_messages_refused")
    return Counter({
        (name, one.labels.get("reason", "")): one.value
        for name, family in scraped(port).items()
        for one in family.samples
        if name in names and one.labels["source"] == source
    })  # fmt: skip


def test_what_was_published_is_counted(served, broker):
    """Samples, messages and refusals of the source, as many as were sent."""
    port, source = served.metrics_port, f"{served.folder.name}/{{device}}"
    bad = {b"{": "json", b'{"ts": "now", "a": 1}': "time", b'{"ts": 1, "": 2}': "names"}
    before = told_of(port, source)
    with Client(broker.url) as client:
        for second in range(40):
            batch = {"ts": [1_700_000_000 + second, 1_700_000_000.5 + second], "a": [1, 2]}
            client.publish(f"{served.folder.name}/counted", json.dumps(batch).encode())
        for payload in bad:
            client.publish(f"{served.folder.name}/bad", payload)
    refused = {("faultline_messages_refused", reason): 1 for reason in bad.values()}
    sent = {("faultline_messages", ""): 43, ("faultline_samples", ""): 80, **refused}
    wait_for(lambda: told_of(port, source) - before == sent)
    assert value(port, "faultline_samples_dropped_total") == 0


def test_the_states_of_the_detector_are_told(served, broker):
    """Connection, devices, alarms, queue, time of the newest commit."""
    port = served.metrics_port
    with Client(broker.url) as client:
        client.publish(f"{served.folder.name}/told", b'{"a": 1}')
    wait_for(lambda: value(port, "faultline_devices", state=DeviceState.UNSCORED) >= 1)
    assert value(port, "faultline_connection_state", state="connected") == 1
    assert value(port, "faultline_connection_state") == 1
    assert value(port, "faultline_alarms_active") == 0
    assert 0 < value(port, "faultline_commit_lag_seconds") < 60
    wait_for(lambda: value(port, "faultline_waiting_receipts") == 0)
    ticks, committed = (value(port, name) for name in NAMES_OF_WORK)
    wait_for(lambda: value(port, NAMES_OF_WORK[0]) > ticks, what="ticks go on")
    wait_for(lambda: value(port, NAMES_OF_WORK[1]) > committed, what="commits go on")


NAMES_OF_WORK = ("faultline_tick_seconds_count", "faultline_last_commit_timestamp_seconds")


def test_the_page_names_every_metric(served, broker):
    """With its type, and none that is gone."""
    with Client(broker.url) as client:
        client.publish(f"{served.folder.name}/named", b'{"a": 1}')
    wait_for(lambda: "faultline_commit_lag_seconds" in scraped(served.metrics_port))
    section = PAGE.read_text().split("\n## Metrics\n")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `(faultline_\w+)(?:\{[^}]*\})?` \| (\w+) \|", section, re.M))
    told = {
        (f"{name}_total" if family.type == "counter" else name, family.type)
        for name, family in scraped(served.metrics_port).items()
        if name.startswith("faultline_")
    }
    assert documented == told


def test_no_device_is_a_label(served, broker):
    """A thousand devices make no more series than one."""
    with Client(broker.url) as client:
        for number in range(3):
            client.publish(f"{served.folder.name}/labelled-{number}", b'{"a": 1}')
            client.publish(f"{served.folder.name}/labelled-{number}", b"{")
    wait_for(lambda: value(served.metrics_port, "faultline_messages_refused_total") >= 3)
    labels = {
        (key, word)
        for family in scraped(served.metrics_port).values()
        for sample in family.samples
        for key, word in sample.labels.items()
    }
    assert not [word for _, word in labels if "labelled" in word]


def test_a_port_in_use_ends_the_start(tmp_path, broker):
    """One line, exit code 2, and nothing was subscribed to."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        made = Served(tmp_path, broker.url, f"[metrics]\nport = {port}\n")
        found = answer("detector", "serve", "--settings", made.settings, env=environment())
        made.engine.dispose()
    assert found.returncode == 2
    assert found.stderr.splitlines() == [
        f"error: metrics: 127.0.0.1 port {port}: Address already in use, allowed: a free port "
        "(metrics.port) of an address of this machine (metrics.address)"
    ]


@pytest.mark.parametrize("address", ["192.0.2.1", "a\0b", "::g"])
def test_an_address_of_another_machine_is_refused(address):
    """Before anything is connected."""
    with pytest.raises(SettingsError, match=r"allowed: a free port \(metrics.port\) of an address"):
        MetricsEndpoint(MetricsSettings(port=free_port(), address=address))


@pytest.fixture
def parts():
    """What is told of, without a broker."""
    sources, buffer = Sources([SourceSettings(topic="s/{device}")]), SharedBuffer(100, 10)
    return Subscriber(MqttSettings(), sources, buffer), sources, buffer


def has_ipv6():
    """Whether this machine has the loopback address of IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


without = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")


@pytest.mark.parametrize("address", ["127.0.0.1", pytest.param("::1", marks=without), "localhost"])
def test_it_answers_before_models_are_loaded_and_ends(parts, address):
    """On the address it was told, until it is stopped."""
    port = free_port()
    endpoint = MetricsEndpoint(MetricsSettings(port=port, address=address))
    endpoint.start(*parts)
    host = "[::1]" if ":" in address else address
    with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=10) as answer:
        assert b'faultline_connection_state{state="connecting"} 1.0' in answer.read()
    endpoint.stop()
    assert not answers(port)
    with socket.socket() as again:  # nothing is left of it
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


def test_it_is_off_by_default(parts):
    """No port, no thread, nothing imported; what is called does nothing."""
    endpoint = MetricsEndpoint(MetricsSettings())
    endpoint.start(*parts)
    endpoint.stop()
    assert MetricsSettings().port is None
    assert MetricsSettings().address == "127.0.0.1"
