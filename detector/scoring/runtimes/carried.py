"""The states of networks that carry one: where they start, how far each has come, all in a batch.

A state that went on over the whole session could not be had again after a restart: it depends on
every sample since the session's start. So states *start afresh* at the first sample of a session
and about every H samples after it, and the window that begins at a sample is encoded from the
newest start at or before that sample. Two states overlap for L samples, and each code depends on
less than L + H samples, which the store gives back. Where states start follows from the time since
the session's start alone, which is in the session's name, so no count has to be kept.

Encoding is in float64: what rounding differs by from batch to batch stays far below 1e-6 however
a network amplifies it from step to step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from detector.networks.stepping import Array
from detector.records import Values
from detector.scoring.runtimes.contract import CarryingReconstructor

Numbers = npt.NDArray[np.intp]

IN_A_CALL = 32_768  # samples, so that memory does not grow with the session
AT_ONCE = 256  # states, so that what a step needs stays in the processor's cache
# Of a sample. Times are rarely this far from whole periods, so that rounding moves no start.
EDGE = 0.4877
TOO_FAST = 1.25  # times the samples there should be between two starts


class States:
    """Rows for the states of many devices, in one array, so that a call gathers them at once.

    Args:
        width: S, values of a state.
    """

    def __init__(self, width: int) -> None:
        self.rows = np.zeros((16, width))
        self._free = list(range(len(self.rows)))

    def take(self) -> int:
        """A row of zeros that nobody else has."""
        if not self._free:
            self._free = list(range(len(self.rows), 2 * len(self.rows)))
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
        row = self._free.pop()
        self.rows[row] = 0.0
        return row

    def give_back(self, row: int) -> None:
        """Nobody needs it any more."""
        self._free.append(row)


class Lane:
    """One state of a session, from its start until the next one has seen a window.

    Args:
        states: Where it is kept for as long as this is in use.
        start: Number of its first sample in the session.

    Attributes:
        row: Among the states.
        next: Number of the sample that it goes on with.
    """

    __slots__ = ("_states", "next", "row", "start")

    def __init__(self, states: States, start: int) -> None:
        self._states, self.row = states, states.take()
        self.start = self.next = start

    def __del__(self) -> None:
        self._states.give_back(self.row)


@dataclass(frozen=True, slots=True)
class Span:
    """Samples that a state goes on over.

    Attributes:
        lane: The state.
        samples: Shape (m, F), scaled; they end with the newest of the stretch.
        first: Number of ``samples[0]`` in the session.
        wanted: Numbers of the samples whose codes are wanted, increasing; they may be none.
    """

    lane: Lane
    samples: Values
    first: int
    wanted: Numbers


class Lanes:
    """The states of one device's session.

    Args:
        carrier: The network that carries them; None: there are none.
    """

    def __init__(self, carrier: Carrier | None) -> None:
        self._carrier = carrier
        self.restart()

    @property
    def reach(self) -> int:
        """Samples before a window that its code can depend on."""
        return 0 if self._carrier is None else round(TOO_FAST * self._carrier.network.restart)

    def restart(self) -> None:
        """A session begins."""
        self._lanes: list[Lane] = []
        self._seen, self._cell = 0, np.nan

    def extend(self, ages: Array) -> None:
        """Take the next samples.

        Args:
            ages: Shape (n,), sampling periods since the session's start.
        """
        if self._carrier is None or not len(ages):
            return
        cells = np.floor((ages + EDGE) / self._carrier.network.restart)
        if cells[-1] != self._cell:
            before = np.concatenate([[self._cell], cells[:-1]])
            starts = np.flatnonzero(cells != before) + self._seen
            self._lanes += [Lane(self._carrier.states, start) for start in starts.tolist()]
        self._seen, self._cell = self._seen + len(ages), float(cells[-1])

    def spans(self, samples: Values, chosen: Numbers) -> tuple[Span, ...]:
        """What the states go on over, and whose codes are wanted.

        Args:
            samples: Shape (m, F), scaled, the newest of the session; NaN counts as normal.
            chosen: Which of them end a window that is scored, increasing.
        """
        if self._carrier is None or not len(samples):
            return ()
        first, lanes = self._seen - len(samples), self._lanes
        if np.isnan(samples).any():
            samples = np.nan_to_num(samples)
        ends = first + chosen
        # The window that begins with a start ends so many samples later, and needs no older one.
        bounds = [lane.start + self._carrier.network.window - 1 for lane in lanes[1:]]
        self._lanes = lanes[sum(bound <= self._seen for bound in bounds) :]
        cuts = [0, *(int(np.searchsorted(ends, bound)) for bound in bounds), len(ends)]
        parts = zip(lanes, pairwise(cuts), strict=True)
        kept = self._lanes[0].start
        return tuple(
            Span(lane, samples, first, ends[start:end])
            for lane, (start, end) in parts
            if end > start or lane.start >= kept
        )


class Carrier:
    """A network that carries its state, and all the states that it carries.

    Args:
        network: Trained; later changes of its weights do not count.
    """

    def __init__(self, network: CarryingReconstructor) -> None:
        self.network, self._step = network, network.stepping()
        self.states = States(network.state_width)

    def codes(self, spans: Sequence[Span]) -> Values:
        """Let states go on, those of many devices in one call.

        Args:
            spans: Of one session in order.

        Returns:
            Shape (B, C): the codes of all that is wanted, in the order of the spans.
        """
        counts = np.array([len(span.wanted) for span in spans], np.intp)
        rows = np.cumsum(counts) - counts  # of the first code of each span
        found = np.empty((counts.sum(), self.network.code_width), np.float32)
        for one in _rounds(spans):
            begins = np.array([max(spans[i].lane.next, spans[i].first) for i in one])
            ends = np.array([spans[i].first + len(spans[i].samples) for i in one])
            order = np.argsort(begins - ends, kind="stable")  # the longest first
            while len(order):
                longest = max(int((ends - begins)[order[0]]), 1)
                most = min(max(IN_A_CALL // longest, 1), AT_ONCE)
                call, order = order[:most], order[most:]
                chosen = one[call]
                codes, at = self._advance([spans[i] for i in chosen], begins[call], ends[call])
                each = np.repeat(rows[chosen], counts[chosen]) + _within(counts[chosen])
                found[each] = codes[at]
        return found

    def _advance(
        self, spans: Sequence[Span], begins: Numbers, ends: Numbers
    ) -> tuple[Array, Numbers]:
        """One call, the longest first: codes of its samples, and where the wanted ones are."""
        lengths = ends - begins
        fresh = np.concatenate(
            [
                span.samples[begin - span.first :]
                for span, begin in zip(spans, begins.tolist(), strict=True)
            ]
        )
        alive = np.arange(lengths[0])[:, None] < lengths  # (T, B)
        sizes = alive.sum(axis=1)
        # Of each sample in the order of time the place in the order of sequences.
        places = (np.cumsum(lengths) - lengths + np.arange(lengths[0])[:, None])[alive]
        rows = np.array([span.lane.row for span in spans])
        codes, self.states.rows[rows] = self._step(
            fresh[places].astype(np.float64), sizes, self.states.rows[rows]
        )
        for span, end in zip(spans, ends.tolist(), strict=True):
            span.lane.next = end
        counts = [len(span.wanted) for span in spans]
        wanted = np.concatenate([span.wanted for span in spans]) - np.repeat(begins, counts)
        steps = np.cumsum(sizes) - sizes  # where each step begins
        return codes, steps[wanted] + np.repeat(np.arange(len(spans)), counts)


def _within(counts: Numbers) -> Numbers:
    """0, 1, … of each count, one after the other."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _rounds(spans: Sequence[Span]) -> Iterator[Numbers]:
    """Which spans can go on at once: none that goes on from another of its round."""
    left = list(range(len(spans)))
    while left:
        taken: dict[int, int] = {}
        for i in left:
            taken.setdefault(spans[i].lane.row, i)
        chosen = list(taken.values())
        yield np.array(chosen)
        left = sorted(set(left) - set(chosen)) if len(chosen) < len(left) else []
