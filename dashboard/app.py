"""The visualisation server: ``python -m streamlit run dashboard/app.py``."""

from __future__ import annotations

import gc
import logging
from pathlib import Path

import streamlit as st

from dashboard.lifespan import lifespan
from dashboard.live.routes import ROUTES
from dashboard.pages import device as device_page
from dashboard.pages import overview as overview_page
from dashboard.refusals import show_refusal

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
_PAGES = (device_page, overview_page)  # imported once here, before the freeze
gc.freeze()  # later collections skip all that the imports made

app = st.App(
    Path(__file__).parent / "pages" / "ui.py",
    lifespan=lifespan,
    routes=ROUTES,
    on_script_error=show_refusal,
)
