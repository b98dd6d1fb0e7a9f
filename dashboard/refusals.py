"""An error of the settings or the store as one line on the page."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from detector.errors import FaultlineError
from detector.store.schema import StoreFailure

logger = logging.getLogger(__name__)


@contextmanager
def on_one_line() -> Iterator[None]:
    """Show a known refusal that ends the page's script as one line."""
    try:
        yield
    except (FaultlineError, StoreFailure) as error:
        show_refusal(error)


def show_refusal(error: Exception) -> bool:
    """Show a known refusal as one line; returns whether it was one."""
    if not isinstance(error, FaultlineError | StoreFailure):
        return False
    line = one_line(error)
    logger.error("page: %s", line)
    st.error(line, icon=":material/error:")
    return True


def one_line(error: Exception) -> str:
    """What an operator reads of an error."""
    line = str(error).partition("\n")[0]
    return f"store: {line}" if isinstance(error, StoreFailure) else line
