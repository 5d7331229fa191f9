"""How things stand with each shop's Rivo, as /metrics shows it: looked up when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from app.shops import Shops
from integrations.breaker import State


class Standing(Collector):
    """Collects budget, breaker, second attempts and memory of the shops that are served now."""

    def __init__(self, shops: Shops) -> None:
        self._shops = shops

    def collect(self) -> Iterable[Metric]:
        """Say how things stand."""
        used = _gauge("budget_used", "Requests that left for Rivo within the last 1.1 seconds.")
        most = _gauge("budget_most", "So many may leave in 1.1 seconds; fewer after a 429.")
        waiting = _gauge("waiting", "Requests that wait for their share of the budget.")
        under_way = _gauge("under_way", "Requests on their way to Rivo and back.")
        breaker = GaugeMetricFamily(
            "rivo_helpdesk_upstream_breaker",
            "1 for the breaker's state; while it is not closed, Rivo is left alone.",
            labels=("shop", "state"),
        )
        opened = CounterMetricFamily(
            "rivo_helpdesk_upstream_breaker_opened",
            "How often Rivo failed so much that it was left alone.",
            labels=("shop",),
        )
        refused = CounterMetricFamily(
            "rivo_helpdesk_upstream_refused",
            "Requests that were not sent, and second attempts that were not made.",
            labels=("shop", "by"),
        )
        reads = CounterMetricFamily(
            "rivo_helpdesk_memory_reads",
            "Reads by what they found remembered; only for a miss somebody waited.",
            labels=("shop", "found"),
        )
        kept = GaugeMetricFamily(
            "rivo_helpdesk_memory_bytes", "Bytes of reads remembered.", labels=("shop",)
        )
        for shop in self._shops.all():
            name, state = [shop.name], shop.rivo.upstream.state()
            used.add_metric(name, state.budget.used)
            most.add_metric(name, state.budget.most or 0)
            waiting.add_metric(name, state.budget.waiting)
            under_way.add_metric(name, state.budget.under_way)
            for each in State:
                breaker.add_metric([*name, each.value], float(each.value == state.breaker))
            opened.add_metric(name, state.times_opened)
            refused.add_metric([*name, "budget"], state.budget.refused)
            refused.add_metric([*name, "breaker"], state.held_back)
            refused.add_metric([*name, "retries"], state.retries_refused)
            memory = shop.rivo.memory
            reads.add_metric([*name, "fresh"], memory.hits)
            reads.add_metric([*name, "stale"], memory.stales)
            reads.add_metric([*name, "miss"], memory.misses)
            kept.add_metric(name, memory.size)
        return [used, most, waiting, under_way, breaker, opened, refused, reads, kept]


def _gauge(name: str, about: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"rivo_helpdesk_upstream_{name}", about, labels=("shop",))
