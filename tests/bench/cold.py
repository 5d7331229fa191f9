"""Cold: every request goes to a Rivo that takes its time; what does the service add?"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from integrations.rivo_sandbox import demo_shop
from tests.bench.load import Run, put_load
from tests.bench.processes import Cores, serving
from tests.bench.serve import KEY

CONNECTIONS: Final = 4
RIVO, RELAY, SERVICE = "rivo", "relay", "service"
CALLER: Final = "a-key-for-the-bench"


class Cold(msgspec.Struct, frozen=True):
    """The runs of each, round by round, and what makes them worthless."""

    runs: Mapping[str, list[Run]]
    wrong: list[str]

    def added_ms(self, name: str) -> list[float]:
        """Return what an answer took longer at the median than Rivo's own, by round."""
        pairs = zip(self.runs[name], self.runs[RIVO], strict=True)
        return [run.median_ms - rivo.median_ms for run, rivo in pairs]


def measure_cold(folder: Path, *, rounds: int, seconds: int, cores: Cores) -> Cold:
    """Ask Rivo itself, a bare relay over httpx and the service in turn, round after round."""
    # More customers than connections, asked for in turn: no two wait for the same one.
    customers = [str(customer.id) for customer in demo_shop().customers]
    direct = [f"/merchant_api/v1/customers/{each}" for each in customers]
    through = [f"/actions/get_customer?customer_email={each}" for each in customers]
    with contextlib.ExitStack() as stack:
        rivo = stack.enter_context(
            serving(
                ["-m", "tests.bench.serve", "rivo"],
                log=folder / "rivo.log",
                core=cores.load,
            )
        )
        address = f"{rivo.url}/merchant_api/v1"
        relay = stack.enter_context(
            serving(
                ["-m", "tests.bench.serve", "relay", "--argument", rivo.url],
                log=folder / "relay.log",
                core=cores.server,
            )
        )
        service = stack.enter_context(
            serving(
                ["-m", "app.cli", "serve"],
                log=folder / "cold.log",
                core=cores.server,
                environ={
                    "RIVO_API_KEY": KEY,
                    "RIVO_API_URL": address,
                    "API_KEY": CALLER,
                    "SECRET_KEY": "a-secret-for-the-bench",
                    "FRESH_SECONDS": "0",
                    "STALE_SECONDS": "0",
                    "RIVO_REQUESTS_PER_SECOND": "1000",
                },
            )
        )
        asked = {
            RIVO: (rivo, direct, {"Authorization": KEY}),
            RELAY: (relay, direct, {}),
            SERVICE: (service, through, {"Authorization": f"Bearer {CALLER}"}),
        }
        runs: dict[str, list[Run]] = {name: [] for name in asked}
        for number in range(rounds):
            first = number % len(asked)
            for name in [*list(asked)[first:], *list(asked)[:first]]:
                server, paths, headers = asked[name]
                runs[name].append(
                    put_load(
                        server,
                        paths,
                        seconds=seconds,
                        connections=CONNECTIONS,
                        cores=cores,
                        headers=headers,
                    )
                )
    wrong = [f"{name}: wrk saw errors." for name in runs if any(run.errors for run in runs[name])]
    return Cold(runs=runs, wrong=wrong)
