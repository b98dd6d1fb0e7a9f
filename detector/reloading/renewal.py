"""Taking up what was prepared, between two ticks: settings at once, devices one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from detector.alarms.desk import AlarmDesk
from detector.alarms.states import device_state
from detector.alignment.aligner import Aligner
from detector.engines.contract import ScoringEngine
from detector.records import DeviceState, DeviceStatus
from detector.scoring.bundle import Bundle
from detector.scoring.models import Model, Models
from detector.settings.tree import Settings
from detector.store import devices
from detector.store.schema import Engine


class Renewal:
    """Changes the parts of the scoring thread; for that thread only.

    Args:
        store: Open; this process holds its lease.
        scoring: Scores.
        desk: Raises alarms.
        aligner: Puts samples in order.
        statuses: The latest of each device heard.
        changed: Devices whose state is to be published.
    """

    def __init__(
        self,
        store: Engine,
        scoring: ScoringEngine,
        desk: AlarmDesk,
        aligner: Aligner,
        statuses: dict[str, DeviceStatus],
        changed: set[str],
    ) -> None:
        self._store, self._scoring, self._desk, self._aligner = store, scoring, desk, aligner
        self._statuses, self._changed = statuses, changed

    @property
    def models(self) -> Models:
        """The bundles that rules name."""
        return self._scoring.models

    @property
    def devices(self) -> list[str]:
        """Those heard."""
        return list(self._scoring.devices)

    def settle(self) -> None:
        """Have all that is being scored come back before anything more is given."""
        self._scoring.settle()

    def take_up(
        self, settings: Settings, models: Mapping[Path, Model], outdated: Iterable[str]
    ) -> None:
        """Go by other settings and bundles; ``outdated`` devices keep their streams until later."""
        settings.given.update(self._desk.settings.given)
        self.models.take_up(models, settings.models)
        self._scoring.take_up(settings, outdated)
        self._desk.follow(settings)
        self._aligner.follow()

    def has_moved(self, device: str, stored: DeviceStatus | None) -> bool:
        """Whether the threshold of a device is no longer the one of its status."""
        status = self._statuses.get(device, stored)
        return status is not None and status.threshold != self._scoring.threshold_of(device)

    def move(self, device: str) -> None:
        """Write the threshold of now into a device's status."""
        threshold = self._scoring.threshold_of(device)
        with self._store.begin() as connection:
            devices.set_threshold(connection, device, threshold)
        if device in self._statuses:
            self._statuses[device] = replace(self._statuses[device], threshold=threshold)
            self._changed.add(device)

    def renew(self, device: str) -> str | None:
        """Give a device the stream and the status that settings and bundles of now ask for.

        An alarm stays and is the new model's to clear; where there is none, it ends.

        Returns:
            Why no model judges it; None where one does, or nothing was ever stored of it.
        """
        self._scoring.renew(device)
        with self._store.begin() as connection:
            before = self._statuses.get(device) or devices.one(connection, device)
            if before is None:
                return None
            model = self._scoring.outlook(device, before.features)
            is_judged = isinstance(model, Bundle)
            self._desk.restart(connection, device, None if is_judged else before.last_ts)
            now = self._restated(before, model)
            devices.update(connection, [now])
        self._desk.keep()
        self._statuses[device] = now
        self._changed.add(device)
        return None if is_judged else now.reason

    def renew_all(self, due: set[str]) -> None:
        """The same for all devices of a set, which is empty then; a failure leaves the rest."""
        for device in sorted(due):
            self.renew(device)
            due.discard(device)

    def _restated(self, before: DeviceStatus, model: Bundle | str) -> DeviceStatus:
        """A status until the next samples come: no score is the new model's yet."""
        is_judged = isinstance(model, Bundle)
        alarm = self._desk.active(before.device) if is_judged else None
        judged = DeviceState.WARMING_UP if alarm is None else device_state(alarm)
        return replace(
            before,
            state=judged if is_judged else DeviceState.UNSCORED,
            reason=model if isinstance(model, str) else self._note(model, before.device),
            score=None,
            mse=None,
            threshold=self._scoring.threshold_of(before.device),
            model=model.card() if isinstance(model, Bundle) else None,
        )

    def _note(self, model: Bundle, device: str) -> str | None:
        return model.note or model.accepts(self._scoring.owns.get(device))
