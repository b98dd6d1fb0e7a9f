"""When something can first be seen on a page, as the page itself tells it; JavaScript."""

from __future__ import annotations

NAME = """document.querySelector('.faultline_device [data-is="name"]')"""
NAMED = f"({NAME}?.checkVisibility() && {NAME}.textContent)"  # the device of its page
DRAWN = "document.querySelector('.faultline_device')?.dataset.draws"  # its chart


def watching(**shown: str) -> str:
    """A script to begin a page with: ``window.seen`` has milliseconds since the page was opened.

    Args:
        shown: An expression by its name; what it is of is there once it is true.
    """
    notes = "".join(
        f"if ({what}) seen.{name} ??= performance.now();" for name, what in shown.items()
    )
    return f"""{{
      const seen = window.seen = {{}};
      const all = {{subtree: true, childList: true, attributes: true, characterData: true}};
      new MutationObserver(() => {{ {notes} }}).observe(document, all);
    }}"""
