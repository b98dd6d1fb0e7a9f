"""What is to be tried in the fault lab, and the commands that try it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dashboard import context
from dashboard.detector_command import command, span
from dashboard.jobs import jobs
from dashboard.jobs.job import Job
from dashboard.pages.answering import is_allowed, who

KIND = "evaluate"
SESSIONS, STORED, PICTURE = "sessions", "stored.parquet", "picture.png"
ALL, NONE = "all", "none"


@dataclass(frozen=True)
class Request:
    """What is to be tried.

    Attributes:
        models: Folders of bundles, at least one.
        faults: Families; ``all``, or ``none`` for those that are labelled.
        severities: 0..1, at least one.
        device: Whose stored samples are used; None: recordings are.
        start: From when on, of a device, UTC seconds.
        end: To when.
        folder: Of recordings, where there is no device.
    """

    models: tuple[str, ...]
    faults: tuple[str, ...]
    severities: tuple[float, ...]
    device: str | None = None
    start: float = 0.0
    end: float = 0.0
    folder: str = ""

    @property
    def what(self) -> str:
        """The sessions, for people."""
        return self.device if self.device is not None else self.folder


def steps(request: Request, folder: Path) -> list[list[str]]:
    """The commands: stored samples are written to a file first.

    Args:
        request: What is to be tried.
        folder: Of the job.
    """
    found: list[list[str]] = []
    sessions = Path(request.folder).absolute()
    if request.device is not None:
        sessions = folder / SESSIONS
        found.append(_export(request, sessions / STORED))
    found.append([
        "evaluate", "--model", *request.models, "--sessions", str(sessions),
        f"--faults={','.join(request.faults)}", f"--severities={_listed(request.severities)}",
        "--json", f"--png={folder / PICTURE}", f"--progress={jobs.progress_file(folder)}",
    ])  # fmt: skip
    return [command(*words) for words in found]


def begin(request: Request) -> Job | None:
    """Begin to try it; None where this viewer may not.

    Raises:
        JobError: If too much runs already.
    """
    if not is_allowed(KIND):
        return None
    folder = jobs.new_folder(jobs.place(context.engine()))
    (folder / SESSIONS).mkdir()
    return jobs.begin(folder, KIND, steps(request, folder), who(), asdict(request))


def request_of(job: Job) -> Request:
    """What a job was begun with."""
    about = dict(job.about)
    for name in ("models", "faults", "severities"):
        about[name] = tuple(about.get(name, ()))
    return Request(**about)


def _export(request: Request, out: Path) -> list[str]:
    stretch = span(request.start, request.end)
    return ["export", f"--device={request.device}", *stretch, f"--out={out}"]


def _listed(severities: Sequence[float]) -> str:
    return ",".join(f"{one:g}" for one in severities)
