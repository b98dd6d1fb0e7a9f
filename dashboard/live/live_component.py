"""The header, the live chart and the live overview as components that fetch their own updates.

Streamlit only mounts them: the code comes from ``/assets``, the data through ``/live``.
"""

from __future__ import annotations

import streamlit as st

from dashboard.live import asset_files

# Text given as ``js`` is sent again with each message, so it only imports the real module.
BOOT = """
const loading = import(window.location.origin + "/assets/{version}/{module}");
export default function (component) {{
  let ended = false;
  let end = null;
  loading.then((module) => {{ if (!ended) end = module.mount(component, "{version}"); }});
  return () => {{ ended = true; if (end) end(); }};
}}
"""
WAITING = """<div class="faultline {name}">
<div class="faultline-waiting">Loading the live view …</div>
</div>"""


EMPTY = """<div class="faultline {name}">
</div>"""
ROOM = (
    '<div class="faultline {name}" style="min-height:3rem"></div>\n'  # nothing jumps when it comes
)


def _component(
    name: str, module: str, html: str = WAITING
) -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component(
        name,
        js=BOOT.format(version=asset_files.version(), module=module),
        html=html.format(name=name),
        isolate_styles=False,
    )


device_chart = _component("faultline_device", "device/device.js")
overview_tiles = _component("faultline_overview", "overview/overview.js")
alarm_list = _component("faultline_alarms", "alarms/list.js", EMPTY)
alarm_record = _component("faultline_record", "alarms/record.js", EMPTY)
answers_watch = _component("faultline_watch", "alarms/watch.js", EMPTY)
header_bar = _component("faultline_header", "shell/header.js", ROOM)
