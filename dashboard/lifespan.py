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
from dashboard.refusals import one_line
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
    pushing = asyncio.create_task(hub.run())
    try:
        yield None
    finally:
        hub.close()
        await pushing
        await detector.stop()
        context.close()


def _start_when_needed(detector: child.DetectorChild) -> None:
    try:
        if context.settings().dashboard.start_detector and not child.is_detector_alive():
            detector.start()
    except (FaultlineError, StoreFailure) as error:
        logger.error("%s", one_line(error))  # noqa: TRY400 -- a refusal, no traceback
