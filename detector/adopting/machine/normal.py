"""Normal running of one machine, looked at: what is learnt, what is left out, what it did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.adopting.machine.activity import Activity, activity_of, running_since
from detector.adopting.machine.channels import IS_SIGNAL, Channels, drifting, sort_channels, without
from detector.adopting.machine.stretch import Stretch
from detector.errors import AdoptError
from detector.records import Samples
from detector.sessions.files import Recording
from detector.training.data.dataset import Dataset, TrainingSession, dataset_of, normal_parts

SHORTEST = 20  # samples of a session worth looking at; no window is shorter


@dataclass(frozen=True, slots=True)
class Normal:
    """What one machine's model is learnt from.

    Attributes:
        stretch: The samples.
        used: Of its recordings, features and the running signal.
        channels: Features and what is no feature.
        dataset: The same as sessions, features only.
        activity: What the machine did.
        gaps: Places where samples are missing for longer than three periods.
        units: By feature, where they are known.
        notes: What else a person should know, a sentence each.
    """

    stretch: Stretch
    used: tuple[Recording, ...]
    channels: Channels
    dataset: Dataset
    activity: Activity
    gaps: int
    units: dict[str, str]
    notes: tuple[str, ...]

    @property
    def rate_hz(self) -> float:
        """Samples a second."""
        return 1.0 / self.dataset.sampling_period_s


def parts_of(normal: Normal, sessions: Iterable[TrainingSession]) -> Iterator[Recording]:
    """What was recorded in sessions of the machine: all channels, as they came."""
    for session in sessions:
        for one in normal.used:
            samples = one.samples
            rows = (samples.ts >= session.ts[0]) & (samples.ts <= session.ts[-1])
            if one.name == session.name and rows.any():
                kept = replace(samples, ts=samples.ts[rows], values=samples.values[rows])
                yield Recording(f"{one.name} at {session.ts[0]:.3f}", kept, None)


def recorded_stretch(recordings: Sequence[Recording]) -> Stretch:
    """Recordings as a stretch: labelled faults left out, the features of all of them in each.

    Raises:
        AdoptError: If nothing normal is left.
    """
    parts = [part for one in recordings for part in normal_parts(one)]
    parts = sorted(parts, key=lambda one: float(one.samples.ts[0]))
    if not parts:
        raise AdoptError("--recording: no normal sample, allowed: some without a labelled fault")
    names = tuple(dict.fromkeys(name for one in parts for name in one.samples.features))
    widened = [replace(one, samples=one.samples.with_features(names)) for one in parts]
    return Stretch(tuple(widened), "that is where the recording begins")


def look_at(stretch: Stretch, device: str) -> Normal:
    """Sort channels, cut sessions, tell states apart.

    Raises:
        AdoptError: If there are too few samples, or no channel can be used.
        TrainingError: If the machine never runs in it, or the files have different rates.
    """
    parts = [_finite(one) for one in stretch.recordings if len(one.samples) >= SHORTEST]
    if not parts:
        raise AdoptError(
            f"{device}: {stretch.samples} samples, none of them {SHORTEST} in a row, allowed: "
            "a few minutes of running"
        )
    channels, whole, dataset = _settled(parts, sort_channels(parts, device), device)
    return Normal(
        stretch=stretch,
        used=tuple(whole),
        channels=channels,
        dataset=dataset,
        activity=activity_of(whole, dataset),
        gaps=max(len(dataset.sessions) - 1, 0),
        units=_units(whole, channels.used),
        notes=_notes(stretch, whole),
    )


def _settled(
    parts: Sequence[Recording], channels: Channels, device: str
) -> tuple[Channels, list[Recording], Dataset]:
    """Sessions of the channels that do not drift; those that do are left out as well."""
    whole, dataset = _sessions(parts, channels, device)
    runs = [(s.values[s.running] if s.running.any() else s.values) for s in dataset.sessions]
    found = {
        name: reason
        for column, name in enumerate(dataset.features)
        if (reason := drifting([values[:, column] for values in runs])) is not None
    }
    if not found:
        return channels, whole, dataset
    channels = without(channels, found, device)
    return channels, *_sessions(parts, channels, device)


def _sessions(
    parts: Sequence[Recording], channels: Channels, device: str
) -> tuple[list[Recording], Dataset]:
    """The recordings that have all channels, with nothing else in them, and their sessions."""
    signals = [name for name, why in channels.left_out.items() if why == IS_SIGNAL]
    names = [*channels.used, *signals]
    whole = [_only(one, names) for one in parts if not _lacks(one, names)]
    if not whole:
        raise AdoptError(
            f"{device}: {', '.join(names)} are never there together, allowed: sessions with all"
        )
    dataset = dataset_of(whole, features=channels.used)
    if not dataset.sessions:
        raise AdoptError(
            f"{device}: no sample has all of {', '.join(names)}, allowed: one at least"
        )
    return whole, dataset


def newest_running(normal: Normal, wanted_s: float, device: str) -> Normal:
    """Cut to the newest ``wanted_s`` seconds of running; all of it where there are fewer."""
    since = running_since(normal.used, normal.dataset, wanted_s)
    if since is None or since <= normal.stretch.span[0]:
        return normal
    begins = f"from there on it ran for {wanted_s / 60:g} min"
    return look_at(normal.stretch.since(since, begins), device)


def _finite(recording: Recording) -> Recording:
    """What is infinite says as little as what is missing."""
    samples = recording.samples
    values = np.where(np.isfinite(samples.values), samples.values, np.float32(np.nan))
    made = Samples(samples.features, samples.ts, values.astype(np.float32), samples.session)
    return replace(recording, samples=made)


def _only(recording: Recording, names: Sequence[str]) -> Recording:
    return replace(recording, samples=recording.samples.with_features(tuple(names)))


def _lacks(recording: Recording, used: Sequence[str]) -> bool:
    columns = [recording.samples.features.index(name) for name in used]
    return bool(np.isnan(recording.samples.values[:, columns]).all(axis=0).any())


def _units(recordings: Sequence[Recording], used: Sequence[str]) -> dict[str, str]:
    told = {name: unit for one in recordings for name, unit in one.found.units.items()}
    return {name: told[name] for name in used if told.get(name)}


def _notes(stretch: Stretch, whole: Sequence[Recording]) -> tuple[str, ...]:
    dropped = len(stretch.recordings) - len(whole)
    notes = [note for one in stretch.recordings for note in one.found.notes]
    if dropped:
        notes.append(f"{dropped} of {len(stretch.recordings)} sessions are too short, or lack a "
                     "feature, and are not used")  # fmt: skip
    return tuple(dict.fromkeys(notes))
