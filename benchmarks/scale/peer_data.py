"""Normal motors to learn from, and others with faults to find: the same for every detector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from benchmarks.lib.load import ALWAYS_RUN, SETTLING, Array, healthy
from detector.sessions.windows import windows
from simulator.faults.inject import inject
from simulator.machines.damage import Damage
from simulator.machines.motor import FEATURES, MOTORS, Motor
from simulator.machines.sensor import Probe

RATE_HZ, WINDOW = 50.0, 60
NORMAL, NORMAL_S = 12, 60.0  # motors and seconds of each
SESSION_S, ONSET_S, END_S = 30.0, 15.0, 25.0
MACHINE = ("unbalance", "misalignment", "bent_shaft", "looseness", "rub")
SENSOR = ("bias", "drift", "gain", "noise", "spike", "stuck")
SEVERITIES = (0.25, 0.5)
STRIDE = 5  # samples between two windows that are compared
TRAIN_STRIDE = 4
TEST_SEED = 5000


@dataclass(frozen=True)
class Session:
    """A motor with one fault.

    Attributes:
        name: Family and severity.
        values: Shape (n, 3).
        faulty: Shape (n,).
    """

    name: str
    values: Array
    faulty: np.ndarray


@dataclass(frozen=True)
class Trial:
    """What is learnt from and what is judged.

    Attributes:
        normal: Shape (n, 3) each, one a motor.
        sessions: With faults, of motors that nobody has learnt.
    """

    normal: list[Array]
    sessions: list[Session]

    @property
    def ends(self) -> np.ndarray:
        """Of the samples of all sessions in a row, those that a compared window ends in."""
        found, before = [], 0
        for one in self.sessions:
            found.append(before + np.arange(WINDOW - 1, len(one.values), STRIDE))
            before += len(one.values)
        return np.concatenate(found)

    @property
    def faulty(self) -> np.ndarray:
        """Whether the sample is faulty, of each compared window."""
        return np.concatenate([one.faulty for one in self.sessions])[self.ends]

    def arrays(self) -> dict[str, np.ndarray]:
        """For ``peer_runner``: windows and samples in units of the normal ones."""
        every = np.concatenate(self.normal)
        centre, scale = every.mean(axis=0), every.std(axis=0)
        normal = [self._scaled(one, centre, scale) for one in self.normal]
        tested = [self._scaled(one.values, centre, scale) for one in self.sessions]
        lengths = np.cumsum([0, *map(len, tested)])
        train = np.concatenate([windows(one, WINDOW)[::TRAIN_STRIDE] for one in normal])
        test = np.concatenate([windows(one, WINDOW)[::STRIDE] for one in tested])
        return {
            "train": train, "test": test, "ends": self.ends,
            "train_samples": np.concatenate(normal), "test_samples": np.concatenate(tested),
            "bounds": np.stack([lengths[:-1], lengths[1:]], axis=1),
        }  # fmt: skip

    @staticmethod
    def _scaled(values: Array, centre: Array, scale: Array) -> np.ndarray:
        return ((values - centre) / scale).astype(np.float32)


def make_trial(seed: int) -> Trial:
    """Simulate; some ten seconds."""
    samples = round(NORMAL_S * RATE_HZ)
    motors = tqdm(range(NORMAL), unit="motor", desc="normal motors", leave=False)
    normal = [healthy(seed + number, samples, RATE_HZ) for number in motors]
    families = tqdm([*MACHINE, *SENSOR], unit="family", desc="faults", leave=False)
    return Trial(normal, [one for family in families for one in _sessions(family, seed)])


def _sessions(family: str, seed: int) -> Iterator[Session]:
    samples, first, last = (round(s * RATE_HZ) for s in (SESSION_S, ONSET_S, END_S))
    faulty = np.zeros(samples, np.bool_)
    faulty[first:last] = True
    for severity in SEVERITIES:
        seed += 1
        number = seed + TEST_SEED + 10 * (MACHINE + SENSOR).index(family)
        if family in MACHINE:
            values = _damaged(family, severity, number, samples)
        else:
            plain = healthy(number, samples, RATE_HZ)
            rng = np.random.default_rng(number)
            values = inject(plain, family=family, severity=severity, start=first, end=last,
                            sigma=float(plain[:, 0].std()), axis=0, rng=rng,
                            rate_hz=RATE_HZ)  # fmt: skip
        yield Session(f"{family} {severity:g}", values, faulty)


def _damaged(family: str, severity: float, seed: int, samples: int) -> Array:
    settle_s = SETTLING / RATE_HZ
    damage = Damage(family, severity, ONSET_S + settle_s, ONSET_S + settle_s, END_S + settle_s)
    motor = Motor(MOTORS["motor-600"], seed=seed, probe=Probe(rate_hz=RATE_HZ), habits=ALWAYS_RUN,
                  begin_running=True, damages=[damage])  # fmt: skip
    values: Array = motor.block(SETTLING + samples).acc[SETTLING:]
    assert values.shape[1] == len(FEATURES)
    return values
