"""Births and deaths of Sparkplug: what a later message rests on."""

from __future__ import annotations

import pytest

from detector.errors import PayloadError
from detector.ingest.codecs.sparkplug_messages import Payload
from detector.ingest.sources import Sources
from detector.settings.sources import SourceSettings
from tests.support.ingest.decoding import ARRIVAL, T0, metrics, told


def test_data_before_their_birth_ask_for_it_once_in_a_while():
    """The rebirth request goes to the node; after the birth the alias is known."""
    sources = Sources([SourceSettings(topic="spBv1.0/+/+/+/{device}")])
    data = metrics({"alias": 7, "datatype": 10, "double_value": 2.5})
    requests = []
    for _ in range(3):
        with pytest.raises(PayloadError, match="birth") as caught:
            sources.decode(*data, ARRIVAL)
        requests += caught.value.requests
    ((topic, content),) = requests
    (command,) = Payload.FromString(content).metrics
    birth = metrics({"name": "m/s", "alias": 7, "datatype": 10, "double_value": 1.5},
                    topic="spBv1.0/g/DBIRTH/edge/press")  # fmt: skip
    found = [told(sources.decode(*message, ARRIVAL)) for message in (birth, data)]

    assert (topic, command.name, command.boolean_value) == (
        "spBv1.0/g/NCMD/edge", "Node Control/Rebirth", True,
    )  # fmt: skip
    assert found == [[("press", [T0], {"m/s": [1.5]})], [("press", [T0], {"m/s": [2.5]})]]


def test_a_death_forgets_the_births():
    """What a device was before it died says nothing of what it is after."""
    sources = Sources([SourceSettings(topic="spBv1.0/#")])
    sources.decode(*metrics({"name": "m", "alias": 1, "datatype": 10, "double_value": 1},
                            topic="spBv1.0/g/DBIRTH/edge/press"), ARRIVAL)  # fmt: skip
    sources.decode(*metrics(topic="spBv1.0/g/NDEATH/edge"), ARRIVAL)
    with pytest.raises(PayloadError, match="birth"):
        sources.decode(*metrics({"alias": 1, "datatype": 10, "double_value": 2}), ARRIVAL)
