"""What each worker knows of its devices, and what it is to be told before their next samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from detector.engines.contract import Picture
from detector.engines.rulings import SettingsRulings
from detector.engines.streams import Known
from detector.scoring.bundle import Bundle
from detector.workers.messages import Request, Word
from detector.workers.parcels import Parcel, Parcels


@dataclass(slots=True)
class Told:
    """What a worker was told.

    Attributes:
        devices: What was told last of each; None: it is to be told again.
        models: By device, the number of its model.
        users: How many devices have each model.
    """

    devices: dict[str, object] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    users: Counter[int] = field(default_factory=Counter)

    def give_model(self, device: str, number: int | None) -> bool:
        """Note the model of a device; returns whether the worker has yet to get it."""
        before = self.models.pop(device, None)
        if before is not None and before == number:
            self.models[device] = number
            return False
        if before is not None:
            self.users[before] -= 1
        if number is None:
            return False
        self.models[device] = number
        self.users[number] += 1
        return self.users[number] == 1


class Briefing:
    """Puts into the orders of a worker what has changed since it was told.

    Args:
        rulings: What holds for each device.
        keep: What a transport makes of the parcel of a model.
    """

    def __init__(self, rulings: SettingsRulings, keep: Callable[[Parcel], Any]) -> None:
        self._rulings, self._parcels = rulings, Parcels(keep)

    def tell(self, told: Told, orders: Request, device: str, picture: Picture | None) -> None:
        """Tell of a device what a worker does not know of it.

        Args:
            told: Of that worker.
            orders: To it.
            device: Name of the machine.
            picture: How its stream stood, here or at another worker; None: it has none.
        """
        rulings = self._rulings
        model = rulings.model_of(device)
        bundle = model if isinstance(model, Bundle) else None
        state = (False, None) if bundle is None else (bundle.is_provisional, bundle.note)
        now = (model, rulings.thresholds.get(device), rulings.owns.get(device), *state)
        if told.devices.get(device) == now:
            return
        number, parcel = (None, None) if bundle is None else self._parcels.of(bundle)
        if told.give_model(device, number) and number is not None:
            orders.models[number] = parcel
        orders.words[device] = Word(
            model=model if isinstance(model, str) else number,
            why_none=rulings.why_none(device) if model is None else "",
            ruling=rulings.of(device),
            provisional=state[0],
            note=state[1],
        )
        if device not in told.devices and picture is not None:
            known = Known(picture.rate_hz, picture.counters, picture.trusts_clock)
            orders.known[device] = known
        told.devices[device] = now
