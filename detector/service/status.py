"""The latest word on each device, from its stream and its newest frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from detector.alarms.desk import AlarmDesk
from detector.alarms.memory import peak_score
from detector.alarms.states import SENSOR, device_state
from detector.engines.contract import Picture, ScoringEngine
from detector.ingest.clocks import Clocks
from detector.records import Alarm, DeviceState, DeviceStatus, Frame, ModelCard, is_backlog
from detector.sensors.devices import NormalOf
from detector.sensors.normal import SensorNormal


def card_of(engine: ScoringEngine, frame: Frame) -> ModelCard | None:
    """Of the model that judges a frame; what was sent after its time raises no alarm."""
    return None if is_backlog(frame.session) else engine.card_of(frame.device)


def normals(engine: ScoringEngine) -> NormalOf:
    """What the model of each device has learnt of its sensors."""

    def normal_of(device: str) -> SensorNormal | None:
        bundle = engine.bundle_of(device)
        return None if bundle is None else bundle.document.sensors

    return normal_of


class StatusBoard:
    """The latest word on each device that was heard since the start.

    Args:
        engine: Knows how devices stand.
        desk: Knows the alarms.
        received: Counters of the buffer by device.
        aligned: Counters of the aligner of one device.
        clocks: Of the devices.

    Attributes:
        latest: By device.
    """

    def __init__(
        self,
        engine: ScoringEngine,
        desk: AlarmDesk,
        received: Callable[[], Mapping[str, Mapping[str, int]]],
        aligned: Callable[[str], Counter[str]],
        clocks: Clocks,
    ) -> None:
        self._engine, self._desk, self._clocks = engine, desk, clocks
        self._received, self._aligned = received, aligned
        self.latest: dict[str, DeviceStatus] = {}

    def note(self, pairs: Sequence[tuple[Frame, ModelCard | None]]) -> list[DeviceStatus]:
        """Statuses after the newest of these frames, each with the model that judged it."""
        live = [(frame, card) for frame, card in pairs if not is_backlog(frame.session)]
        newest = {frame.device: (frame, card) for frame, card in live}
        received = self._received() if newest else {}
        for device, (frame, card) in newest.items():
            picture = self._engine.picture(device)
            assert picture is not None, device
            self.latest[device] = status_of(
                picture,
                frame,
                card,
                alarm=self._desk.active(device, self._desk.book),
                threshold=self._engine.threshold_of(device),
                received=Counter(received.get(device, {})) + self._aligned(device),
                clock_offset_s=self._clocks.offset_s(device),
                before=self.latest.get(device),
            )
        return [self.latest[device] for device in newest]


def status_of(
    picture: Picture,
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
        picture: Of the device.
        frame: Its newest.
        card: Of its model; None when it is unscored.
        alarm: That is active, of the machine before those of its sensors; None: none is.
        threshold: In force.
        received: Counters of the buffer for this device.
        clock_offset_s: How far its clock is behind ours.
        before: The status before; its score stands where the frame's windows were left out.
    """
    counters = Counter(received) + Counter(picture.counters)
    if clock_offset_s is not None:
        counters["clock_offset_ms"] = round(1000 * clock_offset_s)
    if picture.factor > 1:
        counters["thinned"] = picture.factor
    score, mse = _score(frame), _newest(frame.mse)
    if picture.is_warm and before is not None:
        score = before.score if score is None else score
        mse = before.mse if mse is None else mse
    return DeviceStatus(
        device=picture.device,
        state=_state(frame, card, alarm=alarm, is_warm=picture.is_warm),
        reason=picture.said,
        score=score,
        mse=mse,
        threshold=threshold,
        last_ts=float(frame.ts[-1]),
        last_arrival=frame.arrival,
        rate_hz=picture.rate_hz,
        features=picture.features,
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
