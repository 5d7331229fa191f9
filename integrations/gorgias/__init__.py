"""How Gorgias wants its answers: one flat object, text ready to show, always the same keys."""

from __future__ import annotations

from integrations.gorgias.answers import failed_read, flat_read
from integrations.gorgias.directions import HEADER as DIRECTION
from integrations.gorgias.directions import directed
from integrations.gorgias.sidebar import failed_sidebar, flat_sidebar
from integrations.gorgias.texts import local
from integrations.gorgias.writes import done, not_done, repeated, settled

__all__ = [
    "DIRECTION",
    "directed",
    "done",
    "failed_read",
    "failed_sidebar",
    "flat_read",
    "flat_sidebar",
    "local",
    "not_done",
    "repeated",
    "settled",
]
