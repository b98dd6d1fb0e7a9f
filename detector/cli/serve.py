"""``serve``: the detector until Ctrl-C; SIGHUP makes it read its settings again."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import threading
from functools import partial

from pydantic import ValidationError

from detector.errors import SettingsError, WaitEndedError
from detector.reloading.request import Request
from detector.service.account.log_tail import LogTail
from detector.service.detector import Detector
from detector.settings.detector import DetectorSettings
from detector.settings.load import load_settings
from detector.settings.tree import Settings

TERMINAL = "/dev/tty"


def serve(args: argparse.Namespace) -> str:
    """Run the detector until Ctrl-C or SIGTERM, or until its terminal is closed."""
    stop, request = threading.Event(), Request()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if hasattr(signal, "SIGHUP"):
        _on_hangup(stop, request)
    read, tail = partial(_read, args), LogTail()
    logging.getLogger().addHandler(tail)
    # Later collections skip what the imports made: a look at all of it takes a tenth of a second.
    try:
        detector = Detector(read(), read, request, tail, stop)
    except WaitEndedError as ended:
        logging.getLogger(__name__).info("%s", ended)
        return ""
    detector.run(stop, loaded=gc.freeze)
    return ""


def _read(args: argparse.Namespace) -> Settings:
    """The settings, and on top of them what the command line says.

    Raises:
        SettingsError: If a value is not allowed.
    """
    settings = load_settings(args.settings)
    given = {"workers": args.workers, "engine": args.engine, "ray_address": args.address}
    chosen = {key: value for key, value in given.items() if value is not None}
    if not chosen:
        return settings
    try:
        detector = DetectorSettings(**{**settings.detector.model_dump(), **chosen})
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f" {key} {first['input']}:" for key in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"serve:{where} {said}") from None
    return settings.model_copy(update={"detector": detector})


def _on_hangup(stop: threading.Event, request: Request) -> None:
    """SIGHUP asks for a reload, unless it tells that the terminal went, which nohup ignores."""
    is_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    ends_with_terminal = not is_nohup and _has_terminal()

    def hung_up(*_: object) -> None:
        if ends_with_terminal and not _has_terminal():
            stop.set()
        else:
            request.make()

    signal.signal(signal.SIGHUP, hung_up)


def _has_terminal() -> bool:
    try:
        os.close(os.open(TERMINAL, os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
