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
from dashboard.access import provider
from dashboard.access.gate import Gate
from dashboard.access.returning import Returning
from dashboard.api.app import app as api
from dashboard.lifespan import lifespan
from dashboard.live.access import OwnPagesOnly
from dashboard.live.routes import PAGES, ROUTES
from dashboard.memory import give_back_at_once
from dashboard.pages import device as device_page
from dashboard.pages import overview as overview_page
from dashboard.pages.alarms import page as alarms_page
from dashboard.pages.lab import page as lab_page
from dashboard.pages.models import page as models_page
from dashboard.pages.system import page as system_page
from dashboard.pages.tuning import page as tuning_page
from dashboard.past.routes import ROUTES as PAST
from dashboard.refusals import show_refusal
from detector.errors import SettingsError

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("httpx").setLevel(logging.WARNING)  # else each request to the provider is told
# Imported once here, before the freeze.
_PAGES = (
    *(alarms_page, device_page, overview_page),
    *(tuning_page, models_page, lab_page, system_page),
)
try:
    auth = context.auth_settings()
    provider.refuse_streamlits_own()
    context.dashboard_settings().refuse_open(
        st.get_option("server.address"), has_login=auth is not None
    )
except SettingsError as error:
    sys.exit(str(error))
give_back_at_once()
gc.freeze()  # later collections skip all that the imports made

app = st.App(
    Path(__file__).parent / "pages" / "ui.py",
    secrets=provider.streamlit_secrets(auth),
    lifespan=lifespan,
    routes=(*ROUTES, *PAST, Mount("/api", api)),
    middleware=[
        Middleware(OwnPagesOnly, hosts=context.hosts),
        Middleware(Gate, auth=context.auth_settings, pages=PAGES),
        Middleware(Returning, auth=context.auth_settings),
    ],
    on_script_error=show_refusal,
)
