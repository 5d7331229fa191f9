"""What running and settling operations takes, made once by the application and handed down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from structlog.typing import FilteringBoundLogger

from app.metrics import Metrics
from app.operations.book import Book
from app.operations.operation import Operation
from app.operations.telling import Teller
from app.shops import Shops
from app.store.sqlite import SqliteStore
from integrations.actions import Action


@dataclass(frozen=True, kw_only=True)
class Means:
    """The store, the shops, and what comes from outside: time, chance, sleep.

    `owner` names this replica, `new_id` makes an operation's id; `settle_seconds` is how long after
    sending a write may still show up; `alone` says that no other replica can be alive. `shown` are
    the lists, by shop, that are known to show our rows.
    """

    store: SqliteStore
    shops: Shops
    actions: Mapping[str, Action]
    teller: Teller
    book: Book
    clock: Callable[[], float]
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[object]]
    new_id: Callable[[], str]
    owner: str
    settle_seconds: float
    alone: bool
    log: FilteringBoundLogger
    shown: set[tuple[str, str | None]] = field(default_factory=set)
    metrics: Metrics

    def at(self) -> float:
        """Return the time of day in epoch seconds."""
        return self.now().timestamp()

    def moved(self, operation: Operation) -> None:
        """Log and count a step; nothing of the customer is in it."""
        self.metrics.moved(operation.shop, operation.action, operation.state)
        event = f"operation.{operation.state}"
        self.log.info(
            event,
            operation=operation.id,
            shop=operation.shop,
            caller=operation.caller,
            action=operation.action,
            applied=operation.applied,
        )
