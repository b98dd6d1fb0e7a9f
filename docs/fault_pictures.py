"""Draws docs/faults/*.png: what each fault looks like, the healthy machine in grey.

python docs/fault_pictures.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image  # comes with matplotlib
from scipy import signal

from simulator.faults.inject import FAULTS, Healthy, LiveFault, Signal, siblings
from simulator.machines.damage import Damage
from simulator.machines.designs import FEATURES, MOTORS, STANDARD_GRAVITY_MM_S2
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.impacts import damages
from simulator.machines.motor import Motor
from simulator.machines.profile import CALM, STEADY
from simulator.machines.sensor import SENSORS, Probe

OUT = Path(__file__).resolve().parent / "faults"
DESIGN = MOTORS["motor-600"]
RATE_HZ = 12_800.0
SECONDS = 24.0
SEVERITY = 0.5
REVOLUTIONS = 4
ENVELOPE_HZ = (1500.0, 5000.0)
GREY, COLOUR, BLUE = "#8c8c8c", "#c2571a", "#1f5fa8"  # red is kept for anomalies

# Families that are known by orders of the shaft: those to mark, and the last one drawn.
ORDERS: Mapping[str, tuple[Mapping[float, str], float]] = {
    "unbalance": ({1: "1x"}, 12),
    "misalignment": ({1: "1x", 2: "2x", 3: "3x"}, 12),
    "bent_shaft": ({1: "1x", 2: "2x"}, 12),
    "looseness": ({0.5: "½x", 1.5: "1½x", 2.5: "2½x", 4: "4x", 6: "6x", 8: "8x", 10: "10x"}, 12),
    "rub": ({1 / 3: "", 1 / 2: "⅓x and ½x"}, 12),
    "gear": ({22: "", 23: "", 24: "mesh 23x ± 1x"}, 30),
}
# Families that are known by the order at which they swell.
ENVELOPES: Mapping[str, Mapping[str, tuple[str, float]]] = {
    "bearing": {
        "bearing_outer": ("BPFO", damages(DESIGN)["bearing_outer"].order),
        "bearing_inner": ("BPFI", damages(DESIGN)["bearing_inner"].order),
        "bearing_ball": ("2 BSF", damages(DESIGN)["bearing_ball"].order),
        "bearing_cage": ("FTF", damages(DESIGN)["bearing_cage"].order),
    },
    "broadband": {
        "cavitation": ("vane pass", float(DESIGN.vanes)),
        "misalignment_broadband": ("", 0.0),
    },
}
AXIS = {"misalignment": 2, "bent_shaft": 2, "looseness": 1}  # where it shows most; else x
SENSOR_SEEDS = {"stuck": 1, "axis_swap": 3, "clock": 3}  # of the variant drawn; else 3
SENSOR_RATE_HZ, ONSET_S, OVER_S, SHOWN_S = 100.0, 8.0, 11.0, (7.0, 12.0)


def main() -> None:
    """Draw all pages."""
    drawn = {*ORDERS, *(family for page in ENVELOPES.values() for family in page)}
    assert drawn == set(MACHINE_FAULTS)
    OUT.mkdir(exist_ok=True)
    healthy = _acceleration(None)
    _draw_orders(healthy)
    for page in ENVELOPES:
        _draw_envelopes(page, healthy)
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


def _draw_orders(healthy: np.ndarray) -> None:
    figure, panels = _page(len(ORDERS), (1.0, 1.2))
    for (trace, spectrum), (family, (marked, last)) in zip(panels, ORDERS.items(), strict=True):
        axis = AXIS.get(family, 0)
        pair = (_acceleration(family)[:, axis], healthy[:, axis])
        _draw_trace(trace, family, axis, pair)
        for acc, colour in zip(pair, (COLOUR, GREY), strict=True):
            spectrum.semilogy(*_velocity(acc), color=colour, linewidth=1.0)
        spectrum.set(xlim=(0, last), ylim=(1e-4, 2e1), ylabel="mm/s rms", yticks=[1e-4, 1e-2, 1])
        _mark(spectrum, marked)
    panels[0][1].set_title("spectrum of the velocity, lines of 0.25 Hz", loc="left", fontsize=10)
    panels[-1][0].set_xlabel("revolutions at 600 rpm")
    panels[-1][1].set_xlabel("order (1x = 10 Hz)")
    _save(figure, "shaft")


def _draw_envelopes(page: str, healthy: np.ndarray) -> None:
    families = ENVELOPES[page]
    figure, panels = _page(len(families), (1.0, 0.8, 1.2))
    for (trace, spectrum, envelope), (family, (name, order)) in zip(
        panels, families.items(), strict=True
    ):
        pair = (_acceleration(family)[:, 0], healthy[:, 0])
        _draw_trace(trace, family, 0, pair)
        for acc, colour in zip(pair, (COLOUR, GREY), strict=True):
            frequency, power = signal.welch(acc, RATE_HZ, nperseg=512)
            spectrum.semilogy(frequency / 1e3, np.sqrt(power), color=colour, linewidth=1.0)
            envelope.plot(*_envelope(acc), color=colour, linewidth=1.0)
        spectrum.set(xlim=(0, 6), ylim=(5e-3, 4), ylabel="mg/√Hz")
        envelope.set(xlim=(0, 13), ylabel="mg rms")
        envelope.set_ylim(0, 1.25 * envelope.get_ylim()[1])
        if order:
            _mark(envelope, {order: f"{name} {order:.2f}x"})
    panels[0][1].set_title("spectrum", loc="left", fontsize=10)
    panels[0][2].set_title("spectrum of the envelope, 1.5-5 kHz", loc="left", fontsize=10)
    for panel, label in zip(
        panels[-1], ("revolutions at 600 rpm", "frequency, kHz", "order (1x = 10 Hz)"), strict=True
    ):
        panel.set_xlabel(label)
    _save(figure, page)


def _draw_trace(panel: Axes, family: str, axis: int, pair: tuple[np.ndarray, np.ndarray]) -> None:
    rows = slice(round(RATE_HZ), round(RATE_HZ * (1 + REVOLUTIONS / DESIGN.rated_hz)))
    turns = np.arange(rows.stop - rows.start) / RATE_HZ * DESIGN.rated_hz
    for acc, colour in zip(pair, (COLOUR, GREY), strict=True):
        panel.plot(turns, acc[rows], color=colour, linewidth=0.8)
    panel.set(ylabel=f"{FEATURES[axis]}, mg", xlim=(0, REVOLUTIONS))
    panel.set_title(family, loc="left", fontweight="bold", fontsize=10)


def _velocity(acc: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orders, and mm/s rms of each line."""
    frequency, power = signal.welch(acc, RATE_HZ, nperseg=round(4 * RATE_HZ), scaling="spectrum")
    kept = frequency > 0.2 * DESIGN.rated_hz  # below, noise over a small frequency
    velocity = 1e-3 * STANDARD_GRAVITY_MM_S2 * np.sqrt(power[kept]) / (2 * np.pi * frequency[kept])
    return frequency[kept] / DESIGN.rated_hz, velocity


def _envelope(acc: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orders, and mg rms of each line of the envelope."""
    band = signal.butter(4, ENVELOPE_HZ, "bandpass", fs=RATE_HZ, output="sos")
    rung = np.abs(signal.hilbert(signal.sosfiltfilt(band, acc)))
    frequency, power = signal.welch(rung, RATE_HZ, nperseg=round(4 * RATE_HZ), scaling="spectrum")
    return frequency / DESIGN.rated_hz, np.sqrt(power)


def _mark(panel: Axes, orders: Mapping[float, str]) -> None:
    for order, text in orders.items():
        panel.axvline(order, color=BLUE, linestyle=":", linewidth=1.0, zorder=0)
        panel.annotate(text, (order, 1.0), (3, -3), xycoords=panel.get_xaxis_transform(),
            textcoords="offset points", color=BLUE, va="top", fontsize=8)  # fmt: skip


def _draw_sensor() -> None:
    motor = Motor(DESIGN, seed=7, habits=replace(CALM, durations=STEADY), begin_running=True)
    samples = motor.block(round(2 * SHOWN_S[1] * SENSOR_RATE_HZ))
    healthy = Signal(samples.ts, 1e3 * (samples.acc - (0.0, 1.0, 0.0)))
    figure, panels = _page((len(FAULTS) + 1) // 2, (1.0, 1.0), sharex=True)
    for panel in panels.flat[len(FAULTS) :]:
        panel.set_axis_off()
    for panel, family in zip(panels.flat, FAULTS, strict=False):
        _draw_sensor_fault(panel, family, healthy)
    for panel in panels.flat[len(FAULTS) - 2 : len(FAULTS)]:
        panel.set_xlabel("time, s")
        panel.tick_params(labelbottom=True)
    _save(figure, "sensor")


def _draw_sensor_fault(panel: Axes, family: str, healthy: Signal) -> None:
    """The first feature, or for the clock how far its times are off."""
    faulty = slice(round(ONSET_S * SENSOR_RATE_HZ), round(OVER_S * SENSOR_RATE_HZ))
    known = Healthy.of(healthy.values[:, 0])
    fault = LiveFault(
        family,
        start=faulty.start,
        end=faulty.stop,
        sigma=known.sigma,
        axis=0,
        seed=SENSOR_SEEDS.get(family, 3),
        healthy=known,
        partners=siblings(FEATURES, 0),
    )
    changed = fault.change(healthy, 0)
    clock = family == "clock"
    before, after, unit = (
        (0 * healthy.ts, 1e3 * (changed.ts - healthy.ts), "time off, ms")
        if clock
        else (healthy.values[:, 0], changed.values[:, 0], "acc_x, mg")
    )
    panel.axvspan(ONSET_S, OVER_S, color=COLOUR, alpha=0.07, linewidth=0)
    panel.plot(healthy.ts, before, color=GREY, linewidth=0.8)
    panel.plot(healthy.ts[faulty], after[faulty], color=COLOUR, linewidth=1.0)
    panel.set(ylabel=unit, xlim=SHOWN_S)
    panel.set_title(family, loc="left", fontweight="bold", fontsize=10)


def _page(rows: int, widths: Sequence[float], *, sharex: bool = False) -> tuple[Figure, np.ndarray]:
    figure = Figure(figsize=(10.0, 1.55 * rows + 0.4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, len(widths), width_ratios=widths, sharex=sharex, squeeze=False)
    for panel in panels.flat:
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8)
        panel.yaxis.label.set_size(9)
        panel.xaxis.label.set_size(9)
    handles = [Line2D([], [], color=c, linewidth=2) for c in (GREY, COLOUR)]
    figure.legend(handles, ["healthy", "faulty"], loc="outside upper right", ncols=2,
        fontsize=9, frameon=False)  # fmt: skip
    return figure, panels


def _save(figure: Figure, page: str) -> None:
    """Few colours, so that the file is small."""
    drawn = BytesIO()
    figure.savefig(drawn, dpi=100)
    few = Image.open(drawn).convert("RGB").quantize(48, dither=Image.Dither.NONE)
    few.save(OUT / f"{page}.png", optimize=True)


if __name__ == "__main__":
    main()
