"""The latest word on each device, from its stream and its newest frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from detector.alarms.desk import AlarmDesk
from detector.alarms.memory import peak_score
from detector.alarms.states import SENSOR, device_state
from detector.ingest.clocks import Clocks
from detector.records import Alarm, DeviceState, DeviceStatus, Frame, ModelCard, is_backlog
from detector.scoring.fleet import Fleet, Stream
from detector.scoring.unscored import UnscoredStream
from detector.sensors.devices import NormalOf
from detector.sensors.normal import SensorNormal


def card_of(fleet: Fleet, frame: Frame) -> ModelCard | None:
    """Of the model that judges a frame; what was sent after its time raises no alarm."""
    stream = None if is_backlog(frame.session) else fleet.streams[frame.device]
    if stream is None or isinstance(stream, UnscoredStream):
        return None
    return stream.own_card or stream.bundle.card()


def normals(fleet: Fleet) -> NormalOf:
    """What the model of each device has learnt of its sensors."""

    def normal_of(device: str) -> SensorNormal | None:
        stream = fleet.streams.get(device)
        if stream is None or isinstance(stream, UnscoredStream):
            return None
        return stream.bundle.document.sensors

    return normal_of


class StatusBoard:
    """The latest word on each device that was heard since the start.

    Args:
        fleet: Knows the streams.
        desk: Knows the alarms.
        received: Counters of the buffer by device.
        aligned: Counters of the aligner of one device.
        clocks: Of the devices.

    Attributes:
        latest: By device.
    """

    def __init__(
        self,
        fleet: Fleet,
        desk: AlarmDesk,
        received: Callable[[], Mapping[str, Mapping[str, int]]],
        aligned: Callable[[str], Counter[str]],
        clocks: Clocks,
    ) -> None:
        self._fleet, self._desk, self._clocks = fleet, desk, clocks
        self._received, self._aligned = received, aligned
        self.latest: dict[str, DeviceStatus] = {}

    def note(self, pairs: Sequence[tuple[Frame, ModelCard | None]]) -> list[DeviceStatus]:
        """Statuses after the newest of these frames, each with the model that judged it."""
        live = [(frame, card) for frame, card in pairs if not is_backlog(frame.session)]
        newest = {frame.device: (frame, card) for frame, card in live}
        received = self._received() if newest else {}
        for device, (frame, card) in newest.items():
            self.latest[device] = status_of(
                self._fleet.streams[device],
                frame,
                card,
                alarm=self._desk.active(device, self._desk.book),
                threshold=self._fleet.threshold_of(device),
                received=Counter(received.get(device, {})) + self._aligned(device),
                clock_offset_s=self._clocks.offset_s(device),
                before=self.latest.get(device),
            )
        return [self.latest[device] for device in newest]


def status_of(
    stream: Stream,
    frame: Frame,
    card: ModelCard | None,
    *,
    alarm: Alarm | None,
    threshold: float,
    received: dict[str, int],
    clock_offset_s: float | None,
    before: DeviceStatus | None = None,
) -> DeviceStatus:
    """Make the status of a device.

    Args:
        stream: Of the device.
        frame: Its newest.
        card: Of its model; None when it is unscored.
        alarm: That is active, of the machine before those of its sensors; None: none is.
        threshold: In force.
        received: Counters of the buffer for this device.
        clock_offset_s: How far its clock is behind ours.
        before: The status before; its score stands where the frame's windows were left out.
    """
    counters = Counter(received) + Counter(stream.counters)
    if clock_offset_s is not None:
        counters["clock_offset_ms"] = round(1000 * clock_offset_s)
    is_warm = not isinstance(stream, UnscoredStream) and stream.thinning.has_begun
    if not isinstance(stream, UnscoredStream) and stream.thinning.factor > 1:
        counters["thinned"] = stream.thinning.factor
    score, mse = _score(frame), _newest(frame.mse)
    if is_warm and before is not None:
        score = before.score if score is None else score
        mse = before.mse if mse is None else mse
    return DeviceStatus(
        device=stream.device,
        state=_state(frame, card, alarm=alarm, is_warm=is_warm),
        reason=stream.reason if isinstance(stream, UnscoredStream) else stream.note,
        score=score,
        mse=mse,
        threshold=threshold,
        last_ts=float(frame.ts[-1]),
        last_arrival=frame.arrival,
        rate_hz=stream.rate.rate_hz,
        features=stream.features,
        model=card,
        counters=dict(counters),
    )


def _state(
    frame: Frame, card: ModelCard | None, *, alarm: Alarm | None, is_warm: bool
) -> DeviceState:
    if alarm is not None:
        is_suspect = card is not None and card.provisional and alarm.kind != SENSOR
        return DeviceState.SUSPECT if is_suspect else device_state(alarm)
    if card is None:
        return DeviceState.UNSCORED
    if not is_warm and not np.isfinite(frame.score[-1]):
        return DeviceState.WARMING_UP
    return DeviceState.OK if frame.judged[-1] else DeviceState.NOT_JUDGED


def _score(frame: Frame) -> float | None:
    peak = peak_score(frame)
    return peak if np.isfinite(peak) else _newest(frame.score)


def _newest(values: np.ndarray) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if len(finite) else None
