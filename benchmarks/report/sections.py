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
        aim: What is asked of it.
        minutes: It takes about so long on two cores.
        limits: What stands in the way and what was tried, told where an aim is missed.
    """

    name: str
    title: str
    command: tuple[str, ...]
    aim: str
    minutes: float
    limits: str = ""

    @property
    def shown(self) -> str:
        """The command as somebody would type it."""
        return "python -m " + " ".join(self.command)

    @property
    def most_s(self) -> float:
        """Seconds after which something must be wrong."""
        return max(4 * 60 * self.minutes, 300.0)


SCORING = (
    "A forward of the LSTM-AE on torch is one call of oneDNN's recurrent layer (the profile): for "
    "each of 60 steps a product of the call's rows with 64 x 256 weights, then the gates' sigmoids "
    "and tanhs, which no larger product hides. Tried: 16 to 2,048 windows in a call (from 32 on "
    "hardly different), `torch.compile` (no faster), ONNX Runtime (the rows beside). "
    "What is not the network is what each device's block has of its own, whatever it holds: a "
    "session, terms, a frame, a row and a look at its sensors (the items); the shipped network is "
    "so small that these are most of it. Tried and kept: windows and terms of all devices in one "
    "call, medians of short arrays without numpy, rows and alarm memories in statements that are "
    "made once."
)
CAPACITY = (
    "Python on one core: where no more is carried the detector needs nearly all of it, of which "
    "less than a third is the network (the items of the section on scoring), so that a cheaper "
    "network carries hardly more. Tried and kept: a tick that begins every 100 ms however long the "
    "last one took (CHANGELOG), threads that switch after 0.5 ms, statements that are made once; "
    "processes beside it have a section of their own below. What stays of a device is "
    "most of all the last 120 looks at its sensors; the rest of its memory is what a tick takes "
    "while it scores, and grows with what has come meanwhile."
)
START = (
    "With torch its import is the largest part (its processor time stands above); the rest is the "
    "interpreter, what else is imported, the store and the broker. Tried: ONNX Runtime "
    '(`faultline[onnx]`, `runtime = "onnx"`), which does without torch, beside it in the table. On '
    "a fresh store 1.2 s are the first window of 60 samples."
)
CARRIED = (
    "A state goes on in float64, so that what batches round differently does not grow from step to "
    "step and no score depends on its batch; that is given up for no figure. *Scored* has the "
    "terms too, which cost the same for each network."
)
RAY = (
    "Ray takes the samples of a call into its object store and the answer out of it, with "
    "processes of its own that need the same cores, and it gives its workers the lowest priority. "
    "Tried and kept: one call for all devices of an actor, bundles once in the object store. On "
    "one machine take children; Ray is for cores that are elsewhere."
)

SECTIONS = (
    Section(
        "scoring",
        "Scoring: batch against one by one, fleet, tick",
        ("benchmarks.speed.scoring",),
        "A windowed LSTM-AE in batches over 100 devices costs at most an eighth of one forward a "
        "window, a VAE at most a fortieth; the LSTM reaches 70 % of the best f32 product of "
        "matrices; a sample of 4,000 devices costs at most 1.25 of one of 256; all but the network "
        "is at most 25 % of the way from message to commit.",
        2.5,
        SCORING,
    ),
    Section(
        "pipeline",
        "Whole pipeline at 100 devices",
        ("benchmarks.speed.pipeline", "--seconds", "20"),
        "No sample is lost; an alarm comes within 300 ms at the 95th percentile.",
        2.5,
        "At 100 devices the detector needs a whole core, so what comes waits its turn; see below "
        "for how many it carries, and above for what a tick is made of.",
    ),
    Section(
        "capacity",
        "Devices that one machine carries",
        ("benchmarks.scale.capacity", "--seconds", "15", "--within", "0.25"),
        "As many devices at 50 Hz x 3 features as lose nothing and have their alarms within 300 ms "
        "at the 95th percentile, at least 400. The broker and the publisher are on the same cores.",
        4.5,
        CAPACITY,
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
        "The same with `lstm_ae_stream`, at least 1,000.",
        4.0,
        CAPACITY,
    ),
    Section(
        "capacity-workers",
        "Devices that one machine carries, scored in processes beside the detector",
        (
            "benchmarks.scale.capacity",
            "--workers",
            "2",
            "--seconds",
            "15",
            "--within",
            "0.25",
        ),
        "The same with `detector.workers = 2`, on two cores that broker and publisher need too.",
        4.0,
    ),
    Section(
        "start",
        "Start",
        ("benchmarks.scale.start",),
        "The first sample is scored within 4 s of `serve`.",
        1.8,
        START,
    ),
    Section(
        "first-content",
        "First content of a page",
        ("benchmarks.dashboard.first_content",),
        "Words of a device page within 1.5 s, its chart within 2.5 s.",
        1.5,
        "What a browser needs on these cores, beside a broker, a detector and the dashboard: "
        "Streamlit with one word and one line in `st.plotly_chart` stands above.",
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
        CARRIED,
    ),
    Section(
        "workers",
        "Scoring in more processes",
        ("benchmarks.scale.workers", "--workers", "1", "2", "--ray", "2", "--rounds", "3"),
        "Samples a second of one process and of workers beside it; actors of Ray on the same "
        "machine score at least 0.85 of what as many workers do.",
        2.0,
        RAY,
    ),
    Section(
        "worker-kills",
        "Workers, broker and PostgreSQL killed under load",
        ("benchmarks.soak.worker_kills",),
        "Five times each: of 50,000 samples none is missing, none is there twice.",
        4.0,
    ),
    Section(
        "ray-kills",
        "Actors and nodes of Ray killed under load",
        ("benchmarks.soak.cluster.ray_kills",),
        "Likewise; two nodes have devices within 20 % of even, those of a killed actor are scored "
        "again within 8 s, and those of others do not wait for an actor that stands still.",
        8.0,
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
        "See docs/operations.md; the whole form, over a billion samples and five times as many "
        "commits, is `python -m benchmarks.speed.store`. Rows *by threads* and *by another login* "
        "are there to compare with. With the 40 commits of a row here p99 is the slowest but one.",
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
