"""Everything of a reload that takes time or may fail, in a thread beside the scoring.

The settings are read, the sources compiled, the bundles that changed loaded. Only when all of it is
good is anything taken up; a broken part is one line and changes nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from detector.errors import BundleError, FaultlineError, SettingsError
from detector.ingest.sources import Sources
from detector.records import DeviceStatus
from detector.reloading.changes import effective, outdated
from detector.scoring.bundle import Bundle
from detector.scoring.models import Model, Models, fingerprint, read_model
from detector.settings.detector import Runtime
from detector.settings.tree import Settings
from detector.store import births, devices
from detector.store.schema import Engine, StoreFailure

logger = logging.getLogger(__name__)

QUIET_S = 0.5  # without a change, and what was found belongs together
TRIES = 20  # to find them so
READ_FAULT = "a fault while it was prepared, told in the detector's log"


@dataclass(frozen=True, slots=True)
class Running:
    """What the detector goes by, with parts that work on.

    Attributes:
        started: The settings of its start.
        read: The settings that were last taken up.
        sources: How messages are read.
        models: The bundles.
    """

    started: Settings
    read: Settings
    sources: Sources
    models: Models


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be taken up.

    Attributes:
        read: The settings as they were read.
        settings: What of them can be gone by.
        sources: None: they are the same.
        models: Bundles that were read, by folder.
        again: Of these, those that were there before.
        new: Of these, those that were not.
        unusable: Why bundles cannot be used that could not be used before.
        known: The status of each device in the store.
    """

    read: Settings
    settings: Settings
    sources: Sources | None
    models: dict[Path, Model]
    again: tuple[Path, ...]
    new: tuple[Path, ...]
    unusable: tuple[str, ...]
    known: dict[str, DeviceStatus]

    @property
    def changed(self) -> tuple[Path, ...]:
        """Bundles of which devices get a new stream."""
        return (*self.again, *self.new)


class Preparation:
    """Prepares from now on, in a thread of its own.

    Args:
        read: Reads the settings as at the start.
        running: What there is.
        store: Open.
        name: Of the detector whose devices are known; None: all are.

    Attributes:
        result: What is to be taken up, or one line that says why nothing is; while it is not
            ``is_done``, neither.
    """

    def __init__(
        self,
        read: Callable[[], Settings],
        running: Running,
        store: Engine,
        name: str | None = None,
    ) -> None:
        self.result: Prepared | str = READ_FAULT
        self._arguments = read, running, store, name
        self._thread = threading.Thread(target=self._work, name="reload", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether there is a result."""
        return not self._thread.is_alive()

    def wait(self, timeout_s: float) -> None:
        """Until it is done, or as long."""
        self._thread.join(timeout_s)

    def _work(self) -> None:
        try:
            self.result = prepare(*self._arguments)
        except FaultlineError as error:
            self.result = str(error)
        except StoreFailure as error:
            self.result = f"store: cannot be read ({getattr(error, 'orig', error)})"
        except Exception:
            logger.exception("reload: cannot be prepared")


def prepare(
    read: Callable[[], Settings], running: Running, store: Engine, name: str | None = None
) -> Prepared:
    """Read, check and load what changed; ``name``: see ``Preparation``.

    Raises:
        SettingsError: If the settings or a source cannot be used.
        BundleError: If a bundle that changed cannot be.
    """
    settings = read_written(read)
    with store.connect() as connection:
        known = {status.device: status for status in devices.every(connection)
                 if name is None or status.detector in {name, ""}}  # fmt: skip
        heard = births.every(connection)
    sources = None
    if settings.all_sources != running.read.all_sources:
        sources = running.sources.changed(settings.all_sources, heard)
    before, found = running.models.fingerprints(), running.models.found()
    changed = [one for one in settings.models if before.get(one) != fingerprint(one)]
    runtime = running.models.runtime
    models = {folder: load_written(folder, runtime) for folder in changed}
    for device in outdated(known, running.read, settings, ()):
        rule = settings.rule_for(device)
        folder = None if rule is None else rule.model
        if folder is not None and folder not in {*models, *found}:  # no device had it before
            models[folder] = read_model(folder, runtime)
    all_found = {**found, **{folder: model.found for folder, model in models.items()}}
    return Prepared(
        read=settings,
        settings=effective(running.started, settings),
        sources=sources,
        models=models,
        again=tuple(one for one in changed if before.get(one)),
        new=tuple(one for one in changed if not before.get(one)),
        unusable=tuple(
            why for one in settings.models if isinstance(why := all_found.get(one), str)
        ),
        known=known,
    )


def read_written(read: Callable[[], Settings]) -> Settings:
    """Read the settings once nobody writes to them: a file that is half written may be a good one.

    Raises:
        SettingsError: If they cannot be used, or go on changing.
    """
    before: Settings | str | None = None
    for _ in range(TRIES):
        now = _read(read)
        if now == before:
            return _good(now)
        before = now
        time.sleep(QUIET_S)
    raise SettingsError("settings: are being written all the time, allowed: a file that is whole")


def _read(read: Callable[[], Settings]) -> Settings | str:
    try:
        return read()
    except SettingsError as error:
        return str(error)


def _good(settings: Settings | str) -> Settings:
    if isinstance(settings, Settings):
        return settings
    raise SettingsError(settings)


def load_written(folder: Path, runtime: Runtime = "auto") -> Model:
    """Load a bundle once nobody writes to it.

    Raises:
        BundleError: If it cannot be used, or goes on changing.
    """
    for _ in range(TRIES):
        if _is_quiet(folder):
            model = read_model(folder, runtime)
            if model.fingerprint == fingerprint(folder):
                return _usable(model)
        time.sleep(QUIET_S)
    raise BundleError(f"{folder}: is being written all the time, allowed: a bundle that is whole")


def _usable(model: Model) -> Model:
    if isinstance(model.found, Bundle):
        return model
    raise BundleError(model.found)


def _is_quiet(folder: Path) -> bool:
    """Whether no file of it changed in the last moment: weights come before what describes them."""
    try:
        newest = max((file.stat().st_ctime for file in folder.iterdir()), default=0.0)
    except OSError:  # missing, which its reader says, or just replaced
        return not folder.exists()
    return not 0 <= time.time() - newest < QUIET_S
