"""The command line: what each command takes, and the one line it prints when it cannot."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from tqdm import tqdm

from simulator.cli import options
from simulator.cli.machine_commands import add_generate, add_sees
from simulator.cli.parser import SENSOR_FAMILIES, Execute, Parser, command, fault_options
from simulator.demo.demo import Demo, run_demo
from simulator.errors import SimulatorError
from simulator.live.publisher import TOPIC, Publisher
from simulator.live.replay import Pace, load, replay
from simulator.live.requests import FAULT_TOPIC, LiveRequests
from simulator.recordings.recorded_faults import FaultRequest, inject_into_file


def run(arguments: list[str]) -> int:
    """Run the command named by ``arguments`` and return the exit code."""
    given = _parser().parse_args(arguments)
    execute: Execute = given.run
    try:
        return execute(given)
    except SimulatorError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m simulator",
        description="A motor that is not there: sessions, faults, MQTT replay and the demo.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (add_generate, _add_inject, _add_replay, add_sees, _add_demo):
        add(commands)
    return parser


def _add_inject(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = command(
        commands,
        "inject",
        "Copy a session file with one labelled fault in it.",
        "Works on any recorded CSV with a time column; only the cells of the fault and its label\n"
        "change. sigma is the healthy standard deviation of the feature in the same file. The\n"
        "ground truth (family, axis, times, severity, seed) goes beside it, to OUT.truth.json,\n"
        "with what IN.truth.json or the label told already; faults may not overlap. A fault of\n"
        "the clock must be the last one.\n\n"
        "  python -m simulator inject a.csv --fault stuck --start 60 --duration 30 --out b.csv",
        _inject,
    )
    parser.add_argument("file", type=Path, metavar="IN.csv", help="session file to read")
    fault_options(parser, SENSOR_FAMILIES, required=True)
    parser.add_argument("--feature", help="column to change (drawn by the seed if not given)")
    parser.add_argument("--start", type=options.not_negative, default=60.0, help="onset, s")
    parser.add_argument("--duration", type=options.positive, default=30.0, help="length, s")
    parser.add_argument(
        "--ramp", type=options.not_negative, default=0.0, help="from onset to full severity, s"
    )
    parser.add_argument("--seed", type=options.whole_from(0), default=7, help="decides all chance")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT.csv", help="file to write")


def _inject(given: argparse.Namespace) -> int:
    request = FaultRequest(
        family=given.fault,
        start_s=given.start,
        duration_s=given.duration,
        severity=given.severity,
        seed=given.seed,
        feature=given.feature,
        ramp_s=given.ramp,
    )
    line = inject_into_file(given.file, given.out, request)
    sys.stdout.write(f"{given.out}: {line}\n")
    return 0


def _add_replay(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = command(
        commands,
        "replay",
        "Send recorded sessions over MQTT as one device.",
        "The first sample is rebased to now and the recorded spacing kept, so at --speed 10 the\n"
        "device's clock runs ten times fast. Each file is a session; labels are not sent, but\n"
        "the start, full severity and end of each fault, from FILE.truth.json or else the label,\n"
        "are told as JSON on simulator/DEVICE/truth. A JSON message on simulator/DEVICE/fault,\n"
        'such as {"family": "noise", "severity": 0.5, "seconds": 30}, optionally with feature,\n'
        "ramp (s) and seed, puts a fault in from the next batch on; it ends with the session at\n"
        "the latest. One that cannot be is told there too, as refused.\n\n"
        "  python -m simulator replay a.csv --mqtt mqtt://localhost:1883 --device motor-600-1",
        _replay,
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="session files")
    parser.add_argument("--mqtt", required=True, metavar="URL", help="mqtt://user:pass@host:port")
    parser.add_argument("--ca", type=Path, help="PEM file to trust, for mqtts:// and wss://")
    parser.add_argument("--certificate", type=Path, help="PEM file of ours, with its key")
    parser.add_argument("--device", type=options.device, required=True, help="its name")
    parser.add_argument("--topic", default=TOPIC, help="topic template")
    parser.add_argument("--speed", type=options.positive, default=1.0, help="times real time")
    parser.add_argument(
        "--batch", type=options.whole_from(1), help="samples a message (default: 50, or 0.1 s)"
    )
    parser.add_argument(
        "--bursts", action="store_true", help="a message has one time and a rate (fs)"
    )
    parser.add_argument("--qos", type=options.whole_from(0, 1), default=1, help="0 or 1")
    parser.add_argument("--loop", action="store_true", help="begin again after the last file")
    parser.add_argument("--features", type=options.names, metavar="A,B", help="send only these")
    parser.add_argument("--limit-rows", type=options.whole_from(1), help="send only so many rows")


def _replay(given: argparse.Namespace) -> int:
    sessions = [
        load(path, features=given.features, limit_rows=given.limit_rows) for path in given.files
    ]
    stop, requests = threading.Event(), LiveRequests()
    for number in (signal.SIGINT, signal.SIGTERM):
        # From a thread: the signal may come while this one waits and holds the event's own lock.
        signal.signal(number, lambda *_: threading.Thread(target=stop.set).start())
    total = None if given.loop else sum(len(session.ts) for session in sessions)
    with (
        Publisher(
            given.mqtt, topic=given.topic, qos=given.qos, ca=given.ca, own=given.certificate
        ) as publisher,
        tqdm(total=total, unit="sample", unit_scale=True, desc=given.device, disable=None) as bar,
    ):
        publisher.subscribe(FAULT_TOPIC.replace("{device}", given.device), requests.receive)
        replay(
            sessions,
            publisher,
            device=given.device,
            pace=Pace(given.speed, given.batch, given.loop, given.bursts),
            stop=stop,
            advance=bar.update,
            requests=requests,
        )
    if publisher.lost:
        sys.stderr.write(f"{publisher.address}: {publisher.lost} messages lost at QoS 0\n")
    if requests.refused:
        sys.stderr.write(f"{given.device}: {requests.refused} fault requests refused\n")
    return 130 if stop.is_set() else 0


def _add_demo(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = command(
        commands,
        "demo",
        "Show everything: broker, motors with faults, detector and dashboard.",
        "It runs on this computer only, in a temporary folder that is removed at the end.\n\n"
        "  python -m simulator demo",
        _demo,
    )
    port = options.whole_from(1, 65535)
    parser.add_argument("--port", type=port, default=8501, help="where the dashboard listens")
    parser.add_argument("--motors", type=options.whole_from(1, 16), default=6,
        help="how many: one at 600 rpm, one heard at 12.8 kHz, one on an inverter, one at 1200 "
        "rpm, then of fixed speeds (default: 6)")  # fmt: skip
    parser.add_argument("--seconds", type=options.positive, help="end by itself after so long")
    parser.add_argument("--seed", type=options.whole_from(0), default=7, help="decides all chance")
    kinds = ("auto", "mosquitto", "amqtt")
    parser.add_argument("--broker", choices=kinds, default="auto", help="auto prefers mosquitto")


def _demo(given: argparse.Namespace) -> int:
    return run_demo(
        Demo(
            port=given.port,
            motors=given.motors,
            seconds=given.seconds,
            seed=given.seed,
            broker=given.broker,
        )
    )
