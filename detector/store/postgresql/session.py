"""How a connection to PostgreSQL behaves where its URL does not say otherwise."""

from __future__ import annotations

import json
import re

import sqlalchemy as sa
from sqlalchemy.engine import Connection

DRIVERS = ("postgresql", "postgresql+psycopg")
# A server that is not reached, or whose network is cut, is told within seconds, as SQLite's locks.
DEFAULTS = {
    "application_name": "faultline",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
# JSON has no word for these; a number beyond all others is read as infinite.
WRITTEN = {"Infinity": "1e999", "-Infinity": "-1e999", "NaN": "null"}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN')
OPTIONS = "-c lock_timeout=10s"


def arguments(url: sa.URL) -> dict[str, str]:
    """What the driver is told beside a URL: all that it leaves open."""
    asked = url.query.get("options", "")
    options = f"{OPTIONS} {asked if isinstance(asked, str) else ' '.join(asked)}".strip()
    left_open = {name: value for name, value in DEFAULTS.items() if name not in url.query}
    return left_open | {"options": options}


def json_of(value: object) -> str:
    """JSON as PostgreSQL takes it: infinite numbers stay, NaN is missing."""
    text = json.dumps(value)
    if "Infinity" not in text and "NaN" not in text:
        return text
    return _TOKEN.sub(lambda found: WRITTEN.get(found[0], found[0]), text)


def encoding_of(connection: Connection) -> str:
    """Of the texts in the database, for example ``UTF8``."""
    return str(connection.exec_driver_sql("SHOW server_encoding").scalar_one())


def bytes_of(connection: Connection, tables: list[str]) -> int:
    """On disk, of those tables that are there, with their partitions and indexes."""
    query = sa.text(
        "SELECT sum(pg_total_relation_size(relid)) FROM ("
        "SELECT to_regclass(name) AS relid FROM unnest(CAST(:tables AS text[])) AS name UNION "
        "SELECT part.relid FROM unnest(CAST(:tables AS text[])) AS name, "
        "pg_partition_tree(to_regclass(name)) AS part) AS found"
    )
    return int(connection.execute(query, {"tables": tables}).scalar_one() or 0)
