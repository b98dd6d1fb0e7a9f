"""Errors of the simulator.

SimulatorError         bad input or a missing partner, told in one line: what, where, found, allowed
└── ChildDiedError     a process of the demo ended by itself
"""


class SimulatorError(Exception):
    """Something the user can put right; its text is the whole line shown to them."""

    exit_code = 2


class ChildDiedError(SimulatorError):
    """A process of the demo ended by itself; the text ends with its last lines."""

    exit_code = 1
