"""What was found out, as a table for people or as JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any, Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.check.finding import Finding, Result

STYLES: Final[dict[Result, str]] = {
    "works": "green",
    "differs": "yellow",
    "missing": "red",
    "could not tell": "dim",
}
UNTRIED: Final = "Nothing was written: how this store redeems, refunds or cancels stays untried."


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The findings about one shop; `ok` says that nothing essential failed."""

    shop: str
    sandbox: bool
    requests: int
    findings: Sequence[Finding]

    @property
    def ok(self) -> bool:
        """Whether the service can work with this shop."""
        return not any(finding.failed for finding in self.findings)

    def plain(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        return {"ok": self.ok, **msgspec.to_builtins(self)}

    def show(self, console: Console) -> None:
        """Print a table and a sentence; a key that is refused is a sentence alone."""
        if len(self.findings) == 1:
            console.print(Text(self.findings[0].seen, style="bold red"))
            return
        console.print(Text("The demo shop" if self.sandbox else f"The shop {self.shop}", "bold"))
        console.print(self._table())
        console.print(Text(self._summary()))

    def _table(self) -> Table:
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        table.add_column("question", ratio=3)
        table.add_column("result", no_wrap=True)
        table.add_column("seen", ratio=4, overflow="fold")
        table.add_column("contract", no_wrap=True)
        table.add_column("ms", justify="right", no_wrap=True)
        for each in self.findings:
            table.add_row(
                Text(each.question),
                Text(each.result, style=STYLES[each.result]),
                Text(each.seen),
                Text(each.contract, style="dim"),
                Text("" if each.ms is None else f"{each.ms:.0f}", style="dim"),
            )
        return table

    def _summary(self) -> str:
        counted = Counter(each.result for each in self.findings)
        results = ", ".join(f"{counted[result]} {result}" for result in STYLES if counted[result])
        times = [each.ms for each in self.findings if each.ms is not None]
        took = f" Median answer {median(times):.0f} ms." if times else ""
        asked = f"{self.requests} requests, all GET."
        verdict = (
            "Nothing essential is in the way."
            if self.ok
            else "Not usable as it is: "
            + "; ".join(f"{each.question}: {each.result}" for each in self.findings if each.failed)
            + "."
        )
        return f"{results}. {asked}{took}\n{UNTRIED}\n{verdict}"
