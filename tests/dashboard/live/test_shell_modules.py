"""The browser's side of what stands around every page, without a page."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.browser

SHELL = """
const {found} = await import(url("shell/search"));
const {round} = await import(url("shell/kiosk"));
const {permalink} = await import(url("shell/link"));
const {cells, path} = await import(url("overview/spark"));
const {inert} = await import(url("inert"));
const {fromLocalIso, localIso} = await import(url("format"));
const places = {
  devices: [["p-10", "ok"], ["p-2", "alarm"], ["pump", "ok"]].map(([device, state]) => ({device, shown: device, state})),
  alarms: [{id: 12, device: "p-2", shown: "p-2", start: 0}]};
const pages = [{path: "overview", title: "Overview"}];
const looked = text => found(text, places, pages).map(one => one.name);
"""  # noqa: E501


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("looked('p-')", ["p-2", "p-10", "#12"]),
        ("looked('P-2'.toLowerCase())", ["p-2", "#12"]),
        ("looked('#12')", ["#12"]),
        ("looked('77')", ["#77"]),
        ("looked('over')", ["Overview"]),
        ("looked('nothing like it')", []),
        ("round(places.devices).map(one => one.query.device ?? one.page)",
         ["overview", "p-2", "alarms"]),
        ("permalink({range: {range: '1h'}}, 'http://h/device?device=a&range=1h&kiosk=9', 7.2e6)",
         "http://h/device?device=a&from=1970-01-01T01%3A00%3A00Z&to=1970-01-01T02%3A00%3A00Z"),
        ("permalink({range: {}}, 'http://h/device?device=a&paused=1')",
         "http://h/device?device=a&paused=1"),
        ("path([1, 2, null, 3], y => y)", "M0.0,1.0h.01L40.0,2.0M120.0,3.0h.01"),
        ("cells([1, 1, 0, 1], 0, 6)", "M0.0,0h60.0v6h-60.0zM90.0,0h30.0v6h-30.0z"),
        ("inert('a\\u202eb\\x1b<b>')", r"a\u202eb\x1b<b>"),
        ("[localIso(0), fromLocalIso('1970-01-01T05:30:00')]", ["1970-01-01T05:30:00", 0]),
    ],
)  # fmt: skip
def test_what_the_shell_makes_of_it(run, code, wanted):
    """In natural order, the worst first, absolute times, gaps as gaps, nothing that moves text."""
    assert json.loads(run(f"{SHELL} return JSON.stringify({code});")) == wanted
