"""The normal level of the score, hour by hour."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.store.schema import score_levels


def write(connection: Connection, device: str, model: str, hour: int, level: float) -> None:
    """Store the level of an hour; one that is there is replaced."""
    mine = (
        score_levels.c.device == device,
        score_levels.c.model == model,
        score_levels.c.hour == hour,
    )
    connection.execute(score_levels.delete().where(*mine))
    row = score_levels.insert().values(device=device, model=model, hour=hour, level=level)
    connection.execute(row)


def of(connection: Connection, device: str, model: str) -> list[float]:
    """The levels of a device by a model, the oldest hour first."""
    query = sa.select(score_levels.c.level).where(
        score_levels.c.device == device, score_levels.c.model == model
    )
    return list(connection.execute(query.order_by(score_levels.c.hour)).scalars())


def forget(connection: Connection, device: str) -> None:
    """Begin anew: another model judges the device."""
    connection.execute(score_levels.delete().where(score_levels.c.device == device))
