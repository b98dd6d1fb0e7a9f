"""Errors of the simulator.

SimulatorError    bad input or a missing partner, told in one line: what, where, found, allowed
"""


class SimulatorError(Exception):
    """Something the user can put right; its text is the whole line shown to them."""
