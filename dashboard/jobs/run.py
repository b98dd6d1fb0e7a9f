"""The child that does a job: one command after the other, whatever becomes of the page.

``python dashboard/jobs/run.py FOLDER LOCK`` reads ``request.json`` there. What the last
command prints goes to ``result.txt``, all else to ``log.txt``; ``ended.json`` is written last. The
open file LOCK is handed on, so that it stays locked until the last of them is gone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path


def main(folder: Path, lock: int) -> int:
    """Run the commands of a request until one fails; returns the exit code of that one, or 0."""
    steps = json.loads((folder / "request.json").read_text("utf-8"))["steps"]
    code = 0
    with (folder / "log.txt").open("ab") as log:
        for number, step in enumerate(steps, 1):
            is_last = number == len(steps)
            with (folder / "result.txt").open("wb") as result:
                code = subprocess.run(
                    step, stdin=subprocess.DEVNULL, stdout=result if is_last else log, stderr=log,
                    pass_fds=(lock,), check=False,
                ).returncode  # fmt: skip
            if code:
                break
    part = folder / ".ended.part"
    part.write_text(json.dumps({"code": code, "at": time.time()}), "utf-8")
    part.replace(folder / "ended.json")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
