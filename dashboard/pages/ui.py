"""The pages; Streamlit runs this file from top to bottom for every viewer's action."""

from __future__ import annotations

import streamlit as st

from dashboard import refusals
from dashboard.live import asset_files
from dashboard.pages import alarms as alarms_page
from dashboard.pages import device as device_page
from dashboard.pages import login
from dashboard.pages import overview as overview_page
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
with refusals.on_one_line():
    is_shut = login.is_needed()
    page = st.navigation([overview, device, alarms], position="hidden" if is_shut else "sidebar")
    if is_shut:
        login.show()
    else:
        login.corner()
        page.run()
