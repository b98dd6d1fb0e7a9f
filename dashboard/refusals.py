"""An error of the settings or the store as one line: on the page, in an answer, in the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

import streamlit as st

from dashboard.outage import outage
from dashboard.words.viewer import say
from detector.errors import FaultlineError, StoreError
from detector.store.connecting import reason_of
from detector.store.schema import StoreFailure

logger = logging.getLogger(__name__)

LOOK_AGAIN_S = 1.0
LEAST_S = 5.0  # between two drawings of a page by itself, should it fail for another reason
_DRAWN = "drawn again after an outage"
Read = TypeVar("Read")


@contextmanager
def on_one_line(*, comes_back: bool = False) -> Iterator[None]:
    """Show a known refusal that ends the script of a page, or of a fragment, as one line.

    Each fragment that reads the store has one of its own: Streamlit tells the log of whatever
    leaves a fragment, with a traceback.

    Args:
        comes_back: Draw the page again when a store that was away is back. Not in a fragment:
            one begun within another that failed leaves the browser with an empty page.
    """
    try:
        yield
    except (FaultlineError, StoreFailure) as error:
        show_refusal(error)
        if comes_back and is_of_store(error):
            _come_back()


def show_refusal(error: Exception) -> bool:
    """Show a known refusal as one line; returns whether it was one."""
    if not isinstance(error, FaultlineError | StoreFailure):
        return False
    line = noted(error)
    if is_of_store(error):
        st.warning(say("shell.store_away"), icon=":material/database_off:")  # the header says why
        return True
    logger.error("page: %s", line)
    st.error(line, icon=":material/error:")
    return True


@st.fragment(run_every=LOOK_AGAIN_S)
def _come_back() -> None:
    now = time.monotonic()
    if outage.is_on or now - st.session_state.get(_DRAWN, -LEAST_S) < LEAST_S:
        return
    st.session_state[_DRAWN] = now
    st.rerun()


def kept(key: str, read: Callable[[], Read]) -> Read:
    """What is read; while the store is away what this viewer saw last, for the header says why.

    Args:
        key: Of what is read, unique in the session.
        read: Reads the store.

    Raises:
        FaultlineError: What ``read`` raises, where nothing was seen yet.
        StoreFailure: Likewise.
    """
    key = f"kept {key}"
    try:
        found = st.session_state[key] = read()
    except (FaultlineError, StoreFailure) as error:
        if not is_of_store(error) or key not in st.session_state:
            raise
        noted(error)
        return cast("Read", st.session_state[key])
    return found


def noted(error: Exception) -> str:
    """What an operator reads of an error; that the store is away is told in the log too, once."""
    line = one_line(error)
    if is_of_store(error):
        outage.begin(line)
    return line


def is_of_store(error: Exception) -> bool:
    """Whether the store cannot be opened or read."""
    return isinstance(error, StoreError | StoreFailure)


def one_line(error: Exception) -> str:
    """What an operator reads of an error."""
    if isinstance(error, StoreFailure):
        return f"store: {reason_of(error)}"
    return str(error).partition("\n")[0]
