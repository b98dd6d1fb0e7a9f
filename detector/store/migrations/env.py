"""What Alembic runs: every migration that is due, in the transaction that the caller holds."""

from __future__ import annotations

from alembic import context

from detector.store.versions import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
