"""``python -m simulator``."""

import sys


def main() -> int:
    """Run one command; Ctrl-C during the first second, while libraries load, ends quietly too."""
    try:
        from simulator.cli.commands import run  # noqa: PLC0415 - see above

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 0 if sys.argv[1:2] == ["demo"] else 130


if __name__ == "__main__":
    sys.exit(main())
