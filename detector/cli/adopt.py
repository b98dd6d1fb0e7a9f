"""``adopt``: which of its forms is meant."""

from __future__ import annotations

import argparse

from detector.errors import AdoptError


def adopt(args: argparse.Namespace) -> str:
    """Listen to a topic, learn a machine, or confirm what was learnt of one.

    Raises:
        AdoptError: If not exactly one of them is asked for, and whatever stops it.
    """
    named = {name for name in (args.name, args.device) if name is not None}
    if len(named) + (args.topic is not None) != 1:
        given = [*sorted(named), *([f"--topic {args.topic}"] if args.topic is not None else [])]
        raise AdoptError(
            f"adopt: found {', '.join(given) or 'neither'}, allowed: one --topic or one --device"
        )
    if args.topic is not None and args.confirm:
        raise AdoptError("adopt: found --topic with --confirm, allowed: adopt DEVICE --confirm")
    if args.topic is not None:
        from detector.cli.discover.adopt import adopt as adopt_topic

        return adopt_topic(args)
    if args.confirm:
        from detector.cli.discover.confirm import confirm

        return confirm(args, named.pop())
    from detector.cli.models.adopt_device import adopt_device

    return adopt_device(args, named.pop())
