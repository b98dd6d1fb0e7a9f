"""``adopt``: listen to a broker, tell what is there, print the settings to paste."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from detector.adopting.listen import listen
from detector.adopting.recording import Recording
from detector.adopting.survey import survey
from detector.cli.discover.adopt_report import as_object, as_text
from detector.cli.tables import as_json
from detector.settings.load import load_settings
from detector.settings.mqtt import MqttSettings
from detector.text import counted

MANY = 20_000  # messages; reading them takes seconds
FORM = "{n:.0f} of {total} s |{bar}| {desc}; Ctrl-C ends it early"


def adopt(args: argparse.Namespace) -> str:
    """Listen, then report; Ctrl-C ends the listening early.

    Raises:
        AdoptError: If nothing usable was heard.
        BrokerError: If the broker cannot be reached or refuses.
        SettingsError: If the settings or the topic cannot be used.
    """
    settings = load_settings(args.settings)
    recording = _listen(settings.mqtt, args.topic, args.seconds)
    if len(recording.kept) > MANY and sys.stderr.isatty():
        print(f"reading {counted(len(recording.kept), 'message')} …", file=sys.stderr)
    found = survey(recording, settings)
    return as_json(as_object(found)) if args.json else as_text(found)


def _listen(settings: MqttSettings, topic: str, seconds: int) -> Recording:
    bar = tqdm(total=seconds, leave=False, disable=not sys.stderr.isatty(), bar_format=FORM)

    def tell(passed: float, messages: int) -> None:
        bar.n = passed
        bar.set_description_str(counted(messages, "message"))

    with bar:
        return listen(settings, topic, seconds, tell)
