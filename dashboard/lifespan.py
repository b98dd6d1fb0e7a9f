"""What begins and ends with the dashboard process: the hub and the detector child."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st

from dashboard import child, context
from dashboard.live import asset_files
from dashboard.live.routes import hub
from dashboard.outage import outage
from dashboard.refusals import is_of_store, noted
from detector.errors import FaultlineError
from detector.store.schema import StoreFailure

logger = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any] | None]:
    """Run the hub and, when none is alive, a detector, for as long as the server runs."""
    for name in (*asset_files.files(), asset_files.PLOTLY.name):
        await asyncio.to_thread(asset_files.packed, name)
    detector = child.DetectorChild()
    _start_when_needed(detector)
    pushing, watching = asyncio.create_task(hub.run()), asyncio.create_task(outage.watch())
    try:
        yield None
    finally:
        watching.cancel()
        hub.close()
        await pushing
        await detector.stop()
        context.close()


def _start_when_needed(detector: child.DetectorChild) -> None:
    try:
        if context.settings().dashboard.start_detector and not child.is_detector_alive():
            detector.start()
    except (FaultlineError, StoreFailure) as error:
        line = noted(error)
        if not is_of_store(error):
            logger.error("%s", line)  # noqa: TRY400 -- a refusal, no traceback
