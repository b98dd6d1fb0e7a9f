"""One lesson: a device's stored stretch to a saved model, or why there is none."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import numpy as np

from detector.errors import BundleError, FaultlineError, TrainingError
from detector.provisional.contract import Lesson, Outcome
from detector.provisional.files import Mark, ModelFolder, bundle_name
from detector.provisional.learn import Learnt, NotYetError, learn
from detector.provisional.peers import Peer, calls_abnormal, excerpt_of, is_majority
from detector.records import Frame, Samples, is_backlog, label_of
from detector.scoring.files import score_recording
from detector.sessions.files import Recording
from detector.store import frames
from detector.store.archive.place import Place
from detector.store.archive.reading import LostHour, between
from detector.store.connecting import at_one_moment
from detector.store.schema import Engine

logger = logging.getLogger(__name__)

MOST_SAMPLES = 20_000  # of a stretch; of a faster device ten parts of it, spread evenly
PARTS = 10
GAP = 3.0  # periods; without a longer one the machine has gone on
STEADY = 0.2  # share of one half that a model of the other half may cross


class StrangerError(TrainingError):
    """Devices of the same kind call a stretch abnormal."""


def give(lesson: Lesson, store: Engine, place: Place) -> Outcome:
    """Read, learn, save; every refusal is an outcome.

    Args:
        lesson: What is to be learnt.
        store: Open.
        place: Of its archive: what is learnt again may be hours old.
    """
    try:
        return Outcome(device=lesson.device, mark=_learnt(lesson, store, place))
    except NotYetError as error:
        return Outcome(device=lesson.device, reason=str(error), more_s=error.more_s)
    except StrangerError as error:
        return Outcome(device=lesson.device, reason=str(error), is_stranger=True)
    except FaultlineError as error:
        return Outcome(device=lesson.device, reason=str(error))


def _learnt(lesson: Lesson, store: Engine, place: Place) -> Mark:
    new, *before = (
        read(store, place, lesson.device, span, lesson.rate_hz)
        for span in (lesson.span, *lesson.before)
    )
    old = [part for parts in before for part in parts]
    if not new:
        raise NotYetError("nothing of its stretch is stored", lesson.needed_s)
    if lesson.before:
        _refuse_unsteady(new, lesson)
    _refuse_stranger(new, lesson)
    name = bundle_name(lesson.device, lesson.version)
    found = learn(_alike([*old, *new]), lesson.running, lesson.needed_s, name)
    folder = ModelFolder(lesson.folder)
    excerpt = excerpt_of(new).with_features(tuple(sorted(new[0].features)))
    folder.save(lesson.device, lesson.version, found.bundle, excerpt)
    return _mark(lesson, found, excerpt)


def _mark(lesson: Lesson, found: Learnt, excerpt: Samples) -> Mark:
    return Mark(
        device=lesson.device,
        version=lesson.version,
        features=excerpt.features,
        period_s=found.bundle.document.sampling_period_s,
        spans=(*lesson.before, lesson.span),
        running_s=round(found.running_s, 1),
        left_out=found.left_out,
    )


def read(
    store: Engine, place: Place, device: str, span: tuple[float, float], rate_hz: float
) -> list[Samples]:
    """What a device sent in a stretch, run by run, with all its features in each.

    A run is a session, or several that only a restart of the detector has parted.

    Args:
        store: Open.
        place: Of its archive.
        device: Name of the machine.
        span: First and last sample.
        rate_hz: Samples a second, about; what is too much is read in parts.
    """
    parts = [
        part
        for start, end in _parts(span, rate_hz)
        for run in _runs(_frames(store, place, device, start, end), GAP / rate_hz)
        for part in _within([frames.joined(run, frames.names_in(run))], start, end)
    ]
    return _alike(parts)


def _parts(span: tuple[float, float], rate_hz: float) -> list[tuple[float, float]]:
    start, end = span
    most_s = MOST_SAMPLES / rate_hz
    if end - start <= most_s:
        return [span]
    length = most_s / PARTS
    return [(first, first + length) for first in np.linspace(start, end - length, PARTS).tolist()]


def _frames(store: Engine, place: Place, device: str, start: float, end: float) -> list[Frame]:
    after = float(np.nextafter(end, np.inf))
    with store.connect() as connection:
        at_one_moment(connection)
        found = list(between(connection, place, device, start, after, tell=_tell))
    return [frame for frame in found if not is_backlog(frame.session)]


def _tell(lost: LostHour) -> None:
    logger.warning("learning: an hour of %s is left out, %s", lost.device, lost.reason)


def _runs(found: Iterable[Frame], gap_s: float) -> list[list[Frame]]:
    runs: list[list[Frame]] = []
    for frame in found:
        if runs and _goes_on(runs[-1][-1], frame, gap_s):
            runs[-1].append(frame)
        else:
            runs.append([frame])
    return runs


def _goes_on(before: Frame, frame: Frame, gap_s: float) -> bool:
    is_same = label_of(frame.session) == label_of(before.session)
    is_next = is_same and 0 < frame.ts[0] - before.ts[-1] <= gap_s
    return frame.session == before.session or is_next


def _alike(parts: Sequence[Samples]) -> list[Samples]:
    names = tuple(dict.fromkeys(name for part in parts for name in part.features))
    return [part.with_features(names) for part in parts]


def _refuse_unsteady(new: Sequence[Samples], lesson: Lesson) -> None:
    """Learn a changed machine again only where it stays as it has become."""
    middle = float(np.median(np.concatenate([samples.ts for samples in new])))
    halves = [_within(new, -np.inf, middle), _within(new, middle, np.inf)]
    for one, other in (halves, halves[::-1]):
        model = learn(one, lesson.running, 0.0, "half").bundle
        scored = [f for s in other for f in score_recording(model, Recording("half", s, None))]
        judged = sum(int(frame.judged.sum()) for frame in scored)
        crossed = sum(int(frame.anomaly.sum()) for frame in scored)
        if crossed > STEADY * judged:
            raise TrainingError(
                f"it goes on changing: {crossed / judged:.0%} of one half of the stretch "
                "is abnormal to the other"
            )


def _within(parts: Sequence[Samples], start: float, end: float) -> list[Samples]:
    """Samples from ``start`` to ``end``; what is empty then is left out."""
    kept = [(part, (part.ts >= start) & (part.ts <= end)) for part in parts]
    return [Samples(p.features, p.ts[rows], p.values[rows]) for p, rows in kept if rows.any()]


def _refuse_stranger(new: Sequence[Samples], lesson: Lesson) -> None:
    folder, peers = ModelFolder(lesson.folder), []
    for mark in lesson.peers:
        try:
            peers.append(Peer(folder.bundle(mark), folder.excerpt(mark)))
        except BundleError:
            continue  # learnt anew a moment ago: the others have a say
    abnormal, asked = calls_abnormal(peers, excerpt_of(new))
    if is_majority(abnormal, asked):
        raise StrangerError(f"{abnormal} of {asked} devices of its kind call it abnormal")
