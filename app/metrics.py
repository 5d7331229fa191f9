"""What is counted and measured, and how it is called at /metrics."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4)


class Metrics:
    """The counters and histograms, in a registry that is handed in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.requests = Counter(
            "rivo_helpdesk_requests_total",
            "Requests answered.",
            ("door", "action", "outcome", "status"),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "rivo_helpdesk_request_seconds",
            "Seconds from a request's headers to its answer.",
            ("door", "action"),
            buckets=SECONDS,
            registry=registry,
        )
        self.upstream = Counter(
            "rivo_helpdesk_upstream_calls_total",
            "Calls to Rivo.",
            ("shop", "method", "outcome"),
            registry=registry,
        )
        self.upstream_seconds = Histogram(
            "rivo_helpdesk_upstream_call_seconds",
            "Seconds that a call to Rivo took.",
            ("shop", "method"),
            buckets=SECONDS,
            registry=registry,
        )
        self.operations = Counter(
            "rivo_helpdesk_operations_total",
            "Steps of operations, by the state that they led to.",
            ("shop", "action", "state"),
            registry=registry,
        )
        self.open_operations = Gauge(
            "rivo_helpdesk_open_operations",
            "Operations without an outcome, by state.",
            ("shop", "state"),
            registry=registry,
        )
        self.triggers = Counter(
            "rivo_helpdesk_trigger_attempts_total",
            "Attempts to send a trigger, by what became of it: delivered, waiting or dead.",
            ("shop", "trigger", "state"),
            registry=registry,
        )
        self.open_triggers = Gauge(
            "rivo_helpdesk_open_triggers",
            "Triggers that are not delivered, by state; dead ones can be replayed.",
            ("shop", "state"),
            registry=registry,
        )
        self.webhooks = Counter(
            "rivo_helpdesk_webhooks_total",
            "Signed webhooks of Rivo's: taken, repeated, unclear, or lost with the store.",
            ("shop", "topic", "outcome"),
            registry=registry,
        )
        self.store_usable = Gauge(
            "rivo_helpdesk_store_usable",
            "1 while the database can be used; without it there are no writes.",
            registry=registry,
        )
        self._children: dict[tuple[str, str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, door: str, action: str, outcome: str, status: int, seconds: float) -> None:
        """Count an answer."""
        key = (door, action, outcome, status)
        if (children := self._children.get(key)) is None:
            # To find them among all labels costs several times what it costs to count.
            children = self._children[key] = (
                self.requests.labels(door, action, outcome, str(status)),
                self.request_seconds.labels(door, action),
            )
        counter, histogram = children
        counter.inc()
        histogram.observe(seconds)

    def moved(self, shop: str, action: str, state: str) -> None:
        """Count a step of an operation."""
        self.operations.labels(shop, action, state).inc()

    def stand(self, counts: Collection[tuple[str, str, int]]) -> None:
        """Say how many operations are open now: shop, state and number of each."""
        self.open_operations.clear()
        for shop, state, number in counts:
            self.open_operations.labels(shop, state).set(number)

    def posted(self, shop: str, trigger: str, state: str) -> None:
        """Count an attempt to send a trigger."""
        self.triggers.labels(shop, trigger, state).inc()

    def outbox(self, counts: Collection[tuple[str, str, int]]) -> None:
        """Say how many triggers are not delivered now: shop, state and number of each."""
        self.open_triggers.clear()
        for shop, state, number in counts:
            self.open_triggers.labels(shop, state).set(number)

    def webhook(self, shop: str, topic: str, outcome: str) -> None:
        """Count a webhook that Rivo signed."""
        self.webhooks.labels(shop, topic, outcome).inc()

    def called(self, shop: str) -> Callable[[str, str, float], None]:
        """Return the function that counts one shop's upstream calls."""

        def count(method: str, outcome: str, seconds: float) -> None:
            self.upstream.labels(shop, method, outcome).inc()
            self.upstream_seconds.labels(shop, method).observe(seconds)

        return count
