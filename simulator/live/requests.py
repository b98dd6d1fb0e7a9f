"""Faults asked for while a replay runs: JSON on ``simulator/{device}/fault``."""

import queue
from typing import Annotated

import msgspec

from simulator.errors import SimulatorError
from simulator.recordings.fault_request import check_request

FAULT_TOPIC = "simulator/{device}/fault"
WAITING = 100  # requests kept until the next batch
LONGEST_BYTES = 4096


class LiveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One fault from the next batch on.

    Attributes:
        family: A key of ``FAULTS``.
        severity: 0..1.
        seconds: Length on the recording's clock; it ends with the session at the latest.
        feature: Feature to change; drawn if None.
        ramp: Seconds from the onset to full severity.
        seed: Decides all chance; the number of the request if None.
    """

    family: str
    severity: float
    seconds: float
    feature: str | None = None
    ramp: float = 0.0
    seed: Annotated[int, msgspec.Meta(ge=0)] | None = None

    @classmethod
    def parse(cls, payload: bytes) -> "LiveRequest":
        """Read one request.

        Raises:
            SimulatorError: If it is not one, or not one that can be met anywhere.
        """
        if len(payload) > LONGEST_BYTES:
            raise SimulatorError(f"{len(payload)} bytes; allowed: {LONGEST_BYTES}")
        try:
            request = msgspec.json.decode(payload, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SimulatorError(f"no fault request: {error}") from error
        check_request(request.family, request.severity, request.seconds, request.ramp)
        return request


class LiveRequests:
    """Requests on their way from the network thread to the replay.

    Attributes:
        refused: Requests taken that could not be met.
    """

    def __init__(self) -> None:
        self._waiting: queue.Queue[bytes] = queue.Queue(WAITING)
        self._taken = 0
        self.refused = 0

    def receive(self, payload: bytes) -> None:
        """Keep a message for the next batch; called in the network thread.

        Raises:
            SimulatorError: If too many wait.
        """
        try:
            self._waiting.put_nowait(payload)
        except queue.Full:
            raise SimulatorError(f"{WAITING} fault requests wait already; dropped") from None

    def take(self) -> tuple[bytes, int] | None:
        """Return the oldest message and its number from 1, or None if none waits."""
        try:
            payload = self._waiting.get_nowait()
        except queue.Empty:
            return None
        self._taken += 1
        return payload, self._taken
