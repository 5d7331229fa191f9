"""One request on its way through an operation, and what operations share while they answer it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct

from integrations.rivo_sandbox.answers import (
    Answer,
    Resource,
    StatusError,
    UnknownError,
    json_answer,
)
from integrations.rivo_sandbox.params import Params
from integrations.rivo_sandbox.shop import Customer
from integrations.rivo_sandbox.state import State
from integrations.rivo_sandbox.switches import Switches


class Happening(Struct, frozen=True):
    """Something that Rivo would announce by webhook."""

    topic: str
    body: dict[str, Any]


class Call(Struct, kw_only=True):
    """What an operation is handed: the shop as this request sees it, and the request in parts."""

    method: str
    url: str
    """Scheme, host and path as they were asked for; links are made from it."""
    segments: tuple[str, ...]
    """The values that stand for `*` in the operation's path, decoded."""
    query: Params
    form: Params
    state: State
    switches: Switches
    now: datetime
    new_id: Callable[[str], int]
    happened: list[Happening]
    request: int | None = None
    """The number of the request, None in the storefront."""
    note_length: int | None = None
    """How many characters of an internal note are kept, None: all."""

    def written(self, status: int, row: Resource) -> Answer:
        """Answer a write with the resource that it made or changed."""
        match self.switches.write_answer:
            case "put_204" if self.method == "PUT":
                return Answer(204)
            case "bare":
                return json_answer(status, row["attributes"])
            case _:
                return json_answer(status, {"data": row})

    def customer(self, identifier: str) -> Customer:
        """Find a customer by Shopify id or e-mail; UnknownError if Rivo knows none (yet)."""
        found = self.find_customer(identifier)
        if found is None:
            raise UnknownError("Could not find a customer with that identifier.")
        return found

    def find_customer(self, identifier: str) -> Customer | None:
        """Find a customer by Shopify id or e-mail, or None."""
        if identifier.isascii() and identifier.isdecimal():
            found = self.state.customers.get(int(identifier[:18]))
        else:
            found = self._by_email(identifier)
        return found if found is not None and self.knows(found) else None

    def knows(self, customer: Customer) -> bool:
        """Whether Rivo has heard of this Shopify customer by now."""
        return customer.appears_at is None or customer.appears_at <= self.now

    def _by_email(self, email: str) -> Customer | None:
        exact = self.switches.email_match == "case_sensitive"
        wanted = email if exact else email.lower()
        for customer in self.state.customers.values():
            known = customer.email or ""
            if wanted == (known if exact else known.lower()):
                return customer
        return None

    def infer(self, *names: str) -> None:
        """Treat filters whose names are only inferred as U9 says: read, unread, or refused."""
        for name in names:
            spelled = f"filters[{name}]"
            if self.switches.inferred_filters == "unread":
                self.query.drop(spelled)
            elif self.switches.inferred_filters == "400" and spelled in self.query:
                self.query.invalid(spelled)
                self.query.drop(spelled)

    def filtered_customer(self) -> int | None:
        """Read `filters[customer_identifier]`: an id, None if not sent, -1 for a stranger."""
        identifier = self.query.text("filters[customer_identifier]")
        if identifier is None:
            return None
        found = self.find_customer(identifier)
        if found is not None:
            return found.id
        if self.switches.unknown_customer_list == "404":
            raise StatusError(404, "Could not find a customer with that identifier.")
        return -1

    def announce(self, topic: str, body: dict[str, Any]) -> None:
        """Note something that Rivo would announce by webhook."""
        self.happened.append(Happening(topic, body))
