"""An internal note on a Gorgias ticket, as its API takes it.

Source: contract notes of November 2026: `channel`, `via` and `from_agent` are required, and public
code needed `sender` in practice. A note is an event on the ticket, on which Gorgias asks for the
sidebar's data again.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any


def note(lines: Sequence[str], *, sender: str) -> dict[str, Any]:
    """Make the body for `POST /tickets/{id}/messages` from lines of plain text."""
    shown = "<br>".join(html.escape(line) for line in lines)
    return {
        "channel": "internal-note",
        "via": "api",
        "from_agent": True,
        "public": False,
        "sender": {"email": sender},
        "body_text": "\n".join(lines),
        "body_html": f"<div>{shown}</div>",
    }
