"""A stand-in for the detector that writes made-up frames to a real store.

The page reads the store and nothing else, so for it this is a detector.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import numpy as np

from detector.alarms import requests
from detector.alarms.answers import answer
from detector.alarms.desk import open_desk
from detector.alarms.priority import score_sentence
from detector.records import Alarm, DetectorHealth, DeviceState, DeviceStatus, Frame, ModelCard
from detector.settings.tree import Settings
from detector.store import alarms, commands, devices, frames
from detector.store.archive import waveforms
from detector.store.archive.waveforms import Waveform
from detector.store.places import archive_place
from detector.store.schema import open_store

RATE_HZ = 100.0
PERIOD_S = 1 / RATE_HZ
WINDOW = 60
UNITS = {"acc_x": "g", "acc_y": "g", "acc_z": "g", "temp": "°C", "current": "A", "pressure": "bar"}


@dataclass
class Machine:
    """One made-up device; its fields may be changed while it is fed."""

    name: str
    features: tuple[str, ...] = ("acc_x", "acc_y", "acc_z")
    fault: bool = False
    running: bool = True
    sending: bool = True
    has_model: bool = True
    provisional: bool = False
    session: str = "s1"
    clock_offset_s: float = 0.0
    scored: int = 0
    next_ts: float = 0.0
    threshold: float = 1.0
    alarm: Alarm | None = None
    rate_hz: float = RATE_HZ
    waveform: Waveform | None = None  # written where the page asks for it
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))


def card(machine: Machine) -> ModelCard:
    """A model that fits the machine."""
    count = len(machine.features)
    units = tuple(UNITS.get(name, "") for name in machine.features)
    return ModelCard(
        "motor-600rpm",
        "lstm_ae",
        WINDOW,
        PERIOD_S,
        machine.features,
        units,
        (-1.2,) * count,
        (0.9,) * count,
        "max x 1.25 over 0.5 h of normal data",
        machine.provisional,
    )


class Feed:
    """Feeds machines into a store and keeps the detector's lease, until stopped."""

    def __init__(self, url: str, *machines: Machine, samples: int = 25, history_s: float = 20.0):
        self.engine = open_store(url)
        self.machines = {machine.name: machine for machine in machines}
        self.samples = samples
        self.applies = True
        self.leases = True
        self.connection = "connected"
        self.thinned, self.flood = 1, 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed")
        now = time.time()
        with self.engine.begin() as store:
            devices.take_lease(store, "feed", now)
            for machine in machines:
                machine.next_ts = now - history_s + machine.clock_offset_s
        self._step()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._end.set()
        self._thread.join(10)
        self.engine.dispose()

    def __getitem__(self, name: str) -> Machine:
        return self.machines[name]

    def _run(self):
        while not self._end.wait(self.samples * PERIOD_S):
            self._step()

    def _step(self):
        now = time.time()
        with self.engine.begin() as store:
            if self.applies:
                self._apply(store)
            for machine in self.machines.values():
                if machine.sending:
                    self._feed(store, machine, now)
            counters = {"thinned": self.thinned, "flood": self.flood}
            if self.leases:
                devices.renew_lease(store, DetectorHealth("feed", now, self.connection, counters))

    def _apply(self, store):
        for command in commands.pending(store):
            outcome = "applied"
            if command.kind == "threshold":
                self.machines[command.device].threshold = command.value["threshold"] or 1.0
            elif command.kind == commands.DELAYS:
                requests.delays_of(command.value)
            elif command.kind in {commands.RELOAD, commands.COMMISSION}:
                outcome = "applied: 1 rule changed" if command.kind == commands.RELOAD else outcome
            elif command.kind == commands.WAVEFORM:
                outcome = self._write_waveform(self.machines[command.device])
            else:
                outcome = answer(store, open_desk(Settings(), store), command, time.time())
            commands.mark_applied(store, command.id, outcome)

    def _write_waveform(self, machine):
        if machine.waveform is None:
            return f"refused: no waveform of {machine.name} is kept"
        place = archive_place(self.engine, Settings().store.archive)
        waveforms.write(place, waveforms.of_device(machine.name), machine.waveform)
        return "applied"

    def _feed(self, store, machine, now):
        made = None
        while machine.next_ts + self.samples * PERIOD_S <= now + machine.clock_offset_s:
            made = frame(machine, self.samples, now)
            frames.write(store, [made])
            self._alarm(store, machine, made, now)
        if made is not None:
            devices.update(store, [status(machine, made, now)])

    def _alarm(self, store, machine, made, now):
        above = made.anomaly
        if above.sum() > 3 and machine.alarm is None:
            first = float(made.ts[np.argmax(above)])
            peak = float(np.nanmax(made.score))
            shares = dict(zip(machine.features, made.contributions.tolist(), strict=True))
            raised = Alarm(
                None,
                machine.name,
                "provisional" if machine.provisional else "score",
                "active",
                first,
                None,
                peak,
                shares,
                "motor-600rpm",
                machine.threshold,
                sentence=score_sentence(peak, machine.threshold, shares),
            )
            machine.alarm = open_desk(Settings(), store).book.begin(store, raised, now)
        elif not above.any() and machine.alarm is not None:
            ended = alarms.one(store, machine.alarm.id)
            book = open_desk(Settings(), store).book
            book.clear(store, ended, float(made.ts[0]), "return", now)
            machine.alarm = None


def frame(machine: Machine, n: int, now: float) -> Frame:
    """The machine's next ``n`` samples as if scored."""
    ts = machine.next_ts + np.arange(n) * PERIOD_S
    machine.next_ts = float(ts[-1]) + PERIOD_S
    clean = np.stack(
        [
            (1 + i) * 0.4 * np.sin(2 * np.pi * (2.5 + 0.3 * i) * ts + i) + (20.0 * (i > 2))
            for i in range(len(machine.features))
        ],
        axis=1,
    )
    if not machine.running:
        clean *= 0.02
    noise = machine.rng.normal(0, 0.06, clean.shape)
    if machine.fault:
        noise[:, 0] += 1.2 * (machine.rng.random(n) > 0.7)
    score = 0.45 + 0.1 * np.sin(ts / 3) + machine.rng.normal(0, 0.03, n)
    if machine.fault:
        score += 1.5
    count = machine.scored + np.arange(n)
    machine.scored += n
    warm = count >= WINDOW - 1
    reconstruction = np.where(warm[:, None], clean, np.nan)
    shares = np.ones(len(machine.features))
    shares[0] = 8.0 if machine.fault else 1.5
    if not machine.has_model:
        reconstruction[:] = np.nan
        warm[:] = False
        shares[:] = np.nan
    return Frame(
        machine.name,
        machine.session,
        machine.features,
        ts,
        (clean + noise).astype(np.float32),
        reconstruction.astype(np.float32),
        np.where(warm, score, np.nan).astype(np.float32),
        np.where(warm, score, np.nan).astype(np.float32),
        np.full(n, machine.running),
        machine.threshold,
        (shares / shares.sum()).astype(np.float32),
        now,
    )


def status(machine: Machine, made: Frame, now: float) -> DeviceStatus:
    """What a detector would say after ``made``."""
    warm = bool(np.isfinite(made.score[-1]))
    state = DeviceState.OK
    if not machine.has_model:
        state = DeviceState.UNSCORED
    elif not warm:
        state = DeviceState.WARMING_UP
    elif not machine.running:
        state = DeviceState.NOT_JUDGED
    elif machine.alarm is not None:
        state = DeviceState.SUSPECT if machine.provisional else DeviceState.ALARM
    score = float(np.nanmax(made.score)) if warm and machine.running else None
    return DeviceStatus(
        machine.name,
        state,
        None if machine.has_model else "no model matches this name",
        score,
        score,
        machine.threshold,
        float(made.ts[-1]),
        now,
        machine.rate_hz,
        machine.features,
        card(machine) if machine.has_model else None,
        {"received": machine.scored, "clock_offset_ms": round(-1000 * machine.clock_offset_s)},
    )
