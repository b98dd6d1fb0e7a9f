"""Draws docs/faults/*.png: what each fault looks like, healthy behind it in grey.

python docs/fault_pictures.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import signal

from simulator.damage import Damage
from simulator.designs import FEATURES, MOTORS
from simulator.faults import FAULTS, Healthy, LiveFault, siblings
from simulator.impacts import damages
from simulator.machine_faults import MACHINE_FAULTS
from simulator.motor import Motor
from simulator.profile import CALM, STEADY
from simulator.sensor import SENSORS, Probe

OUT = Path(__file__).resolve().parent / "faults"
DESIGN = MOTORS["motor-600"]
RATE_HZ = 12_800.0
SECONDS = 12.0
SEVERITY = 0.5
REVOLUTIONS = 4
GREY, RED, BLUE = "#9a9a9a", "#c0392b", "#1f5fa8"
PAGES = {
    "shaft": ("unbalance", "misalignment", "bent_shaft", "looseness", "rub"),
    "bearing": ("bearing_outer", "bearing_inner", "bearing_ball", "bearing_cage"),
    "broadband": ("misalignment_broadband", "gear", "cavitation"),
}
AXIS = {"misalignment": 2, "bent_shaft": 2, "looseness": 1}  # where it shows most; else x
SENSOR_PAGE = tuple(name for name in FAULTS if name != "clock")


def main() -> None:
    """Draw all pages."""
    assert {name for page in PAGES.values() for name in page} == set(MACHINE_FAULTS)
    OUT.mkdir(exist_ok=True)
    healthy = _acceleration(None)
    for page, families in PAGES.items():
        _draw_machine(page, families, healthy)
    _draw_sensor()


def _acceleration(family: str | None) -> np.ndarray:
    """True acceleration, shape (n, 3), mg."""
    motor = Motor(
        DESIGN,
        seed=7,
        probe=Probe(SENSORS["ideal"], RATE_HZ, filtered=False),
        habits=replace(CALM, durations=STEADY),
        begin_running=True,
        damages=[Damage(family, SEVERITY, 0.0, 0.0, 1e9)] if family else [],
    )
    acc = motor.block(round(SECONDS * RATE_HZ)).acc
    return np.asarray(1e3 * (acc - acc.mean(axis=0)))


def _draw_machine(page: str, families: tuple[str, ...], healthy: np.ndarray) -> None:
    figure = _figure(12.0, 2.3 * len(families))
    panels = figure.subplots(len(families), 2, width_ratios=(1, 1.25))
    for (left, right), family in zip(panels, families, strict=True):
        axis = AXIS.get(family, 0)
        faulty = _acceleration(family)
        rows = slice(int(RATE_HZ), int(RATE_HZ * (1 + REVOLUTIONS / DESIGN.rated_hz)))
        turns = np.arange(rows.stop - rows.start) / RATE_HZ * DESIGN.rated_hz
        left.plot(turns, faulty[rows, axis], color=RED, linewidth=0.7)
        left.plot(turns, healthy[rows, axis], color=GREY, linewidth=0.7)
        left.set(ylabel=f"{FEATURES[axis]}, mg", xlim=(0, REVOLUTIONS))
        left.set_title(family, loc="left", fontweight="bold", fontsize=10)
        if family.startswith("bearing") or family == "cavitation":
            _draw_envelope(right, family, healthy[:, axis], faulty[:, axis])
        else:
            _draw_spectrum(right, family, healthy[:, axis], faulty[:, axis])
    panels[-1][0].set_xlabel("revolutions at 600 rpm")
    panels[-1][1].set_xlabel("order, multiples of 1x (10 Hz)")
    _save(figure, page)


def _draw_spectrum(panel, family: str, healthy: np.ndarray, faulty: np.ndarray) -> None:  # noqa: ANN001
    for values, colour, name in ((faulty, RED, "faulty"), (healthy, GREY, "healthy")):
        orders, size = _lines(values)
        panel.semilogy(orders, size, color=colour, linewidth=0.8, label=name)
    last = 100 if family == "misalignment_broadband" else 30 if family == "gear" else 12
    panel.set(xlim=(0, last), ylim=(1e-3, 1e2), ylabel="mg per line")
    panel.set_title("spectrum", loc="left", fontsize=10)
    panel.legend(fontsize=8, loc="upper right")


def _draw_envelope(panel, family: str, healthy: np.ndarray, faulty: np.ndarray) -> None:  # noqa: ANN001
    band = signal.butter(4, (1500.0, 5000.0), "bandpass", fs=RATE_HZ, output="sos")
    for values, colour, name in ((faulty, RED, "faulty"), (healthy, GREY, "healthy")):
        envelope = np.abs(signal.hilbert(signal.sosfiltfilt(band, values)))
        orders, size = _lines(envelope - envelope.mean())
        panel.plot(orders, size, color=colour, linewidth=0.8, label=name)
    order = DESIGN.vanes if family == "cavitation" else damages(DESIGN)[family].order
    panel.axvline(order, color=BLUE, linestyle="--", linewidth=1, label=f"{order:.3g}x")
    panel.set(xlim=(0, 16), ylabel="mg per line")
    panel.set_title("envelope spectrum, 1.5-5 kHz", loc="left", fontsize=10)
    panel.legend(fontsize=8, loc="upper right")


def _lines(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orders and amplitudes, peak mg."""
    window = np.hanning(len(values))
    size = 2 * np.abs(np.fft.rfft(values * window)) / window.sum()
    return np.fft.rfftfreq(len(values), 1 / RATE_HZ) / DESIGN.rated_hz, size


def _draw_sensor() -> None:
    motor = Motor(DESIGN, seed=7, habits=replace(CALM, durations=STEADY), begin_running=True)
    samples = motor.block(3000)
    values = samples.acc - (0.0, 1.0, 0.0)
    figure = _figure(12.0, 1.9 * ((len(SENSOR_PAGE) + 1) // 2))
    panels = figure.subplots((len(SENSOR_PAGE) + 1) // 2, 2, sharex=True)
    for panel, family in zip(panels.flat, SENSOR_PAGE, strict=False):
        healthy = Healthy.of(values[:, 0])
        fault = LiveFault(
            family,
            severity=SEVERITY,
            start=800,
            end=1200,
            sigma=healthy.sigma,
            axis=0,
            seed=3,
            healthy=healthy,
            partners=siblings(FEATURES, 0),
        )
        changed = fault.apply(values, 0)
        panel.axvspan(8, 12, color=RED, alpha=0.08)
        panel.plot(samples.ts, 1e3 * changed[:, 0], color=RED, linewidth=0.8)
        panel.plot(samples.ts, 1e3 * values[:, 0], color=GREY, linewidth=0.4)
        panel.set(ylabel="acc_x, mg", xlim=(7, 13))
        panel.set_title(family, loc="left", fontweight="bold", fontsize=10)
    for panel in panels[-1]:
        panel.set_xlabel("seconds")
    _save(figure, "sensor")


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, page: str) -> None:
    figure.savefig(OUT / f"{page}.png", dpi=72, metadata={"Software": None})


if __name__ == "__main__":
    main()
