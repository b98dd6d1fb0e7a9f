"""What a front end is: blocks of samples in, feature samples at a hop out.

Everything after it sees an ordinary stream whose features are the columns and whose sampling
period is the hop. It is pure and causal: a feature sample is of the block that ends with it, looks
at nothing else, and does not depend on what else is in its batch.
"""

from __future__ import annotations

from typing import Literal, Protocol

from detector.records import Values

# What of a device with a front end is stored, see ``FrontEnd.keeps``.
Keeps = Literal["samples", "columns"]


class FrontEnd(Protocol):
    """Describes blocks of samples by K columns.

    A column that a block cannot show, such as an order above the Nyquist frequency, is NaN in its
    row: it is held at its normal when a window is scored, and never judged. All others are
    finite, for constant input too.
    """

    @property
    def inputs(self) -> tuple[str, ...]:
        """The F channels that are described."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """The C channels taken beside them, such as the speed; none of them is described."""

    @property
    def block(self) -> int:
        """Samples described by one feature sample."""

    @property
    def hop(self) -> int:
        """Samples from one feature sample to the next."""

    @property
    def sampling_period_s(self) -> float:
        """Seconds between samples of the input."""

    @property
    def keeps(self) -> Keeps:
        """What is stored: the samples, with a score where a block ends, or the columns alone."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The K names, for example ``acc_x.rms``: the input, a dot, what it is."""

    @property
    def units(self) -> tuple[str, ...]:
        """One per column; ``dB`` where it is a level, empty where it is a plain number."""

    @property
    def resolution(self) -> tuple[float, ...]:
        """Per column, in its unit, the least deviation it is scaled by, > 0.

        A column that hardly changed in training, such as the share of repeats, would else make
        an anomaly of next to nothing.
        """

    @property
    def groups(self) -> tuple[int, ...]:
        """For each column the number of the input it comes from."""

    def saying(self, column: str) -> str:
        """What a column is called, in words that an operator reads."""

    def describe(self, blocks: Values, conditions: Values) -> Values:
        """Describe blocks.

        Args:
            blocks: Shape (B, block, F), in each input's own unit, no value missing; B may be 0.
            conditions: Shape (B, block, C), in their own units.

        Returns:
            Shape (B, K).
        """
