"""What of a shop's is in Gorgias already, told from everything else by its markers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from integrations.gorgias.macros import key_of, name_of
from integrations.gorgias.rest import GorgiasApi
from integrations.gorgias.site import Body, is_integration, is_marked
from integrations.gorgias.widget import is_widget

DEFAULT_CONTEXT: Final = "ticket"
KINDS: Final = ("integrations", "widgets", "macros")


class There(msgspec.Struct, frozen=True, kw_only=True):
    """What is ours, the oldest first, each kind of macro by its key.

    `notes` are sentences on what is not ours and may be in the way.
    """

    integrations: tuple[Body, ...]
    widgets: tuple[Body, ...]
    macros: Mapping[str, tuple[Body, ...]]
    notes: tuple[str, ...]

    def widget(self, context: str, integration_id: int | None) -> Body | None:
        """Find the widget of a context over an integration; over another one it is of no use."""
        for each in self.widgets:
            here = each.get("context") or DEFAULT_CONTEXT, each.get("integration_id")
            if here == (context, integration_id) and integration_id is not None:
                return each
        return None

    def macro(self, key: str) -> Body | None:
        """Find the macro of a key."""
        return next(iter(self.macros.get(key, ())), None)


async def look(api: GorgiasApi, shop: str, *, url: str | None = None) -> There:
    """Find what is ours in Gorgias; `url` is the address that our integration calls.

    Raises a GorgiasError.
    """
    rows = {kind: _by_age(await api.rows(kind)) for kind in KINDS}
    integrations = [row for row in rows["integrations"] if is_integration(row, shop)]
    ids = frozenset(row["id"] for row in integrations)
    widgets = [row for row in rows["widgets"] if is_widget(row, shop, ids)]
    macros, copies = _macros(rows["macros"], shop, ids)
    notes = [
        *(_twice(row) for row in rows["integrations"] if url and _calls(row, url)),
        *(
            f"The widget {row['id']} shows our data and was made by somebody else: it stays as it "
            "is, and is empty without the integration."
            for row in rows["widgets"]
            if row.get("integration_id") in ids and row not in widgets
        ),
        *(
            f"The macro {row['id']} ({row.get('name')}) is a copy of one of ours: it stays as it "
            "is, and fails where the service or its secret has gone."
            for row in copies
        ),
    ]
    return There(
        integrations=tuple(integrations), widgets=tuple(widgets), macros=macros, notes=tuple(notes)
    )


def _by_age(rows: list[Body]) -> list[Body]:
    return sorted((row for row in rows if isinstance(row.get("id"), int)), key=lambda r: r["id"])


def _macros(
    rows: list[Body], shop: str, ids: frozenset[int]
) -> tuple[dict[str, tuple[Body, ...]], list[Body]]:
    """Sort out the macros: of each key those that have our name, or else the oldest one.

    A macro copied in Gorgias carries our marker as well; by its name it is somebody's own.
    """
    found: dict[str, list[Body]] = {}
    for row in rows:
        if (key := key_of(row, shop, ids)) is not None:
            found.setdefault(key, []).append(row)
    ours = {}
    for key, alike in found.items():
        named = [row for row in alike if row.get("name") == name_of(shop, key)]
        ours[key] = tuple(named or alike[:1])
    kept = [row["id"] for alike in ours.values() for row in alike]
    return ours, [row for alike in found.values() for row in alike if row["id"] not in kept]


def _calls(row: Body, url: str) -> bool:
    http = row.get("http")
    return not is_marked(row) and isinstance(http, Mapping) and http.get("url") == url


def _twice(row: Body) -> str:
    return (
        f"The integration {row['id']} ({row.get('name')}) calls the same address and was made by "
        "somebody else: delete it if it is a set-up by hand."
    )
