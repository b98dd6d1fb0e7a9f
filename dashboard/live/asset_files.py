"""The browser's side as files: our modules and style sheet, and plotly.js from its package.

Every address carries a version, so browsers keep a file for ever and never an old one. It is
part of the path, because that is inherited by the modules a module imports.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

import plotly
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from dashboard.words import catalogue

FOLDER = Path(__file__).resolve().parents[1] / "assets"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
FOR_EVER = "public, max-age=31536000, immutable"


@cache
def files() -> dict[str, bytes]:
    """Our own files by their path in the folder."""
    found = sorted(path for path in FOLDER.rglob("*") if path.is_file())
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in found}


@cache
def version() -> str:
    """Changes whenever one of the files does."""
    digest = hashlib.sha256(plotly.__version__.encode())
    for name, content in files().items():
        digest.update(name.encode() + content)
    for language in catalogue.languages():
        digest.update(catalogue.as_json(language))
    return digest.hexdigest()[:12]


@cache
def packed(name: str) -> bytes | None:
    """A file gzipped once; None when there is no such file."""
    content = PLOTLY.read_bytes() if name == PLOTLY.name else files().get(name)
    return None if content is None else gzip.compress(content, 6)


async def serve(request: Request) -> Response:
    """Answer ``/assets/{version}/{name}``."""
    name = request.path_params["name"]
    content = packed(name)
    if content is None:
        return PlainTextResponse("not found", status_code=404)
    return _sent(request, content, TYPES[Path(name).suffix])


async def serve_words(request: Request) -> Response:
    """Answer ``/words/{version}/{wanted}``: the texts in the language closest to what is wanted."""
    language = catalogue.closest(request.path_params["wanted"])
    return _sent(request, gzip.compress(catalogue.as_json(language)), "application/json")


def _sent(request: Request, content: bytes, media_type: str) -> Response:
    is_current = request.path_params["version"] == version()
    return Response(
        content,
        media_type=media_type,
        headers={
            "content-encoding": "gzip",
            "cache-control": FOR_EVER if is_current else "no-store",
            "x-content-type-options": "nosniff",
        },
    )
