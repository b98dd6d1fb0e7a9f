"""A new bundle on disk: complete, or not there at all."""

from __future__ import annotations

import shutil
from pathlib import Path

from detector.errors import AdoptError
from detector.scoring.bundle import Bundle, load_bundle, save_bundle


def refuse_existing(out: Path, *, is_forced: bool) -> None:
    """Refuse before the work what would fail after it.

    Raises:
        AdoptError: If there is something already and it is not to be replaced.
    """
    if out.exists() and (not is_forced or not out.is_dir()):
        allowed = "another name, or --force to replace it" if out.is_dir() else "a folder"
        raise AdoptError(f"--out {out}: exists, allowed: {allowed}")


def write_whole(bundle: Bundle, out: Path, *, is_forced: bool) -> None:
    """Write a bundle beside its place, read it back, and rename it into its place.

    Raises:
        AdoptError: If there is something already and it is not to be replaced, or the folder
            cannot be written.
        BundleError: If what was written cannot be read back.
    """
    refuse_existing(out, is_forced=is_forced)
    new = out.with_name(f".{out.name}.new")
    try:
        shutil.rmtree(new, ignore_errors=True)
        save_bundle(bundle, new)
        load_bundle(new)
        _put_in_place(new, out)
    except OSError as error:
        raise AdoptError(f"--out {out}: cannot be written ({error.strerror})") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _put_in_place(new: Path, out: Path) -> None:
    """What was there goes only once the new one stands in its place."""
    if not out.exists():
        new.rename(out)
        return
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    out.rename(old)
    try:
        new.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)
