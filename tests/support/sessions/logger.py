"""Recordings as a foreign data logger writes them: ``;``, decimal comma, units, dd.mm.yyyy."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

RATE_HZ = 5
HEAD = "Zeit;Druck;Durchfluss;Schwingung"
UNITS = "dd.mm.yyyy;bar;l/min;mm/s"


def write_log(path: Path, seconds: int, seed: int, day: int,
              fault: tuple[int, int] | None = None) -> None:  # fmt: skip
    """Write a pump's log of a day in March 2026.

    Args:
        path: Of the file.
        seconds: Its length.
        seed: Of the noise.
        day: Of the month, 8 o'clock.
        fault: Seconds from and to which the pump loses pressure; None: no label column either.
    """
    values, faulty = _samples(seconds, seed, fault)
    start = datetime(2026, 3, day, 8)  # loggers write no zone
    lines = [HEAD + (";Anomaly" if fault else ""), UNITS + (";" if fault else "")]
    for number, row in enumerate(values):
        moment = start + timedelta(seconds=number / RATE_HZ)
        cells = ";".join(f"{value:.3f}" for value in row).replace(".", ",")
        label = f";{int(faulty[number])}" if fault else ""
        lines.append(f"{moment:%d.%m.%Y %H:%M:%S},{moment.microsecond // 1000:03d};{cells}{label}")
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("cp1252"))


def _samples(
    seconds: int, seed: int, fault: tuple[int, int] | None
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    t = np.arange(RATE_HZ * seconds) / RATE_HZ
    faulty = np.zeros(len(t), np.bool_) if fault is None else (t >= fault[0]) & (t < fault[1])
    wave, noise = np.sin(2 * np.pi * t / 4), rng.standard_normal((3, len(t)))
    pressure = 3.2 + 0.12 * wave + 0.03 * noise[0] - 0.6 * faulty
    flow = 42 + 1.5 * np.sin(2 * np.pi * t / 4 + 0.7) + 0.4 * noise[1] - 9 * faulty
    vibration = 1.1 + 0.2 * np.abs(wave) + 0.05 * noise[2] + 0.9 * faulty
    return np.stack([pressure, flow, vibration], axis=1), faulty
