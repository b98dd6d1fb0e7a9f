"""What each command takes, grouped by who uses it. Imports nothing that takes time."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from detector.cli.adopt_options import add_adopt
from detector.cli.commission_options import add_commission, add_use
from detector.cli.models.model_options import add_evaluate, add_export_onnx, add_score, add_train
from detector.cli.operating.operating_options import (
    add_alarms,
    add_answer_why,
    add_comment,
    add_delays,
    add_devices,
    add_maintenance,
    add_note,
    add_notify,
    add_out_of_service,
    add_preview,
    add_shelve,
    add_threshold,
    add_verdict,
)
from detector.cli.options import add_json, add_serve, add_settings, at_least
from detector.cli.reading_options import add_reading
from detector.cli.stores.store_options import add_store
from detector.cli.writing.export_options import add_export
from detector.version import version_line

Add: TypeAlias = Callable[[argparse.ArgumentParser], None]
SHELLS = ("bash", "zsh", "fish")
SIMULATOR = ("generate", "inject", "replay", "demo", "sees")
HTTP_PORT = 8501

ABOUT = "Live anomaly monitoring for machines that publish sensor samples over MQTT."


class Parser(argparse.ArgumentParser):
    """Refuses in one line, like everything else."""

    def parse_known_args(
        self,
        *args: Any,  # noqa: ANN401 -- argparse has several signatures for it
        **more: Any,  # noqa: ANN401
    ) -> tuple[Any, list[str]]:
        """Refuse what is unknown here, where the command is known, and not above."""
        found, unknown = super().parse_known_args(*args, **more)
        if unknown:
            self.error(f"unknown: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where to read more; exit code 2."""
        self.exit(2, f"error: {message}; see {self.prog} --help\n")


class TopParser(Parser):
    """Lists commands by who uses them."""

    def format_help(self) -> str:
        """The whole of ``--help``."""
        return (
            f"usage: {self.prog} COMMAND [OPTION ...]\n\n{ABOUT}\n\n{_groups()}\n\n"
            f"{self.prog} COMMAND --help tells a command's options, --version what this is.\n"
        )


def build_parser(prog: str | None = None) -> Parser:
    """The whole tree.

    Args:
        prog: Name of the program; None: as it was called.
    """
    parser = TopParser(prog=prog or _called_as())
    parser.add_argument("--version", action="version", version=version_line())
    parts = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=Parser
    )
    for group in GROUPS.values():
        for name, (about, example, add, runner) in group.items():
            part = parts.add_parser(
                name, help=about, description=f"{about[0].upper()}{about[1:]}.",
                epilog=f"example:\n  {example}",
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )  # fmt: skip
            add(part)
            part.set_defaults(run=_lazily(*runner))
    return parser


def _called_as() -> str:
    """``faultline`` for the console script, else the module form."""
    name = Path(sys.argv[0]).stem
    return name if name == "faultline" else "python -m detector"


def _groups() -> str:
    """Commands by who uses them, with an example each."""
    lines = []
    for who, group in GROUPS.items():
        lines.append(f"for {who}:")
        lines += [f"  {name:<15}{about}" for name, (about, *_) in group.items()]
        first = next(iter(group.values()))[1].splitlines()[0]
        lines += [f"  e.g. {first}", ""]
    return "\n".join(lines).rstrip()


def _lazily(module: str, function: str) -> Callable[[argparse.Namespace], str]:
    """A command's function; its module is imported when it runs, for some take seconds."""

    def run(args: argparse.Namespace) -> str:
        answer: str = getattr(import_module(f"detector.cli.{module}"), function)(args)
        return answer

    return run


def _decode(part: argparse.ArgumentParser) -> None:
    part.add_argument("file", nargs="?", default="-", metavar="FILE",
                      help="the message's bytes; - is standard input (default)")  # fmt: skip
    part.add_argument("--topic", required=True, help="it came on")
    add_json(part)
    add_settings(part)


def _inspect(part: argparse.ArgumentParser) -> None:
    part.add_argument("files", nargs="+", type=Path, metavar="FILE",
                      help="files or folders; - is the standard input")  # fmt: skip
    part.add_argument("--plot", type=Path, metavar="FILE.png", help="draw every feature into it, "
                      "with gaps, labels and missing values")  # fmt: skip
    add_reading(part)
    add_json(part)


def _convert(part: argparse.ArgumentParser) -> None:
    part.add_argument("files", nargs="+", type=Path, metavar="FILE",
                      help="files or folders; - is the standard input")  # fmt: skip
    part.add_argument("--out", type=Path, required=True, help="FILE.csv or FILE.parquet to write")
    part.add_argument("--force", action="store_true", help="replace FILE where it exists")
    add_reading(part)


def _dashboard(part: argparse.ArgumentParser) -> None:
    part.add_argument("--port", type=at_least(1), default=HTTP_PORT, help="(default: %(default)s)")
    part.add_argument("--address", default="127.0.0.1", help="(default: %(default)s); another one "
                      "needs dashboard.insecure in the settings")  # fmt: skip
    add_settings(part)


def _simulate(part: argparse.ArgumentParser) -> None:
    part.add_argument("what", choices=SIMULATOR, help="--help after it tells the rest")
    part.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def _completion(part: argparse.ArgumentParser) -> None:
    part.add_argument("shell", choices=SHELLS)


# who -> command -> what it does, an example, its options, the module and function that run it
GROUPS: dict[str, dict[str, tuple[str, str, Add, tuple[str, str]]]] = {
    "operators": {
        "alarms": ("list alarms, the newest first", "faultline alarms --device motor-600-1\n"
                   "  faultline alarms --open\n"
                   "  faultline alarms --figures --days 30",
                   add_alarms, ("listings", "list_alarms")),
        "ack": ("acknowledge alarms: somebody has seen them", "faultline ack 12 13 --who Kim",
                add_answer_why, ("operating.answering", "answer_alarms")),
        "shelve": ("put alarms aside for a while", "faultline shelve 12 --minutes 30 --who Kim",
                   add_shelve, ("operating.answering", "answer_alarms")),
        "unshelve": ("tell of shelved alarms again", "faultline unshelve 12 --who Kim",
                     add_answer_why, ("operating.answering", "answer_alarms")),
        "comment": ("write something beside alarms",
                    "faultline comment 12 --text 'belt looks worn' --who Kim",
                    add_comment, ("operating.answering", "answer_alarms")),
        "verdict": ("say what alarms were; it can be changed",
                    "faultline verdict 12 real --cause 'loose bolt' --who Kim",
                    add_verdict, ("operating.answering", "answer_alarms")),
        "maintenance": ("hold a device's alarms back while it is worked on",
                        "faultline maintenance pump-1 --minutes 90 --who Kim",
                        add_maintenance, ("operating.answering", "answer_device")),
        "out-of-service": ("hold a device's alarms back until it is undone",
                           "faultline out-of-service pump-1 --who Kim --why 'taken apart'\n"
                           "  faultline out-of-service pump-1 --undo --who Kim",
                           add_out_of_service, ("operating.answering", "answer_device")),
        "threshold": ("move a device's threshold, or put it back",
                      "faultline threshold pump-1 1.3 --who Kim\n"
                      "  faultline threshold pump-1 --reset --who Kim",
                      add_threshold, ("operating.answering", "answer_device")),
        "note": ("write something beside a stretch of a device's time",
                 "faultline note pump-1 --start 2026-03-01T12:00 --end 2026-03-01T12:20 "
                 "--why 'valve was stuck' --who Kim",
                 add_note, ("operating.answering", "answer_device")),
        "delays": ("say how long a device must be above and below before an alarm comes and goes",
                   "faultline delays pump-1 --on-delay 2 --who Kim\n"
                   "  faultline delays pump-1 --reset --who Kim",
                   add_delays, ("operating.answering", "answer_device")),
        "preview": ("tell which alarms another threshold or delay would have raised",
                    "faultline preview pump-1 --hours 24 --threshold 1.3 --on-delay 2",
                    add_preview, ("operating.preview", "show")),
        "devices": ("list devices and their state, or what was received and not used",
                    "faultline devices --json\n  faultline devices --unused",
                    add_devices, ("listings", "list_devices")),
        "export": ("write a device's stored samples and scores to a file",
                   "faultline export --device motor-600-1 --start 2026-03-01 --out march.parquet\n"
                   "  faultline export --device motor-600-1 --every 1min --out minutes.csv\n"
                   "  faultline export --alarm 12 --out alarm-12.csv",
                   add_export, ("writing.export", "export")),
        "dashboard": ("open the page, and start a detector when none is alive",
                      "faultline dashboard --port 8501", _dashboard, ("launch", "dashboard")),
    },
    "engineers": {
        "inspect": ("tell what recorded files hold, what is wrong with them, and what is left out",
                    "faultline inspect run.csv\n  faultline inspect runs/normal --plot runs.png\n"
                    "  faultline inspect --rate 12000 bearing.mat",
                    _inspect, ("discover.inspect", "inspect")),
        "convert": ("write recorded files of any kind as one plain CSV or Parquet file",
                    "faultline convert logger.csv --out plain.csv\n"
                    "  faultline convert bearing.mat --rate 12000 --out bearing.parquet",
                    _convert, ("writing.convert", "convert")),
        "train": ("train a model on normal sessions",
                  "faultline train --sessions runs/normal --out models/pump-1\n"
                  "  faultline train --sessions runs/normal --network auto --out models/pump-1\n"
                  "  faultline train --sessions new/short --from models/pump-1 "
                  "--out models/pump-2\n"
                  "  faultline train --sessions rig/long rig/short:400 --window 30 "
                  "--baseline 100 --out models/rig", add_train, ("models.train", "train")),
        "evaluate": ("tell what models catch in sessions with known faults",
                     "faultline evaluate --model models/motor-600rpm --sessions runs/normal "
                     "--faults all\n"
                     "  faultline evaluate --model models/a models/b --sessions runs/labelled "
                     "--faults none --markdown --png lab.png\n"
                     "  faultline evaluate --model models/a models/b --sessions runs/normal "
                     "--limits --seeds 10 --png limits.png",
                     add_evaluate, ("models.evaluate", "evaluate")),
        "score": ("score recorded sessions with a model",
                  "faultline score --model models/motor-600rpm run.csv --out scored.csv",
                  add_score, ("models.score", "score")),
        "export-onnx": ("make models run on computers without torch",
                        "faultline export-onnx --model models/pump-1",
                        add_export_onnx, ("models.export_onnx", "export_onnx")),
        "commission": ("learn one machine's own normal on top of its model, or undo that",
                       "faultline commission motor-600-1 --minutes 2 --who Kim\n"
                       "  faultline commission motor-600-1 --undo --who Kim",
                       add_commission, ("models.commission", "commission")),
        "use": ("have another model watch a device, without a restart",
                "faultline use pump-1 models/pump-1 --who Kim", add_use, ("models.use", "use")),
        "simulate": ("make sessions, put faults in, replay, or show a demo",
                     "faultline simulate replay run.csv --mqtt mqtt://broker:1883 --device pump-1",
                     _simulate, ("launch", "simulate")),
    },
    "integrators": {
        "serve": ("run the detector until Ctrl-C",
                  "FAULTLINE_MQTT__URL=mqtt://broker:1883 faultline serve\n"
                  "  faultline serve --engine ray --workers 8 --address 10.0.0.5:6379",
                  add_serve, ("serve", "serve")),
        "reload": ("have every running detector take up changed settings and models",
                   "faultline reload\n  faultline reload --settings plant.toml",
                   add_settings, ("reload", "reload")),
        "notify": ("send a test message to everybody who is told of alarms, or tell what waits",
                   "faultline notify --test\n  faultline notify --status",
                   add_notify, ("operating.notify", "notify")),
        "store": ("tell what the store holds, copy it, or bring it to this version",
                  "faultline store status\n  faultline store backup /backup/faultline.db\n"
                  "  faultline store migrate",
                  add_store, ("stores.store", "store")),
        "adopt": ("listen to a broker and print the settings to paste; or learn one machine's own "
                  "model",
                  "FAULTLINE_MQTT__URL=mqtt://broker:1883 faultline adopt --topic 'plant/#'\n"
                  "  faultline adopt pump-7 --minutes 10\n"
                  "  faultline adopt pump-7 --recording pump-7/*.csv --out models/pump-7\n"
                  "  faultline adopt pump-7 --confirm --who Kim",
                  add_adopt, ("adopt", "adopt")),
        "decode": ("tell what is read in one message, and what is left out and why",
                   "mosquitto_sub -C 1 -t 'plant/fan-1' | faultline decode --topic plant/fan-1 -",
                   _decode, ("discover.decode", "decode")),
        "completion": ("print what makes a shell complete commands and options",
                       'eval "$(faultline completion bash)"',
                       _completion, ("completion", "completion")),
    },
}  # fmt: skip
