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
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.utils.rnn import PackedSequence

from detector.networks.contract import CarryingNetwork
from detector.records import Values

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]

IN_A_CALL = 32_768  # samples, so that memory does not grow with the session
# Of a sample. Times are rarely this far from whole periods, so that rounding moves no start.
EDGE = 0.4877
TOO_FAST = 1.25  # times the samples there should be between two starts


class Lane:
    """One state of a session, from its start until the next one has seen a window.

    Attributes:
        start: Number of its first sample in the session.
        next: Number of the sample that it goes on with.
        state: Shape (S,), after the sample before that.
    """

    __slots__ = ("next", "start", "state")

    def __init__(self, start: int, width: int) -> None:
        self.start = self.next = start
        self.state = np.zeros(width)


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

    @property
    def begin(self) -> int:
        """Number of the first one that the state has not seen yet."""
        return max(self.lane.next, self.first)

    @property
    def fresh(self) -> Values:
        """Those that the state has not seen yet."""
        return self.samples[self.begin - self.first :]


class Lanes:
    """The states of one device's session.

    Args:
        carrier: The network that carries them; None: there are none.
    """

    def __init__(self, carrier: Carrier | None) -> None:
        self._network = None if carrier is None else carrier.network
        self.restart()

    @property
    def reach(self) -> int:
        """Samples before a window that its code can depend on."""
        return 0 if self._network is None else round(TOO_FAST * self._network.restart)

    def restart(self) -> None:
        """A session begins."""
        self._lanes: list[Lane] = []
        self._seen, self._cell = 0, np.nan

    def extend(self, ages: Array) -> None:
        """Take the next samples.

        Args:
            ages: Shape (n,), sampling periods since the session's start.
        """
        if self._network is None or not len(ages):
            return
        cells = np.floor((ages + EDGE) / self._network.restart)
        starts = np.flatnonzero(np.diff(cells, prepend=self._cell) != 0) + self._seen
        self._lanes += [Lane(int(start), self._network.state_width) for start in starts]
        self._seen, self._cell = self._seen + len(ages), cells[-1]

    def spans(self, samples: Values, chosen: Numbers) -> tuple[Span, ...]:
        """What the states go on over, and whose codes are wanted.

        Args:
            samples: Shape (m, F), scaled, the newest of the session; NaN counts as normal.
            chosen: Which of them end a window that is scored, increasing.
        """
        if self._network is None or not len(samples):
            return ()
        window, first = self._network.window, self._seen - len(samples)
        ends, lanes = first + chosen, self._lanes
        if np.isnan(samples).any():
            samples = np.nan_to_num(samples)
        bounds = [lane.start + window - 1 for lane in lanes[1:]]
        parts = np.split(ends, np.searchsorted(ends, bounds))
        done = sum(bound <= self._seen for bound in bounds)
        self._lanes = lanes[done:]  # the window that begins with the next start needs no older one
        return tuple(
            Span(lane, samples, first, part)
            for number, (lane, part) in enumerate(zip(lanes, parts, strict=True))
            if number >= done or len(part)
        )


class Carrier:
    """A network that carries its state, in float64.

    Args:
        network: In evaluation mode; it is copied.
    """

    def __init__(self, network: CarryingNetwork) -> None:
        self.network = deepcopy(network).double()

    def codes(self, spans: Sequence[Span]) -> Values:
        """Let states go on, those of many devices in one call.

        Args:
            spans: Of one session in order.

        Returns:
            Shape (B, C): the codes of all that is wanted, in the order of the spans.
        """
        found = np.empty((sum(len(span.wanted) for span in spans), self.network.code_width), "f4")
        rows = np.cumsum([0, *(len(span.wanted) for span in spans)])
        for call in _calls(spans):
            codes = self._advance([spans[i] for i in call])
            for i, part in zip(call, codes, strict=True):
                found[rows[i] : rows[i + 1]] = part
        return found

    def _advance(self, spans: Sequence[Span]) -> list[Array]:
        """One call; the longest first."""
        fresh = [span.fresh for span in spans]
        lengths = np.array([len(samples) for samples in fresh])
        alive = np.arange(lengths[0])[:, None] < lengths  # (T, B)
        offsets = np.cumsum([0, *alive.sum(axis=1)])
        padded = np.zeros((*alive.shape, fresh[0].shape[1]))  # (T, B, F)
        for i, samples in enumerate(fresh):
            padded[: len(samples), i] = samples
        packed = PackedSequence(
            torch.from_numpy(padded[alive]), torch.from_numpy(alive.sum(axis=1))
        )
        state = torch.from_numpy(np.stack([span.lane.state for span in spans]))
        with torch.inference_mode():
            codes, state = self.network.encode(packed, state)
        seen, states = codes.numpy(), state.numpy()
        found = []
        for i, span in enumerate(spans):
            found.append(seen[offsets[span.wanted - span.begin] + i])
            span.lane.next, span.lane.state = span.begin + int(lengths[i]), states[i]
        return found


def _calls(spans: Sequence[Span]) -> Iterator[list[int]]:
    """Which spans go into one call: none that goes on from another in it, the longest first."""
    rounds: list[list[int]] = []
    turn: dict[int, int] = {}
    for i, span in enumerate(spans):
        number = turn.get(id(span.lane), 0)
        turn[id(span.lane)] = number + 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(i)
    for one in rounds:
        yield from _cut([i for i in one if len(spans[i].fresh)], spans)


def _cut(chosen: list[int], spans: Sequence[Span]) -> Iterator[list[int]]:
    while chosen:
        chosen = sorted(chosen, key=lambda i: -len(spans[i].fresh))
        most = max(IN_A_CALL // len(spans[chosen[0]].fresh), 1)
        yield chosen[:most]
        chosen = chosen[most:]
