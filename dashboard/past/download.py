"""What is stored of a stretch as a file: ``faultline export`` writes it, this sends it.

A child process writes to a file of its own and the file is sent in pieces, so a year of samples
takes no more memory here than an hour of them.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from dashboard import context
from dashboard.detector_command import command, environment, refusal, span
from dashboard.past.asked import Asked, AskedError, read
from dashboard.refusals import noted
from detector.errors import FaultlineError
from detector.store.schema import StoreFailure

FORMATS = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
AT_ONCE = 2  # exports; each is a process that reads the archive
LOOK_S = 0.2
_running = asyncio.Semaphore(AT_ONCE)


async def download(request: Request) -> Response:
    """Answer ``/download?device=&from=&to=&format=csv``."""
    try:
        asked = read(request.query_params)
        kind = _format(request.query_params.get("format", "csv"))
    except AskedError as error:
        return PlainTextResponse(str(error), 422)
    if _running.locked():
        return PlainTextResponse("other exports are under way, try again in a minute", 503)
    try:
        await asyncio.to_thread(context.engine)  # where the store is away, no child begins
    except (FaultlineError, StoreFailure) as error:
        return PlainTextResponse(noted(error), 503)
    async with _running:
        return await _exported(request, asked, kind)


def _format(found: str) -> str:
    if found not in FORMATS:
        raise AskedError(f"format: found {found[:20]!r}, allowed: {', '.join(FORMATS)}")
    return found


async def _exported(request: Request, asked: Asked, kind: str) -> Response:
    folder = Path(tempfile.mkdtemp(prefix="faultline-export-"))
    clearing = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    out = folder / f"export.{kind}"
    try:
        why = await _write(request, asked, out)
    except BaseException:  # the server ends, say
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if why is not None:
        return PlainTextResponse(why, 422, background=clearing)
    return FileResponse(
        out,
        media_type=FORMATS[kind],
        filename=name_of(asked, kind),
        headers={"cache-control": "no-store"},
        background=clearing,
    )


def name_of(asked: Asked, kind: str) -> str:
    """Of the file: device and time, in characters that every system takes."""
    device = re.sub(r"[^\w.-]+", "_", asked.device, flags=re.ASCII)[:80] or "device"
    ends = (datetime.fromtimestamp(at, UTC) for at in (asked.start, asked.end))
    start, end = (at.strftime("%Y%m%dT%H%M%S") for at in ends)
    return f"{device}-{start}-{end}.{kind}"


async def _write(request: Request, asked: Asked, out: Path) -> str | None:
    """Why it could not be written; None: it is there. Ends where nobody waits any more."""
    stretch = span(asked.start, asked.end)
    process = await asyncio.create_subprocess_exec(
        *command("export", f"--device={asked.device}", *stretch, f"--out={out}"),
        env=environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    ending = asyncio.create_task(process.communicate())
    try:
        while not ending.done():
            await asyncio.wait({ending}, timeout=LOOK_S)
            if not ending.done() and await request.is_disconnected():
                return "nobody waits for it any more"
        _, said = ending.result()
        if process.returncode == 0:
            return None
        return refusal(said.decode("utf-8", "replace")) or "the export has failed"
    finally:
        if process.returncode is None:
            process.kill()
            await ending
