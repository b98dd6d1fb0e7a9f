"""A real dashboard server on a free loopback port, for tests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.conftest import answers, free_port, wait_for
from tests.support.processes.programs import Program


def in_a_loop(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run it in a thread of its own: Playwright keeps a loop running in the tests' thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


class Site:
    """The dashboard as an operator starts it; it may be stopped and started again."""

    def __init__(self, folder: Path, **settings: str):
        self.port = free_port()
        self.log = folder / "dashboard.log"
        self.store = f"sqlite:///{folder}/store.db"
        self.settings = {
            "FAULTLINE_STORE__URL": self.store,
            "FAULTLINE_DASHBOARD__START_DETECTOR": "false",
            **settings,
        }
        self.options: list[str] = []
        self.process: Program | None = None

    def at(self, address: str) -> Site:
        """Let it listen somewhere else than ``.streamlit/config.toml`` says."""
        self.options = ["--server.address", address]
        return self

    @property
    def url(self) -> str:
        """Address of the overview."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Site:
        """Start it and wait until it listens."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("FAULTLINE_")}
        self.process = Program(
            "streamlit", "run", "dashboard/app.py", "--server.port", self.port, *self.options,
            output=self.log, env={**inherited, **self.settings},
        )  # fmt: skip
        wait_for(lambda: answers(self.port), 40, "the dashboard listens")
        return self

    def stop(self) -> None:
        """End it as an operator would."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def __enter__(self) -> Site:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()
