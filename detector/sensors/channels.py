"""What is known of a device's channels from their names: which are axes, and of which sensor.

Some rules hold for what shakes alone: the mean of an acceleration says how its sensor is mounted,
that of a temperature says how the machine is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.records import Flags

AXIS = re.compile(r"^(?P<stem>.*?)(?P<axis>[xyz])(?P<rest>|[._\-/ ].*)$", re.IGNORECASE)
SHAKES = re.compile(r"acc|vib|gyr|^a?$|[._\-/ ]a?$", re.IGNORECASE)  # stem of an axis
SAYS_SO = re.compile(r"acc|vib|gyr", re.IGNORECASE)  # a stem that is enough; others need all three
SHAKES_ALONE = re.compile(r"acc|vib", re.IGNORECASE)  # name of a channel without siblings
DESCRIBES = re.compile(r"rms|peak|crest|kurt|mean|vel|temp|band|order", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Channels:
    """The F channels of a device.

    Attributes:
        names: All.
        shakes: Shape (F,), whether it is the waveform of a vibration.
        sensors: Columns of the axes of one sensor, of sensors with two axes or three.
        pairs: Columns of each two axes of one sensor.
    """

    names: tuple[str, ...]
    shakes: Flags
    sensors: tuple[tuple[int, ...], ...]
    pairs: tuple[tuple[int, int], ...]

    def siblings(self, column: int) -> list[int]:
        """Columns of the other axes of its sensor."""
        return [one for axes in self.sensors if column in axes for one in axes if one != column]


def channels_of(names: Sequence[str]) -> Channels:
    """Tell axes and vibrations by name: ``acc_x``, ``ax``, ``accel.x``, ``vib-x-g``, ``x``."""
    groups: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for column, name in enumerate(names):
        found = AXIS.match(name)
        if found and SHAKES.search(found["stem"]) and not DESCRIBES.search(name):
            groups[found["stem"], found["rest"]][found["axis"].lower()] = column
    sensors = tuple(
        tuple(axes.values())
        for (stem, _), axes in groups.items()
        if len(axes) == 3 or (len(axes) == 2 and SAYS_SO.search(stem))
    )
    axes = {column for sensor in sensors for column in sensor}
    shakes = [
        i in axes or bool(SHAKES_ALONE.search(name) and not DESCRIBES.search(name))
        for i, name in enumerate(names)
    ]
    pairs = tuple((a, b) for axes in sensors for n, a in enumerate(axes) for b in axes[n + 1 :])
    return Channels(tuple(names), np.array(shakes, np.bool_), sensors, pairs)


def axes_beside(name: str) -> list[str]:
    """Names that the other axes of its sensor would have; none where it is no axis."""
    found = AXIS.match(name)
    if found is None or not SHAKES.search(found["stem"]):
        return []
    axis = found["axis"]
    others = [one for one in ("xyz" if axis.islower() else "XYZ") if one != axis]
    return [f"{found['stem']}{one}{found['rest']}" for one in others]
