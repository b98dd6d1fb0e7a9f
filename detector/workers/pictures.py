"""How devices stand whose streams are elsewhere, by what was last told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from detector.engines.contract import Picture
from detector.engines.rulings import Rulings, outlook
from detector.scoring.bundle import Bundle


class Pictures:
    """For the scoring thread.

    Args:
        rulings: What holds for each device.

    Attributes:
        of: By device.
    """

    def __init__(self, rulings: Rulings) -> None:
        self._rulings = rulings
        self.of: dict[str, Picture] = {}
        self._begun: dict[str, tuple[str, ...]] = {}  # features of devices without a picture

    def begin(self, device: str, features: tuple[str, ...]) -> None:
        """A device is heard, perhaps for the first time."""
        if device not in self.of:
            self._begun[device] = features

    def take(self, pictures: Sequence[Picture]) -> None:
        """Go by newer ones."""
        for picture in pictures:
            self.of[picture.device] = picture
            self._begun.pop(picture.device, None)

    def give_up(self, picture: Picture | None) -> None:
        """Blocks of a device are stored unscored; the next answer says how it stands."""
        if picture is not None:
            before = self.of.get(picture.device)
            now = picture if before is None else replace(before, said=picture.said)
            self.take([now])

    def trust_clocks(self) -> None:
        """See ``ScoringEngine``."""
        self.of = {device: replace(one, trusts_clock=True) for device, one in self.of.items()}

    def explain(self, device: str, reason: str) -> None:
        """See ``ScoringEngine``."""
        picture = self.of.get(device)
        if picture is not None and picture.card is None:
            self.of[device] = replace(picture, said=reason)

    def bundle_of(self, device: str) -> Bundle | None:
        """See ``ScoringEngine``."""
        picture, found = self.of.get(device), None
        if picture is not None and picture.card is not None:
            found = self._rulings.model_of(device)
        elif picture is None and device in self._begun:
            found = outlook(self._rulings, device, self._begun[device])
        return found if isinstance(found, Bundle) else None

    def outlook(self, device: str, features: tuple[str, ...]) -> Bundle | str:
        """See ``ScoringEngine``."""
        picture = self.of.get(device)
        if picture is not None and picture.card is None:
            return str(picture.said)
        return outlook(self._rulings, device, features)
