"""Watches a live chart frame by frame: is it ever blank?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SAMPLER = """
seconds => new Promise(done => {
  const root = document.querySelector(".faultline_device");
  const film = {frames: 0, blank: 0, longest_pause_ms: 0, draws: 0};
  const first = Number(root.dataset.draws);
  const began = performance.now();
  let last = began;
  const look = now => {
    const lines = [...root.querySelectorAll(".scatterlayer .js-line")];
    const full = lines.filter(line => (line.getAttribute("d") || "").length > 100);
    const box = root.querySelector(".main-svg")?.getBoundingClientRect();
    film.frames++;
    if (full.length < LINES || !box || box.height < 100) film.blank++;
    film.longest_pause_ms = Math.max(film.longest_pause_ms, now - last);
    last = now;
    if (now - began < seconds * 1000) return requestAnimationFrame(look);
    film.draws = Number(root.dataset.draws) - first;
    done(film);
  };
  requestAnimationFrame(look);
})
"""


@dataclass(frozen=True)
class Film:
    """What was seen: animation frames, those without a full chart, and draws meanwhile."""

    frames: int
    blank: int
    draws: int
    longest_pause_ms: float


def film(page: Any, seconds: float, lines: int) -> Film:
    """Look at the chart of an open device page at every animation frame.

    Args:
        page: A Playwright page that has drawn its chart.
        seconds: How long to look.
        lines: Lines a full chart has; fewer count as a blank frame.
    """
    return Film(**page.evaluate(SAMPLER.replace("LINES", str(lines)), seconds))
