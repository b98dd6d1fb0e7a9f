"""What holds for each device, as a worker was told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

from detector.engines.rulings import Ruling
from detector.errors import BundleError
from detector.scoring.bundle import Bundle
from detector.settings.sessions import SessionSettings
from detector.workers.messages import Terms, Word


class ToldRulings:
    """See ``Rulings``; a device is told of before its first samples.

    Args:
        unpack: Makes a model of a parcel.
    """

    def __init__(self, unpack: Callable[[Any], Bundle]) -> None:
        self._unpack = unpack
        self._terms = Terms(SessionSettings(), 256)
        self._words: dict[str, Word] = {}
        self._models: dict[str, Bundle | str | None] = {}
        # A model is gone with the last device that has it; whoever tells counts the same way.
        self._bundles: WeakValueDictionary[int, Bundle] = WeakValueDictionary()

    def hear(self, parcels: Mapping[int, Any], words: Mapping[str, Word]) -> None:
        """Go by what is told anew."""
        new = {number: self._unpacked(parcel) for number, parcel in parcels.items()}
        self._bundles.update({n: one for n, one in new.items() if isinstance(one, Bundle)})
        for device, word in words.items():
            self._words[device] = word
            model: Bundle | str | None
            if isinstance(word.model, int):
                model = self._bundles.get(word.model) or new[word.model]
            else:
                model = word.model
            if isinstance(model, Bundle):
                model.is_provisional, model.note = word.provisional, word.note
            self._models[device] = model

    def _unpacked(self, parcel: Any) -> Bundle | str:  # noqa: ANN401 -- the transport's
        try:
            return self._unpack(parcel)
        except BundleError as error:
            return str(error)

    def agree(self, terms: Terms) -> None:
        """Go by other terms."""
        self._terms = terms

    @property
    def sessions(self) -> SessionSettings:
        """See ``Rulings``."""
        return self._terms.sessions

    @property
    def chunk(self) -> int:
        """See ``Rulings``."""
        return self._terms.chunk

    def model_of(self, device: str) -> Bundle | str | None:
        """See ``Rulings``."""
        return self._models[device]

    def why_none(self, device: str) -> str:
        """See ``Rulings``."""
        return self._words[device].why_none

    def of(self, device: str) -> Ruling:
        """See ``Rulings``."""
        return self._words[device].ruling
