"""What is to be generated, and the machine that it asks for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from simulator.errors import SimulatorError
from simulator.faults.inject import FAULTS
from simulator.machines.damage import Damage
from simulator.machines.designs import MOTORS, MotorDesign, design_for
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.geometry import bearing_named
from simulator.machines.motor import RATE_HZ, Motor, check_speed
from simulator.machines.profile import Habits, benign_named
from simulator.machines.sensor import Probe, sensor_named
from simulator.recordings.bursts import Bursts

FORMS = ("csv", "parquet")
WAVEFORM_HZ = 1000.0  # as text, more would be slow to read
CHANNELS = ("load", "temp_c")  # of ``Samples``, beside acceleration and speed


@dataclass(frozen=True)
class Request:
    """What to generate.

    Attributes:
        rpm: Rated speed, 1/min; the highest one on an inverter.
        sessions: Number of files.
        minutes: Length of each.
        seed: Decides all chance, and the unit.
        fault: Family of faults, of the machine or of the sensor; None for a healthy session.
        severities: Of the faults of a session, in turn; 0..1.
        ramp_s: Seconds a fault takes to grow; None draws 0, 5 or 30.
        benign: Show one kind of benign event only.
        machine: ``motor``, or ``pump`` with its slow channels in files of their own.
        sensor: Type of sensor.
        rate_hz: Output rate.
        filtered: Whether the anti-alias filter is on.
        zeroed: Whether the sensor's offset was taken off on site.
        lowest_rpm: Lowest speed on an inverter, 1/min; None: it runs at rated speed.
        channels: What else is written of each sample; see ``CHANNELS``.
        bearing: Name or geometry of the bearing that may fail; None: that of the machine.
        bursts: When the sensor is heard; None: always.
        form: Of the files: ``csv``, ``parquet``, or None for Parquet above ``WAVEFORM_HZ``.
    """

    rpm: float
    sessions: int
    minutes: float
    seed: int
    fault: str | None = None
    severities: tuple[float, ...] = (1.0,)
    ramp_s: float | None = 0.0
    benign: str | None = None
    machine: str = "motor"
    sensor: str = "adxl355"
    rate_hz: float = RATE_HZ
    filtered: bool = True
    zeroed: bool = True
    lowest_rpm: float | None = None
    channels: tuple[str, ...] = ()
    bearing: str | None = None
    bursts: Bursts | None = None
    form: str | None = None

    @property
    def speeds(self) -> str:
        """In words, for names: ``600``, or ``400-1500``."""
        low = "" if self.lowest_rpm is None else f"{self.lowest_rpm:g}-"
        return f"{low}{self.rpm:g}"

    @property
    def design(self) -> MotorDesign:
        """The machine at the speed asked for."""
        pump = replace(MOTORS["pump-1200"], rpm=self.rpm)
        design = pump if self.machine == "pump" else design_for(self.rpm)
        if self.bearing is None:
            return design
        return replace(design, bearing=bearing_named(self.bearing))

    @property
    def suffix(self) -> str:
        """Of the files."""
        return f".{self.form or ('parquet' if self.rate_hz > WAVEFORM_HZ else 'csv')}"

    @property
    def habits(self) -> Habits:
        """What happens while it runs."""
        habits = Habits() if self.benign is None else benign_named(self.benign)
        if self.lowest_rpm is None:
            return habits
        return replace(habits, speeds=(self.lowest_rpm / self.rpm, 1.0))

    def motor(self, number: int, damages: Sequence[Damage] = ()) -> Motor:
        """Build the machine of one session."""
        probe = Probe(sensor_named(self.sensor), self.rate_hz, self.filtered, self.zeroed)
        return Motor(
            self.design,
            seed=self.seed,
            session=number,
            probe=probe,
            habits=self.habits,
            damages=damages,
        )

    def check(self) -> None:
        """Refuse what cannot be generated before anything is written.

        Raises:
            SimulatorError: With the allowed values.
        """
        check_speed(self.rpm, self.rate_hz)
        if self.lowest_rpm is not None and not 0 < self.lowest_rpm < self.rpm:
            raise SimulatorError(
                f"rpm {self.lowest_rpm:g}:{self.rpm:g}; allowed: LOWEST:HIGHEST, above 0"
            )
        if unknown := [name for name in self.channels if name not in CHANNELS]:
            raise SimulatorError(f"unknown channel {unknown[0]!r}; allowed: {', '.join(CHANNELS)}")
        sensor_named(self.sensor)
        if self.bearing is not None:
            bearing_named(self.bearing)
        if self.form not in {None, *FORMS}:
            raise SimulatorError(f"unknown format {self.form!r}; allowed: {', '.join(FORMS)}")
        if self.benign is not None:
            benign_named(self.benign)
            if self.fault is not None:
                raise SimulatorError(f"--benign {self.benign} with --fault; allowed: one of them")
        if self.fault is not None and self.fault not in {*FAULTS, *MACHINE_FAULTS}:
            allowed = ", ".join([*MACHINE_FAULTS, *FAULTS])
            raise SimulatorError(f"unknown fault {self.fault!r}; allowed: {allowed}")
