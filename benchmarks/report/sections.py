"""What stands in ``docs/benchmarks.md``, in its order: one command each.

A section of yours is one line more. ``aim`` says what is asked of it; its command prints a line
that ends in ``: met`` or ``: MISSED`` for each aim that can be counted.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """One table.

    Attributes:
        name: What it is asked for by.
        title: Its heading.
        command: Module and options.
        aim: What is asked of it, and what limits it where that is known.
        minutes: It takes about so long on two cores.
    """

    name: str
    title: str
    command: tuple[str, ...]
    aim: str
    minutes: float

    @property
    def shown(self) -> str:
        """The command as somebody would type it."""
        return "python -m " + " ".join(self.command)

    @property
    def most_s(self) -> float:
        """Seconds after which something must be wrong."""
        return max(4 * 60 * self.minutes, 300.0)


SECTIONS = (
    Section(
        "scoring",
        "Scoring: batch against one by one, fleet, tick",
        ("benchmarks.speed.scoring",),
        "A windowed LSTM-AE in batches over 100 devices costs at most an eighth of one forward a "
        "window, a VAE at most a fortieth; the LSTM reaches 70 % of the best f32 product of "
        "matrices; a sample of 4,000 devices costs at most 1.25 of one of 256; all but the network "
        "is at most 25 % of the way from message to commit. The last is limited by what each "
        "device's block has of its own, whatever it holds: a session, terms, a frame, a row and a "
        "look at its sensors. The shipped network is so small that these are most of it.",
        2.5,
    ),
    Section(
        "pipeline",
        "Whole pipeline at 100 devices",
        ("benchmarks.speed.pipeline", "--seconds", "20"),
        "No sample is lost; an alarm comes within 300 ms at the 95th percentile.",
        2.5,
    ),
    Section(
        "capacity",
        "Devices that one machine carries",
        ("benchmarks.scale.capacity", "--seconds", "15", "--within", "0.25"),
        "As many devices at 50 Hz x 3 features as lose nothing and have their alarms within 300 ms "
        "at the 95th percentile. The broker and the publisher are on the same cores.",
        4.5,
    ),
    Section(
        "capacity-streaming",
        "Devices that one machine carries, with a state that goes on",
        (
            "benchmarks.scale.capacity",
            "--network",
            "lstm_ae_stream",
            "--first",
            "200",
            "--seconds",
            "15",
            "--within",
            "0.25",
        ),
        "The same with `lstm_ae_stream`.",
        4.0,
    ),
    Section(
        "start",
        "Start",
        ("benchmarks.scale.start",),
        "The first sample is scored within 4 s of `serve`.",
        0.8,
    ),
    Section(
        "first-content",
        "First content of a page",
        ("benchmarks.speed.first_content",),
        "Words and chart of a device page within 3 s (its own target is 2.5 s).",
        1.0,
    ),
    Section(
        "peers",
        "Beside other libraries",
        ("benchmarks.speed.peers",),
        "Told, not aimed at: what other detectors cost and find on the same windows.",
        2.5,
    ),
    Section(
        "runtimes",
        "A network on torch and on ONNX Runtime",
        ("benchmarks.speed.runtimes",),
        "Told, not aimed at: start, memory and the cost of a window without torch.",
        1.5,
    ),
    Section(
        "carried-state",
        "A network whose state goes on",
        ("benchmarks.speed.carried_state", "--turns", "7"),
        "A sample of `lstm_ae_stream` costs at most a hundredth of one forward a window at 100 "
        "devices, a 150th at 1,000.",
        1.5,
    ),
    Section(
        "workers",
        "Scoring in more processes",
        ("benchmarks.scale.workers", "--rounds", "3"),
        "Told, not aimed at: samples a second of one process and of workers beside it.",
        0.8,
    ),
    Section(
        "ingest",
        "Taking a message in",
        ("benchmarks.speed.ingest",),
        "0.80 of the messages of a bare callback; 600,000 samples/s in batches of 100.",
        1.5,
    ),
    Section(
        "alignment",
        "Joining channels",
        ("benchmarks.speed.alignment", "--seconds", "30"),
        "100 devices with ten channels apart at 10 Hz take less than a tenth of a core.",
        0.4,
    ),
    Section(
        "own-models",
        "A model of its own for each device",
        ("benchmarks.speed.own_models", "--seconds", "5"),
        "Told, not aimed at: 1,000 devices with a model each, beside one model for all.",
        0.4,
    ),
    Section(
        "store",
        "Store",
        ("benchmarks.speed.store", "sizes", "commits", "history", "--quick"),
        "See docs/operations.md; the whole form, over a billion samples, is `python -m "
        "benchmarks.speed.store`.",
        2.0,
    ),
    Section(
        "reading",
        "Reading recordings",
        ("benchmarks.speed.reading",),
        "Each kind of file within a factor of the plain call of its library.",
        1.5,
    ),
    Section(
        "simulator",
        "Simulator",
        ("benchmarks.speed.simulator_speed", "--minutes", "3", "--stream-minutes", "5", "20"),
        "Sessions in less than a fiftieth of their length, memory that does not grow with it.",
        1.0,
    ),
    Section(
        "routing",
        "Routing of devices to workers",
        ("benchmarks.simulation.routing",),
        "By simulation: the busiest of n workers has at most 1.25 of the mean, and no device moves "
        "whose worker stays.",
        0.4,
    ),
)
BY_NAME = {section.name: section for section in SECTIONS}
