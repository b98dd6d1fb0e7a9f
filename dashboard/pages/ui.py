"""The pages; Streamlit runs this file from top to bottom for every viewer's action."""

from __future__ import annotations

import streamlit as st

from dashboard import refusals
from dashboard.live import asset_files
from dashboard.pages import alarms as alarms_page
from dashboard.pages import device as device_page
from dashboard.pages import overview as overview_page
from dashboard.pages.lab import page as lab_page
from dashboard.pages.models import page as models_page
from dashboard.pages.system import page as system_page
from dashboard.words.viewer import say

st.set_page_config(
    page_title="Faultline", page_icon=str(asset_files.FOLDER / "icon.svg"), layout="wide"
)
st.logo(asset_files.FOLDER / "logo.svg", icon_image=asset_files.FOLDER / "icon.svg")

device = st.Page(
    device_page.show, title=say("common.device"), url_path="device", icon=":material/show_chart:"
)
overview = st.Page(
    lambda: overview_page.show(device),
    title=say("common.overview"),
    url_path="overview",
    default=True,
    icon=":material/grid_view:",
)
alarms = st.Page(
    alarms_page.show, title=say("common.alarms"), url_path="alarms", icon=":material/notifications:"
)
lab = st.Page(lab_page.show, title=say("lab.title"), url_path="lab", icon=":material/science:")
models = st.Page(
    models_page.show, title=say("models.title"), url_path="models", icon=":material/tune:"
)
system = st.Page(
    system_page.show, title=say("system.title"), url_path="system", icon=":material/monitor_heart:"
)
with refusals.on_one_line():
    st.navigation([overview, device, alarms, models, lab, system]).run()
