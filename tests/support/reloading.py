"""A running detector whose settings tests write anew, and what they ask of it."""

from __future__ import annotations

import re

import numpy as np
import sqlalchemy as sa

from detector.records import Samples
from detector.reloading.ask import ask
from detector.scoring.stream import DeviceStream, score_samples
from detector.settings.load import load_settings
from detector.settings.sessions import SessionSettings
from detector.store import devices, frames
from detector.store.schema import frames as frames_table
from tests.support.motors import FEATURES, live
from tests.support.serving import Served

T0 = live(1, 0).ts[0]
NO_RULES = '[[devices]]\nmatch = "none"\n'  # where none stands, the shipped ones count


class Site(Served):
    """A detector whose settings tests write anew."""

    def __post_init__(self) -> None:
        """Keep the settings that all tests share."""
        super().__post_init__()
        self.base = self.settings.read_text()

    def write(self, text=NO_RULES, base=None):
        """Settings of a test beside those that all share; at once, for others read them."""
        unfinished = self.settings.with_suffix(".part")
        unfinished.write_text((self.base if base is None else base) + text)
        unfinished.rename(self.settings)

    def rule(self, match, model, more=""):
        """As it stands in the file."""
        return f'[[devices]]\nmatch = "{match}"\nmodel = "{self.folder}/{model}"\n{more}\n'

    def reload(self, **options):
        """Ask as another process does."""
        return ask(load_settings(self.settings), **options)

    def topic(self, device):
        """Where a device publishes."""
        return f"{self.folder.name}/{device}"

    def count(self, device):
        """Samples of a device in the store."""
        query = sa.select(sa.func.sum(frames_table.c.n)).where(frames_table.c.device == device)
        return self.read(lambda connection: connection.execute(query).scalar() or 0)

    def frames(self, device):
        """All of a device, in order of commit."""
        return self.read(frames.after, [device], 0, 100_000)

    def status(self, device):
        """As other processes see it."""
        return self.read(devices.one, device)

    def said(self):
        """Lines of the log on reloads."""
        return re.findall(r"reload (applied|refused): (.*)", self.log)


def part(samples, start, end):
    """Some of them."""
    rows = slice(start, end)
    return Samples(samples.features, samples.ts[rows], samples.values[rows], samples.session)


def joined(found, field):
    """One column of all frames."""
    return np.concatenate([getattr(frame, field) for frame in found])


def offline(bundle, samples):
    """Scores of the same samples as of a file."""
    stream = DeviceStream("m", (*FEATURES, "rpm"), bundle, SessionSettings())
    [frame] = score_samples(stream, samples, chunk=256, arrival=0)
    return frame.score
