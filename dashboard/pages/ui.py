"""The pages; Streamlit runs this file from top to bottom for every viewer's action."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import refusals
from dashboard.live import asset_files
from dashboard.pages import device as device_page
from dashboard.pages import login
from dashboard.pages import overview as overview_page
from dashboard.pages.alarms import page as alarms_page
from dashboard.pages.lab import page as lab_page
from dashboard.pages.models import page as models_page
from dashboard.pages.system import page as system_page
from dashboard.pages.tuning import page as tuning_page
from dashboard.shell.header import show_header
from dashboard.words.viewer import say

st.set_page_config(
    page_title="Faultline", page_icon=str(asset_files.FOLDER / "icon.svg"), layout="wide"
)
st.logo(asset_files.FOLDER / "logo.svg", icon_image=asset_files.FOLDER / "icon.svg")

device = st.Page(
    device_page.show, title=say("common.device"), url_path="device", icon=":material/show_chart:"
)
overview = st.Page(
    lambda: overview_page.show(pages),
    title=say("common.overview"),
    url_path="overview",
    default=True,
    icon=":material/grid_view:",
)
alarms = st.Page(
    lambda: alarms_page.show(pages),
    title=say("common.alarms"),
    url_path="alarms",
    icon=":material/notifications:",
)
tuning = st.Page(
    tuning_page.show, title=say("tuning.title"), url_path="tuning", icon=":material/tune:"
)
models = st.Page(
    models_page.show, title=say("models.title"), url_path="models", icon=":material/tune:"
)
lab = st.Page(lab_page.show, title=say("lab.title"), url_path="lab", icon=":material/science:")
system = st.Page(
    system_page.show, title=say("system.title"), url_path="system", icon=":material/monitor_heart:"
)
pages: dict[str, StreamlitPage] = {
    "overview": overview, "device": device, "alarms": alarms, "tuning": tuning,
    "models": models, "lab": lab, "system": system,
}  # fmt: skip
with refusals.on_one_line(comes_back=True):
    is_shut = login.is_needed()
    page = st.navigation(list(pages.values()), position="hidden" if is_shut else "sidebar")
    if is_shut:
        login.show()
    else:
        show_header(pages, login.signed_in())
        login.corner()
        page.run()
