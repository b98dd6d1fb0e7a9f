"""The visualisation server: ``python -m streamlit run dashboard/app.py``."""

from __future__ import annotations

import gc
import logging
import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Mount

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # whatever folder it is started in

from dashboard import context
from dashboard.api.app import app as api
from dashboard.lifespan import lifespan
from dashboard.live.access import OwnPagesOnly
from dashboard.live.routes import ROUTES
from dashboard.pages import device as device_page
from dashboard.pages import overview as overview_page
from dashboard.pages.alarms import page as alarms_page
from dashboard.pages.tuning import page as tuning_page
from dashboard.pages.lab import page as lab_page
from dashboard.pages.models import page as models_page
from dashboard.pages.system import page as system_page
from dashboard.refusals import show_refusal
from detector.errors import SettingsError

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
# Imported once here, before the freeze.
_PAGES = (alarms_page, device_page, overview_page, tuning_page, models_page, system_page)
try:
    context.dashboard_settings().refuse_open(st.get_option("server.address"))
except SettingsError as error:
    sys.exit(str(error))
gc.freeze()  # later collections skip all that the imports made

app = st.App(
    Path(__file__).parent / "pages" / "ui.py",
    lifespan=lifespan,
    routes=(*ROUTES, Mount("/api", api)),
    middleware=[Middleware(OwnPagesOnly, hosts=lambda: context.dashboard_settings().hosts)],
    on_script_error=show_refusal,
)
