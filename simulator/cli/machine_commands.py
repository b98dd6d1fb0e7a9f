"""The commands about machines: ``generate`` sessions of one, and what a sensor ``sees`` of it."""

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from tqdm import tqdm

from simulator.cli import options
from simulator.cli.parser import SENSOR_FAMILIES, Parser, command, fault_options
from simulator.errors import SimulatorError
from simulator.machines.designs import design_for
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.geometry import BEARINGS, bearing_named
from simulator.machines.motor import RATE_HZ
from simulator.machines.profile import BENIGN
from simulator.machines.sensor import SENSORS, Probe, sensor_named
from simulator.machines.visibility import Sight, View, look
from simulator.recordings.bursts import bursts
from simulator.recordings.catalogue import SPEEDS, Catalogue, write_catalogue
from simulator.recordings.generate import write_sessions
from simulator.recordings.presets import PRESETS, preset_named
from simulator.recordings.session_request import CHANNELS, FORMS, Request

BEARINGS_ALLOWED = f"{', '.join(BEARINGS)}, or BALLS,BALL_MM,PITCH_MM[,CONTACT_DEG]"


class _Preset(argparse.Action):
    """Sets what a preset says; an option behind it sets its own."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """See ``argparse.Action``."""
        try:
            chosen = preset_named(str(values))
        except SimulatorError as error:
            parser.error(str(error))
        vars(namespace).update(chosen)


def add_generate(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add ``generate``."""
    parser = command(
        commands,
        "generate",
        "Write sessions of a simulated machine as CSV files, the ground truth beside them.",
        "Each session begins idle, starts, runs with load steps and sags of the supply, and may\n"
        "coast down and start again; all of that is normal. With --fault it has labelled faults\n"
        "while running, with --benign one kind of normal event only. --catalogue lays out a whole\n"
        "data set, rpm_600/{train,test} and rpm_1200/{train,test}, of which --sessions units are\n"
        "for training; with --rpm LOWEST:HIGHEST it is rpm_LOWEST-HIGHEST. The same seed writes\n"
        "the same bytes.\n\n"
        "  python -m simulator generate --rpm 600 --sessions 4 --minutes 5 --seed 7 --out runs/a\n"
        "  python -m simulator generate --rpm 600 --fault unbalance --ramp 30 --out runs/b\n"
        "  python -m simulator generate --rpm 400:1500 --channels load,temp_c --out runs/vs\n"
        "  python -m simulator generate --preset motor-hf-600 --fault bearing_outer --out runs/hf\n"
        "  python -m simulator generate --catalogue --sessions 24 --out runs/catalogue",
        _generate,
    )
    add = parser.add_argument
    add("--preset", action=_Preset, metavar="NAME",
        help=f"several options at once, those behind it win: {', '.join(PRESETS)}")  # fmt: skip
    add("--rpm", type=options.speeds, default="600", metavar="RPM[:RPM]",
        help="rated speed, 1/min; LOWEST:HIGHEST runs on an inverter, from one speed to "
        "another")  # fmt: skip
    add("--channels", type=options.names, default=(), metavar="NAME,…",
        help=f"more columns: {', '.join(CHANNELS)}")  # fmt: skip
    add("--machine", choices=("motor", "pump"), default="motor",
        help="a pump has slow channels in files of their own")  # fmt: skip
    add("--sessions", type=options.whole_from(1), default=4, help="number of files")
    add("--minutes", type=options.positive, default=5.0, help="length of each session")
    add("--seed", type=options.whole_from(0), default=7, help="decides all chance, and the unit")
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    _probe_options(parser)
    add("--bearing", metavar="NAME", help=f"the one that may fail: {BEARINGS_ALLOWED}")
    add("--bursts", metavar="LENGTH:EVERY",
        help="the sensor is heard now and then, s: 1:10; each burst is a session")  # fmt: skip
    add("--format", choices=FORMS, help="of the files (default: parquet above 1 kHz)")
    add("--raw-offset", action="store_true",
        help="the sensor's offset of up to 50 mg was not taken off on site")  # fmt: skip
    machine = {name: fault.summary for name, fault in MACHINE_FAULTS.items()}
    fault_options(parser, {**machine, **SENSOR_FAMILIES}, required=False)
    add("--ramp", type=options.not_negative, default=0.0, metavar="S",
        help="seconds a fault takes to grow")  # fmt: skip
    add("--benign", metavar="NAME", help=f"one kind of normal event: {', '.join(BENIGN)}")
    add("--catalogue", action="store_true", help="write a whole data set, all faults and events")


def _probe_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sensor", default="adxl355", help=f"one of {', '.join(SENSORS)}")
    parser.add_argument("--rate", type=options.positive, default=RATE_HZ, help="samples a second")
    parser.add_argument(
        "--no-filter", action="store_true", help="without the sensor's anti-alias filter"
    )


def _generate(given: argparse.Namespace) -> int:
    request = Request(
        rpm=given.rpm[-1],
        lowest_rpm=given.rpm[0] if len(given.rpm) > 1 else None,
        channels=given.channels,
        sessions=given.sessions,
        minutes=given.minutes,
        seed=given.seed,
        fault=given.fault,
        severities=(given.severity,),
        ramp_s=given.ramp,
        benign=given.benign,
        machine=given.machine,
        sensor=given.sensor,
        rate_hz=given.rate,
        filtered=not given.no_filter,
        zeroed=not given.raw_offset,
        bearing=given.bearing,
        bursts=None if given.bursts is None else bursts(given.bursts),
        form=given.format,
    )
    if given.catalogue:
        return _catalogue(given, request)
    request.check()
    with _bar(60.0 * given.minutes * given.sessions) as bar:
        paths = write_sessions(request, given.out, bar.update)
    sys.stdout.write("".join(f"{path}\n" for path in paths))
    return 0


def _catalogue(given: argparse.Namespace, request: Request) -> int:
    if given.fault or given.benign:
        raise SimulatorError("--catalogue with --fault or --benign; allowed: it has all of them")
    catalogue = Catalogue(
        replace(request, fault=None, benign=None),
        units=given.sessions,
        train_minutes=given.minutes,
        test_minutes=2 * given.minutes,
        speeds=SPEEDS if request.lowest_rpm is None else (request.rpm,),
    )
    with _bar(catalogue.seconds) as bar:
        paths = write_catalogue(catalogue, given.out, bar.update)
    sys.stdout.write(f"{given.out}: {len(paths)} sessions\n")
    return 0


def _bar(seconds: float) -> "tqdm[None]":
    return tqdm(
        total=seconds, unit="s", unit_scale=True, desc="generate", leave=False, disable=None
    )


def add_sees(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add ``sees``."""
    parser = command(
        commands,
        "sees",
        "Tell what a sensor can see of each machine fault, and why not.",
        "visible: it doubles the power of some third of an octave below half the rate; aliased:\n"
        "only what folds back from above does; below the noise: a sensor without noise would show\n"
        "it; invisible: nothing of it passes. Sensor faults arise behind all this and are always\n"
        "in the samples.\n\n"
        "  python -m simulator sees --rpm 1200 --rate 100 --sensor adxl345 --bearing 6205",
        _sees,
    )
    add = parser.add_argument
    add("--rpm", type=options.positive, default=600.0, help="rated speed, 1/min")
    _probe_options(parser)
    add("--bearing", default="6204", help=BEARINGS_ALLOWED)
    add("--severity", type=options.share, default=0.5, help="of the faults, 0 to 1")
    add("--json", action="store_true", help="as a JSON list")


def _sees(given: argparse.Namespace) -> int:
    design = replace(design_for(given.rpm), bearing=bearing_named(given.bearing))
    probe = Probe(sensor_named(given.sensor), given.rate, filtered=not given.no_filter)
    sights = look(View(design, probe), given.severity)
    if given.json:
        sys.stdout.write(json.dumps([asdict(sight) for sight in sights], indent=1) + "\n")
        return 0
    sys.stdout.write(_heading(given, probe) + "".join(f"{_row(sight)}\n" for sight in sights))
    return 0


def _heading(given: argparse.Namespace, probe: Probe) -> str:
    how = f"filtered at {probe.bandwidth_hz:g} Hz" if probe.filtered else "without a filter"
    return (
        f"{given.rpm:g} rpm, {given.sensor} at {given.rate:g} Hz {how}, "
        f"faults of severity {given.severity:g}\n\n"
        f"{'fault':22}  {'verdict':19}  {'rms grows':>9}  reason\n"
    )


def _row(sight: Sight) -> str:
    verdict = sight.verdict
    if sight.alias_hz is not None:
        verdict = f"aliased to {sight.alias_hz:.2f} Hz"  # type: ignore[assignment]
    return f"{sight.family:22}  {verdict:19}  {f'x{sight.gain:.2f}':>9}  {sight.reason}"
