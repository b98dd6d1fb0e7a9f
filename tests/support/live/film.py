"""Watches a live chart frame by frame: is it ever blank?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.dashboard.painted import ROWS

SAMPLER = """
seconds => new Promise(done => {
  const root = document.querySelector(".faultline_device"), chart = root.querySelector(".fl-chart");
  const film = {frames: 0, blank: 0, longest_pause_ms: 0, draws: 0, rows: 0};
  const first = Number(root.dataset.draws);
  const began = performance.now();
  let last = began;
  const isFull = () => {
    const canvas = chart.querySelector("canvas");
    if (!canvas.checkVisibility() || canvas.height < 100) return false;
    const [full, all] = ROWS(chart);
    film.rows = all;
    return full === all;
  };
  const look = now => {
    film.frames++;
    if (!isFull()) film.blank++;
    film.longest_pause_ms = Math.max(film.longest_pause_ms, now - last);
    last = now;
    if (now - began < seconds * 1000) return requestAnimationFrame(look);
    film.draws = Number(root.dataset.draws) - first;
    done(film);
  };
  requestAnimationFrame(look);
})
""".replace("ROWS", ROWS)


@dataclass(frozen=True)
class Film:
    """What was seen: animation frames, those without a full chart, and draws meanwhile.

    Attributes:
        frames: Looked at.
        blank: In which a row has less on it than a line.
        draws: Meanwhile.
        longest_pause_ms: Between two frames.
        rows: Of the chart.
    """

    frames: int
    blank: int
    draws: int
    longest_pause_ms: float
    rows: int


def film(page: Any, seconds: float) -> Film:
    """Look at the chart of an open device page at every animation frame.

    Args:
        page: A Playwright page that has drawn its chart, which is live.
        seconds: How long to look.
    """
    return Film(**page.evaluate(SAMPLER, seconds))
