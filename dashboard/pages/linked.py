"""A choice that stands in the link, under a name that no language changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st


def linked(
    name: str,
    options: Sequence[str],
    draw: Callable[[str], str | None],
    default: str | None = None,
) -> str:
    """Let the viewer choose; what the link says goes before what was chosen.

    Args:
        name: In the link.
        options: Those allowed.
        draw: Draws the widget with a key of the session's state; returns what is chosen.
        default: What a link without the name means; None: the first one.
    """
    default = options[0] if default is None else default
    key, seen = f"linked {name}", f"linked {name} seen"
    asked = st.query_params.get(name)
    if asked in options and asked != st.session_state.get(seen):
        st.session_state[key] = asked
    if st.session_state.get(key) not in options:
        st.session_state[key] = default
    chosen = draw(key) or default
    st.session_state[seen] = chosen
    if chosen != default:
        st.query_params[name] = chosen
    elif name in st.query_params:
        del st.query_params[name]
    return chosen
