"""The tables that the bench prints."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rich import box
from rich.table import Table

from tests.bench import cold, hung, keys, once, warm
from tests.bench.announced import PER_SECOND, REPEATED, Announced
from tests.bench.cold import Cold
from tests.bench.hung import Hung
from tests.bench.keys import Found
from tests.bench.load import Run
from tests.bench.once import Written
from tests.bench.serve import RIVO_SECONDS
from tests.bench.warm import Warm

WARM: Final[Mapping[str, str]] = {
    warm.BARE: "bare ASGI application",
    warm.SERVICE: "this service",
    warm.FASTAPI: "FastAPI, no key, log, metrics",
}
COLD: Final[Mapping[str, str]] = {
    cold.RIVO: "Rivo itself",
    cold.RELAY: "bare relay over httpx",
    cold.SERVICE: "this service",
}
WAYS: Final[Mapping[str, str]] = {
    once.STRAIGHT: "straight, nothing kept",
    once.IN_MEMORY: "as an operation, in memory",
    once.ON_DISK: "as an operation, on disk",
}
LOOKS: Final[Mapping[str, str]] = {
    keys.KNOWN: "a key that is there",
    keys.NEW: "a key that is new",
    keys.ALIKE: "no key: an identical request",
}
KINDS: Final[Mapping[str, str]] = {
    hung.REMEMBERED: "list_vip_tiers, remembered",
    hung.ASKED: "get_customer, Rivo is asked",
}
HUNG_CAPTION: Final = (
    "Medians and spread over {rounds} rounds, well and hung in turn; * on this machine, now.\n"
    "The other shop is asked for 20 unknown customers a second meanwhile."
)
ONCE_CAPTION: Final = (
    "Medians and spread over {rounds} rounds; * on this machine, now.\n"
    "An operation waits for the disk twice; that alone\n"
    "took {disk:.2f} ms * each time, in the same rounds."
)
ANNOUNCED_CAPTION: Final = (
    "Medians and spread over {rounds} rounds, {number} webhooks at {pace} a second, over sockets;\n"
    "each is kept on disk, half of them with a trigger whose receiver is away;\n"
    "one in {repeated} comes twice.\n"
    "* On this machine, now; from when it was due, whatever became of those before."
)
CAPTION: Final = (
    "Medians and spread over {rounds} rounds; * on this machine, now. Ratios are to the bare\n"
    "application, which answers the same bytes; what is added is beside Rivo's own latency."
)


def table_of_announced(found: Announced) -> Table:
    """Show what the answers to webhooks took."""
    number = sum(map(len, found.rounds))
    caption = ANNOUNCED_CAPTION.format(
        rounds=len(found.rounds), number=number, pace=PER_SECOND, repeated=REPEATED
    )
    table = Table(box=box.SIMPLE, caption=caption, caption_justify="left")
    table.add_column("until the 2xx *", no_wrap=True)
    for title in ("ms", "min to max"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, times in (("half of them", found.median_ms()), ("99 of 100", found.p99_ms())):
        table.add_row(name, f"{statistics.median(times):.1f}", _spread(times, "{:.1f}"))
    table.add_row("the longest", f"{max(map(max, found.rounds)):.1f}", "")
    return table


def table_of(warm_runs: Warm, cold_runs: Cold) -> Table:
    """Show medians over the rounds, ratios and differences first, each with its spread."""
    rounds = len(warm_runs.runs[warm.BARE])
    table = Table(box=box.SIMPLE, caption=CAPTION.format(rounds=rounds), caption_justify="left")
    table.add_column("get_customer, remembered", no_wrap=True)
    for title in ("ratio", "min to max", "by CPU", "per s *", "CPU ms *"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, title in WARM.items():
        runs, ratios = warm_runs.runs[name], warm_runs.ratios(name)
        table.add_row(
            title,
            f"{statistics.median(ratios):.2f}",
            "" if name == warm.BARE else _spread(ratios, "{:.2f}"),
            f"{statistics.median(warm_runs.cpu_ratios(name)):.2f}",
            f"{_median(runs, lambda run: run.per_second):,.0f}",
            f"{_median(runs, lambda run: run.cpu_ms):.3f}",
        )
    table.add_section()
    titles = (
        f"get_customer, Rivo takes {RIVO_SECONDS * 1000:.0f} ms",
        "added ms",
        "min to max",
        "",
        "median ms *",
        "CPU ms *",
    )
    table.add_row(*titles, style="bold")
    table.add_section()
    for name, title in COLD.items():
        runs, added = cold_runs.runs[name], cold_runs.added_ms(name)
        ours = name != cold.RIVO
        table.add_row(
            title,
            f"{statistics.median(added):.1f}" if ours else "",
            _spread(added, "{:.1f}") if ours else "",
            "",
            f"{_median(runs, lambda run: run.median_ms):.1f}",
            f"{_median(runs, lambda run: run.cpu_ms):.2f}" if ours else "",
        )
    return table


def table_of_once(written: Written, found: Found) -> Table:
    """Show what operations add to a write, and what finding one takes among few and many."""
    caption = ONCE_CAPTION.format(
        rounds=len(written.disk_ms), disk=statistics.median(written.disk_ms)
    )
    table = Table(box=box.SIMPLE, caption=caption, caption_justify="left")
    table.add_column("create_points_event", no_wrap=True)
    for title in ("added ms", "min to max", "median ms *"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, title in WAYS.items():
        added, ours = written.added_ms(name), name != once.STRAIGHT
        table.add_row(
            title,
            f"{statistics.median(added):.2f}" if ours else "",
            _spread(added, "{:.2f}") if ours else "",
            f"{statistics.median(written.rounds[name]):.2f}",
        )
    table.add_section()
    few, many = (f"{size:,}" for size in found.runs[keys.KNOWN])
    table.add_row(
        f"found among {many}", f"to {few}", "min to max", "median \u00b5s *", style="bold"
    )
    table.add_section()
    for name, title in LOOKS.items():
        ratios = found.ratios(name)
        quick, slow = (statistics.median(runs) for runs in found.runs[name].values())
        table.add_row(
            title,
            f"{statistics.median(ratios):.2f}",
            _spread(ratios, "{:.2f}"),
            f"{slow:.0f} to {quick:.0f}",
        )
    return table


def table_of_hung(found: Hung) -> Table:
    """Show what the slowest of a hundred answers took, with the other's Rivo well or not."""
    rounds = min(len(moods[hung.WELL]) for moods in found.runs.values())
    table = Table(
        box=box.SIMPLE, caption=HUNG_CAPTION.format(rounds=rounds), caption_justify="left"
    )
    table.add_column("p99 of one shop, another's hangs", no_wrap=True)
    for title in ("ratio", "min to max", "well ms *", "hung ms *", "n"):
        table.add_column(title, justify="right", no_wrap=True)
    for kind, title in KINDS.items():
        if kind not in found.runs:
            continue
        runs, ratios = found.runs[kind], found.ratios(kind)
        table.add_row(
            title,
            f"{statistics.median(ratios):.2f}",
            _spread(ratios, "{:.2f}"),
            f"{_median(runs[hung.WELL], lambda run: run.p99_ms):.1f}",
            f"{_median(runs[hung.HUNG], lambda run: run.p99_ms):.1f}",
            f"{sum(run.requests for each in runs.values() for run in each):,}",
        )
    return table


def _median(runs: Sequence[Run], figure: Callable[[Run], float]) -> float:
    return statistics.median(map(figure, runs))


def _spread(figures: Sequence[float], form: str) -> str:
    return f"{form.format(min(figures))} to {form.format(max(figures))}"
