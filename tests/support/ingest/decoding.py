"""Messages for tests, and what was read of them."""

from __future__ import annotations

import math

from detector.ingest.codecs.sparkplug_messages import Payload
from detector.ingest.sources import Sources
from detector.settings.sources import SourceSettings

ARRIVAL = 1_800_000_000.0
T0 = 1_772_366_400.0


def read(topic, payload, /, **source):
    """What one message says, by a source of its own."""
    settings = SourceSettings(**{"topic": "sensors/{device}", **source})
    return Sources([settings]).decode(topic, payload, ARRIVAL)


def told(decoded):
    """Devices with their times and values, NaN as None."""
    return [
        (device, samples.ts.tolist(), {
            name: [None if math.isnan(x) else x for x in samples.values[:, f].tolist()]
            for f, name in enumerate(samples.features)
        })
        for device, samples in decoded.blocks
    ]  # fmt: skip


def metrics(*given, topic="spBv1.0/g/DDATA/edge/press", **payload):
    """A Sparkplug message of metrics."""
    message = Payload(timestamp=int(T0 * 1000), **payload)
    for metric in given:
        message.metrics.add(**metric)
    return topic, message.SerializeToString()
