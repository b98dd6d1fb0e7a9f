"""What a detector that starts anew must know of messages it will not get again."""

from __future__ import annotations

import pytest

from detector.errors import PayloadError
from detector.ingest.codecs.sparkplug_messages import Payload
from detector.ingest.sources import Sources
from detector.settings.sources import SourceSettings

NODE = "spBv1.0/plant/{kind}/edge"
DBIRTH, DDATA = (f"{NODE}/press".format(kind=kind) for kind in ("DBIRTH", "DDATA"))
DDEATH, NDEATH = f"{NODE}/press".format(kind="DDEATH"), NODE.format(kind="NDEATH")
FLOAT = 9


def sources():
    """Of a process that has heard nothing yet."""
    return Sources([SourceSettings(topic="spBv1.0/#")])


def birth(name="pressure"):
    """Says that 7 is the pressure."""
    found = Payload(timestamp=1_700_000_000_000, seq=0)
    found.metrics.add(name=name, alias=7, datatype=FLOAT, float_value=1.0)
    return found.SerializeToString()


def data():
    """Says 2 of metric 7."""
    found = Payload(timestamp=1_700_000_001_000)
    found.metrics.add(alias=7, float_value=2.0)
    return found.SerializeToString()


def test_data_are_read_after_a_restart():
    """By the birth that the earlier run was told to keep."""
    kept = sources().decode(DBIRTH, birth(), 0.0).births
    assert kept == {DBIRTH: birth()}
    again = sources()
    with pytest.raises(PayloadError, match="no birth was heard"):
        again.decode(DDATA, data(), 0.0)
    again.recall(kept)
    [(device, samples)] = again.decode(DDATA, data(), 0.0).blocks
    assert (device, samples.features, samples.values.tolist()) == ("press", ("pressure",), [[2.0]])


@pytest.mark.parametrize("topic", [DDEATH, NDEATH])
def test_a_death_ends_it(topic):
    """The device's own, and that of its node."""
    living = sources()
    living.decode(DBIRTH, birth(), 0.0)
    assert living.decode(topic, Payload(timestamp=1).SerializeToString(), 0.0).births == {
        DBIRTH: None
    }


def test_what_no_source_reads_any_more_is_passed_over():
    """The settings may have changed since."""
    Sources([SourceSettings(topic="sensors/{device}")]).recall({DBIRTH: birth(), "sensors/a": b"{"})


def test_data_are_read_after_the_sources_changed():
    """Those that stay know it, the new ones are told what is kept; a kept one is not told again."""
    running = sources()
    kept = running.decode(DBIRTH, birth(), 0.0).births
    more = SourceSettings(topic="sensors/{device}")
    stays = running.changed([SourceSettings(topic="spBv1.0/#"), more], {DBIRTH: birth("level")})
    [(_, samples)] = stays.decode(DDATA, data(), 0.0).blocks
    assert samples.features == ("pressure",)
    scaled = running.changed([SourceSettings(topic="spBv1.0/#", scale=10.0), more], kept)
    [(_, samples)] = scaled.decode(DDATA, data(), 0.0).blocks
    assert samples.values.tolist() == [[20.0]]
