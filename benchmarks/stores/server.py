"""A real PostgreSQL in a folder of its own, for benchmarks and tests: stopped, begun again."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from simulator.demo.broker import free_port
from simulator.errors import SimulatorError

USER, PASSWORD = "faultline", "open sesame/@"
HOST, START_S = "127.0.0.1", 60.0
DEBIAN = "/usr/lib/postgresql"  # keeps its programs off the PATH
RULES = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
full_page_writes = off
shared_buffers = 16MB
max_connections = 60
log_min_messages = fatal
"""


@dataclass
class Postgres:
    """A server that can be stopped and started again; ``make`` it first."""

    folder: Path
    programs: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Initialise its folder, whose owner is who may run it."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if os.getuid() == 0:
            owner = pwd.getpwnam(_anybody())
            for path in (self.folder, secret):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "-D", str(self._data), "-U", USER, "-A", "scram-sha-256", "-E", "UTF8",
                  "--locale=C", "--no-sync", f"--pwfile={secret}")  # fmt: skip
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(f"port = {self.port}\n{RULES}")

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            command = self._as_owner("postgres", "-D", str(self._data))
            self.process = subprocess.Popen(command, cwd="/", stdout=log, stderr=log)
        program = str(self.programs / "pg_isready")
        ready, ends = [program, "-q", "-h", HOST, "-p", str(self.port)], time.monotonic() + START_S
        while subprocess.run(ready, check=False).returncode != 0:
            if time.monotonic() > ends:
                raise SimulatorError(f"PostgreSQL: not ready within {START_S:g} s")
            time.sleep(0.05)

    def stop(self, mode: str = "fast") -> None:
        """End it, whoever is connected; ``immediate``: as in a crash."""
        if self.process is not None:
            self._run("pg_ctl", "-D", str(self._data), "-m", mode, "-w", "stop")
            self.process.wait(10)
            self.process = None

    def url(self, schema: str = "public", password: str = PASSWORD) -> str:
        """Of a schema, as a detector's settings name it."""
        made = sa.URL.create("postgresql+psycopg", USER, password, HOST, self.port,
                             "postgres", {"options": f"-csearch_path={schema}"})  # fmt: skip
        return made.render_as_string(hide_password=False)

    def new_schema(self) -> str:
        """An empty one; returns its URL."""
        name = f"plant_{next(_numbers)}"
        engine = sa.create_engine(self.url())
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        engine.dispose()
        return self.url(name)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            self._as_owner(program, *arguments), cwd="/", check=False, capture_output=True
        )
        if done.returncode != 0:
            raise SimulatorError(f"{program}: {done.stderr.decode().strip()}")

    def _as_owner(self, program: str, *arguments: str) -> list[str]:
        command = [str(self.programs / program), *arguments]
        return ["runuser", "-u", _anybody(), "--", *command] if os.getuid() == 0 else command


_numbers = itertools.count()


def installed() -> Path:
    """Folder of PostgreSQL's programs, the newest.

    Raises:
        SimulatorError: If there is none, or root cannot run it.
    """
    found = sorted(Path(DEBIAN).glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    program = found[-1] if found else shutil.which("initdb")
    if program is None:
        raise SimulatorError("PostgreSQL: not found; `make test` says how to install it")
    if os.getuid() == 0 and shutil.which("runuser") is None:
        raise SimulatorError("root may not run PostgreSQL, and there is no runuser")
    return Path(program).resolve().parent


def _anybody() -> str:
    """Who runs it where root may not."""
    names = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def made() -> Postgres:
    """A server in a new folder below the system's own, which that user can reach; started.

    Raises:
        SimulatorError: If it is not installed or does not begin.
    """
    programs = installed()
    server = Postgres(Path(tempfile.mkdtemp(prefix="faultline-postgres-")), programs)
    server.make()
    server.start()
    return server


def ended(server: Postgres) -> None:
    """Stop a server and clear its folder away."""
    server.stop("immediate")
    shutil.rmtree(server.folder)
