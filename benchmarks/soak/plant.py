"""Four devices that say the same in four formats; each value tells which sample it is of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from detector.ingest.codecs.sparkplug_messages import Payload

Message: TypeAlias = tuple[str, bytes]
FORMATS = ("columns", "sparkplug", "lines", "channels")
MODEL = "models/motor-600rpm"
CHANNELS = ("acc_x", "acc_y", "acc_z", "rpm")
PERIOD_S = 0.01
BATCH = 10  # samples of a message; of ``channels`` each value is one
FLOAT = 9  # Sparkplug's number of the type


class Published(Protocol):
    """What devices publish, and what a detector needs to read it."""

    @property
    def name(self) -> str:
        """First level of its topics, and of its devices' names."""

    @property
    def moments(self) -> int:
        """Samples of each device, a multiple of ``BATCH``."""

    @property
    def settings(self) -> str:
        """The sources and rules that it needs, TOML."""

    @property
    def devices(self) -> dict[str, str]:
        """Name of each device, by what tells them apart."""

    def births(self) -> list[Message]:
        """What comes before all."""

    def rounds(self) -> Iterator[list[Message]]:
        """The messages of ``BATCH`` moments of all devices."""


@dataclass(frozen=True)
class Plant:
    """What is published.

    Attributes:
        name: First level of its topics, and of its devices' names.
        moments: Samples of each device, a multiple of ``BATCH``.
        began: Time of the first, UTC seconds in whole centiseconds.
    """

    name: str
    moments: int
    began: float

    @property
    def settings(self) -> str:
        """The sources and rules that it needs, TOML; two of its devices have a model."""
        name = self.name
        return (
            f'[[sources]]\ntopic = "{name}/columns/{{device}}"\n\n'
            f'[[sources]]\ntopic = "spBv1.0/{name}/+/+/{{device}}"\n\n'
            f'[[sources]]\ntopic = "{name}/lines"\ndevice = ["machine"]\n\n'
            f'[[sources]]\ntopic = "{name}/channels/{{device}}/{{feature}}"\n\n'
            f'[[devices]]\nmatch = "{name}-columns"\nmodel = "{MODEL}"\n\n'
            f'[[devices]]\nmatch = "{name}-sparkplug"\nmodel = "{MODEL}"\n'
        )

    @property
    def devices(self) -> dict[str, str]:
        """Name of each device, by format."""
        return {form: f"{self.name}-{form}" for form in FORMATS}

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Of all samples of a device, shape (moments,)."""
        return self.began + np.arange(self.moments, dtype=np.float64) * PERIOD_S

    @cached_property
    def values(self) -> npt.NDArray[np.float32]:
        """Of all samples of a device, shape (moments, 4)."""
        numbers = np.arange(self.moments, dtype=np.float32)
        return np.stack([numbers, -numbers, numbers + 0.5, np.full_like(numbers, 600)], axis=1)

    def births(self) -> list[Message]:
        """What comes before all: the names that Sparkplug's data leave out."""
        birth = Payload(timestamp=round(self.began * 1000) - 10, seq=0)
        for alias, name in enumerate(CHANNELS):
            birth.metrics.add(name=name, alias=alias, datatype=FLOAT, is_null=True)
        return [(f"spBv1.0/{self.name}/DBIRTH/edge/{self.name}-sparkplug",
                 birth.SerializeToString())]  # fmt: skip

    def rounds(self) -> Iterator[list[Message]]:
        """The messages of ``BATCH`` moments of all devices, those of the devices mixed."""
        for first in range(0, self.moments, BATCH):
            rows = range(first, first + BATCH)
            single = list(self._channels(rows))
            third = len(single) // 3 + 1
            yield [
                *(self._columns(rows), *single[:third]),
                *(self._sparkplug(rows), *single[third : 2 * third]),
                *(self._lines(rows), *single[2 * third :]),
            ]

    def _columns(self, rows: range) -> Message:
        columns = {name: self.values[rows.start : rows.stop, i].tolist()
                   for i, name in enumerate(CHANNELS)}  # fmt: skip
        payload = {"ts": [self._time_ms(i) / 1000 for i in rows], **columns}
        return f"{self.name}/columns/{self.name}-columns", json.dumps(payload).encode()

    def _sparkplug(self, rows: range) -> Message:
        found = Payload(timestamp=self._time_ms(rows.start))
        for i in rows:
            for alias, value in enumerate(self.values[i].tolist()):
                found.metrics.add(alias=alias, timestamp=self._time_ms(i), float_value=value)
        topic = f"spBv1.0/{self.name}/DDATA/edge/{self.name}-sparkplug"
        return topic, found.SerializeToString()

    def _lines(self, rows: range) -> Message:
        lines = []
        for i in rows:
            fields = ",".join(f"{name}={value}" for name, value in
                              zip(CHANNELS, self.values[i].tolist(), strict=True))  # fmt: skip
            lines.append(f"m,machine={self.name}-lines {fields} {self._time_ms(i)}000000")
        return f"{self.name}/lines", "\n".join(lines).encode()

    def _channels(self, rows: range) -> Iterator[Message]:
        """The values of one moment in messages of their own, with the same time."""
        for i in rows:
            for name, value in zip(CHANNELS, self.values[i].tolist(), strict=True):
                text = json.dumps({"value": value, "time": self._time_ms(i)})
                yield f"{self.name}/channels/{self.name}-channels/{name}", text.encode()

    def _time_ms(self, i: int) -> int:
        return round(self.began * 1000) + round(i * PERIOD_S * 1000)
