"""An environment of its own for packages that the project does not need, made once."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

KEPT = Path.home() / ".cache" / "faultline-bench"
RAY = ("ray>=2.40,<3",)
EXIT_BAD_INPUT = 2


def with_ray(module: str, arguments: Sequence[str]) -> int:
    """Run a module of ours where Ray is, which it is not here; returns its exit code."""
    python, refused = environment(KEPT / "ray", RAY)
    if refused is not None:
        print(f"error: Ray cannot be installed: {refused}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return subprocess.run([str(python), "-m", module, *arguments], check=False).returncode


def environment(folder: Path, packages: Sequence[str]) -> tuple[Path, str | None]:
    """Make it where it is not there; it sees our packages behind its own.

    Args:
        folder: Of the environment; delete it to have it made anew.
        packages: As pip is asked for them, one by one: what does not install leaves the others.

    Returns:
        Its Python, and why one of them was refused, if one was.
    """
    python = folder / "bin" / "python"
    if python.exists():
        return python, None
    print(f"making {folder} with {', '.join(packages)}", file=sys.stderr)
    venv.create(folder, with_pip=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "lib" / version / "site-packages"
    (site / "zz-behind.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    refused = None
    for package in packages:
        command = [str(python), "-m", "pip", "install", "--quiet", package]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            refused = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
            print(f"{package}: {refused}", file=sys.stderr)
    return python, refused
