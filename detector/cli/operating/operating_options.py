"""What the operator's commands take. Imports nothing that takes time."""

from __future__ import annotations

import argparse

from detector.cli.options import above, add_json, add_settings, at_least, instant


def add_alarms(part: argparse.ArgumentParser) -> None:
    """Add what ``alarms`` takes."""
    add = part.add_argument
    add("--device", help="of this device only")
    add("--open", action="store_true", help="only those that are active or not acknowledged")
    add("--limit", type=at_least(1), default=100, help="at most so many (default: %(default)s)")
    add("--figures", action="store_true",
        help="instead, how many there are and what becomes of them (EEMUA 191)")  # fmt: skip
    add("--days", type=above(0), default=7.0,
        help="that the figures look back (default: %(default)g)")  # fmt: skip
    add("--operators", type=at_least(1), default=1,
        help="who answer them, for the figures (default: %(default)s)")  # fmt: skip
    add_json(part)
    add_settings(part)


def add_devices(part: argparse.ArgumentParser) -> None:
    """Add what ``devices`` takes."""
    part.add_argument("--unused", action="store_true", help="instead, what the detector received "
                      "since its start and did not use, and why")  # fmt: skip
    add_json(part)
    add_settings(part)


def add_answer(part: argparse.ArgumentParser) -> None:
    """Add which alarms, and who answers."""
    part.add_argument(
        "alarms", nargs="+", type=at_least(1), metavar="ALARM_ID", help="from `alarms`"
    )
    add_who(part)


def add_answer_why(part: argparse.ArgumentParser) -> None:
    """Add the same, with a reason."""
    add_answer(part)
    _why(part)


def add_shelve(part: argparse.ArgumentParser) -> None:
    """Add what ``shelve`` takes."""
    add_answer_why(part)
    part.add_argument(
        "--minutes", type=above(0),
        help="for so long; without it until the alarm is over (one-shot)",
    )  # fmt: skip


def add_comment(part: argparse.ArgumentParser) -> None:
    """Add what ``comment`` takes."""
    add_answer(part)
    part.add_argument("--text", "--why", required=True, help="the comment, one line")


def add_verdict(part: argparse.ArgumentParser) -> None:
    """Add what ``verdict`` takes."""
    part.add_argument(
        "alarms", nargs="+", metavar="ALARM_ID", type=at_least(1), help="from `alarms`"
    )
    part.add_argument(
        "verdict", choices=("real", "false", "known"),
        help="a real fault, a false alarm, or known work on the machine",
    )  # fmt: skip
    part.add_argument("--cause", required=True, help="what was found, one line")
    add_who(part)


def add_maintenance(part: argparse.ArgumentParser) -> None:
    """Add what ``maintenance`` takes."""
    part.add_argument("device")
    part.add_argument("--minutes", type=above(0), help="for so long from now")
    _undo(part)


def add_out_of_service(part: argparse.ArgumentParser) -> None:
    """Add what ``out-of-service`` takes."""
    part.add_argument("device")
    _undo(part)


def add_note(part: argparse.ArgumentParser) -> None:
    """Add what ``note`` takes."""
    part.add_argument("device")
    when = "ISO 8601, UTC unless it says otherwise, by the device's clock"
    part.add_argument("--start", type=instant, required=True, help=f"of the stretch: {when}")
    part.add_argument("--end", type=instant, help="of the stretch (default: its start)")
    part.add_argument("--why", "--text", required=True, help="what is to be said, one line")
    add_who(part)


def add_threshold(part: argparse.ArgumentParser) -> None:
    """Add what ``threshold`` takes."""
    part.add_argument("device")
    part.add_argument("value", nargs="?", type=above(0), metavar="VALUE", help="of the score")
    part.add_argument("--reset", action="store_true", help="as the settings say")
    _why(part)
    add_who(part)


def add_delays(part: argparse.ArgumentParser) -> None:
    """Add what ``delays`` takes."""
    part.add_argument("device")
    _delays(part)
    part.add_argument("--reset", action="store_true", help="as the settings say")
    _why(part)
    add_who(part)


def add_preview(part: argparse.ArgumentParser) -> None:
    """Add what ``preview`` takes; what is not given is as it is now."""
    add = part.add_argument
    add("device")
    add("--hours", type=above(0), default=24.0, help="to look back (default: %(default)g)")
    add("--start", type=instant, metavar="ISO", help="instead, from this time in UTC")
    add("--end", type=instant, metavar="ISO", help="to before this time (default: now)")
    add("--threshold", type=above(0), help="of the score")
    _delays(part)
    add_json(part)
    add_settings(part)


def _delays(part: argparse.ArgumentParser) -> None:
    add = part.add_argument
    add("--k", type=at_least(1), help="windows above the threshold that raise it ...")
    add("--n", type=at_least(1), help="... among this many in a row")
    add("--on-delay", type=float, dest="on_delay_s", metavar="S",
        help="seconds from the first k of n until it is raised, "
        "if k of n are above then")  # fmt: skip
    add("--off-delay", type=float, dest="off_delay_s", metavar="S",
        help="seconds of windows below that clear it")  # fmt: skip


def add_notify(part: argparse.ArgumentParser) -> None:
    """Add what ``notify`` takes."""
    what = part.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--test", action="store_true", help="send one message to each target, say what came back"
    )
    what.add_argument(
        "--status", action="store_true", help="tell what waits, what failed and why, what was sent"
    )
    add_json(part)
    add_settings(part)


def add_who(part: argparse.ArgumentParser) -> None:
    """Add who asks, and the settings file."""
    part.add_argument("--who", help="your name, for the audit log (default: your login)")
    add_settings(part)


def _undo(part: argparse.ArgumentParser) -> None:
    part.add_argument("--undo", action="store_true", help="end it now")
    _why(part)
    add_who(part)


def _why(part: argparse.ArgumentParser) -> None:
    part.add_argument("--why", help="the reason, one line, for the audit log")
