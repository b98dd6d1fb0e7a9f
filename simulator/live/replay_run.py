"""One session on its way out: its batches, and the faults asked for while it runs."""

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.faults.inject import LiveFault, Signal, fault_on
from simulator.live.publisher import Publisher
from simulator.live.replay_session import Session
from simulator.live.requests import LiveRequest, LiveRequests
from simulator.live.truth_feed import TruthFeed
from simulator.recordings import truth
from simulator.recordings.fault_request import axis_name, choose_feature
from simulator.recordings.truth import Episode, Placed

Array = NDArray[np.float64]

UNEVEN = 0.1  # of a step
# These say something about a feature that does not vary; the others would change nothing.
OF_CONSTANTS = ("gain", "dropout", "axis_swap", "clock")


class SessionRun:
    """A session sent once as a device.

    Args:
        session: What is sent.
        name: Name of this run of it.
        begin: Device time of its first sample, s.
        publisher: An open connection.
        device: Name of the machine.
        requests: Faults asked for; none are taken if None.
        bursts: See ``Pace``.
    """

    def __init__(
        self,
        session: Session,
        *,
        name: str,
        begin: float,
        publisher: Publisher,
        device: str,
        requests: LiveRequests | None,
        bursts: bool = False,
    ) -> None:
        self._session, self._name, self._bursts = session, name, bursts
        self._publisher, self._device, self._requests = publisher, device, requests
        self._feed = TruthFeed(publisher, device, session=name, clock=session.due + begin)
        self._ts = session.ts - session.ts[0] + begin
        self._faults = list(session.faults)
        self._live: LiveFault | None = None
        self._sent = 0

    def send(self, rows: slice) -> None:
        """Publish a batch, then which faults start, are full or end with it.

        Raises:
            SimulatorError: If the broker has not taken earlier messages for a long time.
        """
        self._take_requests(rows.start)
        signal = self._signal(rows)
        if self._live is not None:
            signal = self._live.change(signal, rows.start)
        columns = {name: column[rows] for name, column in self._session.columns.items()}
        columns |= dict(zip(self._session.features, signal.values.T, strict=True))
        batch = {"ts": signal.ts.round(6), **columns}
        rate_hz = self._session.rate_hz if self._bursts and is_even(signal.ts) else None
        self._publisher.publish(self._device, batch, session=self._name, rate_hz=rate_hz)
        self._sent = rows.stop
        self._feed.tell_batch(self._faults, rows)

    def close(self) -> None:
        """Tell the end of faults that a run broken off leaves open."""
        self._feed.tell_broken_off(self._faults, self._sent)

    def _signal(self, rows: slice) -> Signal:
        values = [self._session.columns[name][rows] for name in self._session.features]
        return Signal(self._ts[rows], np.column_stack(values))

    def _take_requests(self, first: int) -> None:
        while self._requests is not None and (taken := self._requests.take()) is not None:
            payload, number = taken
            try:
                self._begin_fault(LiveRequest.parse(payload), first, number)
            except SimulatorError as error:
                self._requests.refused += 1
                self._feed.refuse(str(error), first)

    def _begin_fault(self, request: LiveRequest, first: int, number: int) -> None:
        """Begin a fault with row ``first``; it ends with the session at the latest."""
        due = self._session.due
        last = max(first + 1, int(np.searchsorted(due, due[first] + request.seconds)))
        self._refuse_overlap(first, last)
        seed = number if request.seed is None else request.seed
        rate_hz = 1.0 / truth.period_s(due)
        fault = self._fault(request, (first, last), np.random.default_rng(seed), rate_hz)
        if first > 0:  # what a stuck sensor holds and a repeated time repeats
            fault.change(self._signal(slice(first - 1, first)), first - 1)
        full = min(first + round(request.ramp * rate_hz), last)
        episode = Episode(
            family=request.family,
            axis=axis_name(fault, self._session.features),
            start=self._feed.time_at(first),
            full=self._feed.time_at(full),
            end=self._feed.time_at(last),
            severity=request.severity,
            seed=seed,
        )
        self._faults.append(Placed(episode, first, full, last))
        self._live = fault

    def _fault(
        self, request: LiveRequest, rows: tuple[int, int], rng: np.random.Generator, rate_hz: float
    ) -> LiveFault:
        names, family = self._session.features, request.family
        axis = choose_feature(names, family, request.feature, rng, self._session.name)
        healthy = self._session.healthy_level(names[axis])
        if healthy.sigma == 0 and family not in OF_CONSTANTS:
            raise SimulatorError(
                f"{self._session.name}: {names[axis]} does not vary while healthy; "
                f"allowed on it: {', '.join(OF_CONSTANTS)}"
            )
        return fault_on(
            names,
            axis,
            family,
            severity=request.severity,
            rows=rows,
            healthy=healthy,
            seed=rng,
            rate_hz=rate_hz,
            ramp_s=request.ramp,
        )

    def _refuse_overlap(self, first: int, last: int) -> None:
        for placed in self._faults:
            if placed.first < last and first < placed.last:
                raise SimulatorError(
                    f"{self._session.name}: overlaps {placed.episode.family} on "
                    f"{placed.episode.axis}; allowed: one fault at a time"
                )


def is_even(ts: Array) -> bool:
    """Whether samples lie at equal steps, as one rate can tell; a fault of the clock undoes it."""
    steps = np.diff(ts)
    return len(ts) > 1 and bool(steps.min() > 0 and np.ptp(steps) < UNEVEN * np.median(steps))
