"""All rules of the values of a sensor; of several that hold the first says what is the matter."""

from detector.sensors.rules import (
    axes,
    clipped,
    crests,
    level,
    missing,
    noise,
    quantised,
    scale,
    spikes,
    stuck,
)

RULES = (
    missing.RULE,
    stuck.RULE,
    quantised.RULE,
    clipped.RULE,
    crests.RULE,
    axes.RULE,
    scale.RULE,
    level.RULE,
    spikes.RULE,
    noise.RULE,
)
