"""What the overview is sent: all of it once, then what changed, and every device's score."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from dashboard.live import reading
from dashboard.live.states import NO_SCORE
from detector.store.schema import Connection

SPARK_POINTS = 120
SPARK_S = 60.0
SPARKED = 300  # devices whose recent scores are sent to a new viewer; of more it would be megabytes
SEEDED_PER_TICK = 4  # devices whose recent scores are read from the store per tick
MOVING = ("score", "last_arrival")  # of nearly every device in nearly every update

Tile = dict[str, Any]


class Overview:
    """What the viewers of the overview have been sent, and the recent scores.

    A message has ``names`` (the devices in order) where these have changed, ``tiles`` by name
    with what has changed of them, ``alarms`` where they have, and always ``scores`` and
    ``arrivals`` in the order of the names. A full one has everything, and ``sparks``.
    """

    def __init__(self) -> None:
        self._names: list[str] = []
        self._tiles: dict[str, Tile] = {}
        self._alarms: Any = None
        self._sparks: dict[str, deque[float | None]] = {}

    def forget(self) -> None:
        """Send everything the next time."""
        self._names, self._tiles, self._alarms = [], {}, None

    def update(self, connection: Connection, said: dict[str, Any]) -> bytes:
        """What has changed since the update before.

        Args:
            connection: To read recent scores from.
            said: As ``reading.overview`` gives it.
        """
        for tile in said["devices"]:
            self._note(tile)
        self._seed(connection, said["devices"])
        message = _moving(said) | {"full": False}
        tiles = {tile["device"]: _lasting(tile) for tile in said["devices"]}
        message["tiles"] = {name: tile for name, tile in tiles.items()
                            if self._tiles.get(name) != tile}  # fmt: skip
        names = list(tiles)
        if names != self._names:
            message["names"] = names
        if said["alarms"] != self._alarms:
            message["alarms"] = said["alarms"]
        self._names, self._tiles, self._alarms = names, tiles, said["alarms"]
        return msgspec.json.encode(message)

    def full(self, said: dict[str, Any]) -> bytes:
        """All that there is, for a viewer that has nothing.

        Args:
            said: The same that ``update`` was given.
        """
        sparks = {name: list(self._sparks.get(name, ())) for name in self._names[:SPARKED]}
        return msgspec.json.encode({
            **_moving(said), "full": True, "names": self._names, "tiles": self._tiles,
            "alarms": said["alarms"], "sparks": sparks,
            "broker": said["broker"], "topic": said["topic"],
        })  # fmt: skip

    def _note(self, tile: Tile) -> None:
        spark = self._sparks.get(tile["device"])
        if spark is not None:
            spark.append(None if tile["shown_state"] in NO_SCORE else _short(tile["score"]))

    def _seed(self, connection: Connection, tiles: list[Tile]) -> None:
        """Read the past of some devices that are new here."""
        new = [tile["device"] for tile in tiles if tile["device"] not in self._sparks]
        for name in new[:SEEDED_PER_TICK]:
            past = reading.recent_scores(connection, name, SPARK_S, SPARK_POINTS)
            self._sparks[name] = deque(past, SPARK_POINTS)


def _moving(said: dict[str, Any]) -> dict[str, Any]:
    return {
        "now": said["now"],
        "health": said["health"],
        "scores": [_short(tile["score"]) for tile in said["devices"]],
        "arrivals": [round(tile["last_arrival"], 1) for tile in said["devices"]],
    }


def _short(score: float | None) -> float | None:
    return None if score is None else round(score, 3)


def _lasting(tile: Tile) -> Tile:
    return {name: value for name, value in tile.items() if name not in MOVING}
