"""Streamlit's own page, told some things that it would find out late.

Where its server is: otherwise it takes the address of a page, ``/device``, for a folder, and asks
there first, which ends in two answers 404. And which files the live view will ask for: otherwise
the browser hears of them when Streamlit has come up, and of each module when it has read the one
before. And that a session is over: it then draws itself again, which leads to the way in. The page
of a device begins its live view by itself, so that the chart is there before Streamlit is, whose
code is fetched meanwhile and runs once the chart is seen.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dashboard.live import asset_files

STREAMLITS = Path(streamlit.__file__).parent / "static" / "index.html"
HERE = '<script>window.__streamlit = {BACKEND_BASE_URL: window.location.origin + "/"}</script>'
# Streamlit opens a socket that was closed again, under whatever session there is now, and leaves
# on the page what the old one drew. Not on the way out, which a reload would cut off, and not more
# often than every 10 s, should the server insist.
SIGNED_OUT = """<script>{
let leaving = 0;
addEventListener("beforeunload", () => { leaving = Date.now(); });
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("close", ({ code }) => {
      const last = Math.max(leaving, sessionStorage.signedOut ?? 0);
      if (code !== 4401 || Date.now() - last < 10000) return;
      sessionStorage.signedOut = Date.now();
      location.reload();
    });
  }
};
}</script>"""
# To run Streamlit's code takes the browser a second of a slow computer, for which nothing is drawn.
SCRIPT = re.compile(r'<script type="module" crossorigin src="([^"]+)"></script>')
LATER = r"""<link rel="modulepreload" crossorigin href="\1"><script>{
const run = () => {
  removeEventListener("faultline-early", run);
  clearTimeout(waiting);
  const script = document.createElement("script");
  Object.assign(script, {type: "module", crossOrigin: "", src: "\1"});
  document.head.append(script);
};
const waiting = setTimeout(run, 1500);
addEventListener("faultline-early", run);
}</script>"""
BEFORE = "</head>"
DEVICE, EARLY, COVER = "/device", "device/early.js", "faultline-early"
COLOURS = {
    "background-color": "backgroundColor",
    "secondary-background-color": "secondaryBackgroundColor",
    "text-color": "textColor",
    "border-color": "borderColor",
}


async def serve(request: Request) -> Response:
    """Answer ``/`` and the addresses of the pages."""
    is_device = request.url.path == DEVICE
    return HTMLResponse(page(is_device=is_device), headers={"cache-control": "no-cache"})


@cache
def page(*, is_device: bool) -> str:
    """The page as it is sent."""
    links = [HERE, SIGNED_OUT, *(_link(name) for name in asset_files.files()), _plotly()]
    if is_device:
        links += [_colours(), f'<script type="module" async src="{_address(EARLY)}"></script>']
    text = STREAMLITS.read_text(encoding="utf-8")
    if is_device:
        text = SCRIPT.sub(LATER, text)
    before, head_ends, after = text.partition(BEFORE)
    return f"{before}{''.join(links)}\n{head_ends}{after}"


def _colours() -> str:
    """The theme's, which Streamlit itself makes known only when it has come up."""
    told = {
        theme: "".join(
            f"--st-{name}:{streamlit.get_option(f'theme.{theme}.{option}')};"
            for name, option in COLOURS.items()
        )
        for theme in ("light", "dark")
    }
    return f"<style>#{COVER}{{{told['light']}}}#{COVER}.fl-dark{{{told['dark']}}}</style>"


def _link(name: str) -> str:
    address = _address(name)
    if name.endswith(".js"):
        return f'<link rel="modulepreload" href="{address}">'
    # Each page uses some of them; of what is preloaded and not used the browser complains.
    return f'<link rel="prefetch" as="style" href="{address}">' if name.endswith(".css") else ""


def _plotly() -> str:
    return f'<link rel="prefetch" as="script" href="{_address(asset_files.PLOTLY.name)}">'


def _address(name: str) -> str:
    return f"/assets/{asset_files.version()}/{name}"
