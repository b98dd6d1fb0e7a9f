"""The pages; Streamlit runs this file from top to bottom for every viewer's action."""

from __future__ import annotations

import streamlit as st

from dashboard import assets, device_page, overview_page, refusals

st.set_page_config(page_title="Faultline", page_icon=str(assets.FOLDER / "icon.svg"), layout="wide")
st.logo(assets.FOLDER / "logo.svg", icon_image=assets.FOLDER / "icon.svg")

device = st.Page(device_page.show, title="Device", url_path="device", icon=":material/show_chart:")
overview = st.Page(
    lambda: overview_page.show(device),
    title="Overview",
    url_path="overview",
    default=True,
    icon=":material/grid_view:",
)
with refusals.on_one_line():
    st.navigation([overview, device]).run()
