"""Warm: a customer that is remembered, asked for as fast as one core can answer."""

from __future__ import annotations

import contextlib
import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from tests.bench.load import Run, put_load
from tests.bench.processes import Cores, Server, serving

PATH: Final = "/actions/get_customer?customer_email=sarah.martinez@example.com"
HEADERS: Final[Mapping[str, str]] = {"Authorization": "Bearer demo"}
CONNECTIONS: Final = 16
BARE, SERVICE, FASTAPI = "bare", "service", "fastapi"
# With less of its core, a server cannot show what it can: the load or other work is in its way.
SATURATED: Final = 0.9


class Warm(msgspec.Struct, frozen=True):
    """The runs of each candidate, round by round, and what makes them worthless."""

    runs: Mapping[str, list[Run]]
    wrong: list[str]

    def ratios(self, name: str) -> list[float]:
        """Return how many answers a candidate gave for each of the bare application's, by round."""
        pairs = zip(self.runs[name], self.runs[BARE], strict=True)
        return [run.per_second / bare.per_second for run, bare in pairs]

    def cpu_ratios(self, name: str) -> list[float]:
        """Return the same from what an answer costs: equal to `ratios` where nobody disturbs."""
        pairs = zip(self.runs[name], self.runs[BARE], strict=True)
        return [bare.cpu_ms / run.cpu_ms for run, bare in pairs]

    @property
    def share(self) -> float:
        """The part of its core that the server had which had least, at its median."""
        return min(statistics.median(run.share for run in runs) for runs in self.runs.values())


def measure_warm(folder: Path, *, rounds: int, seconds: int, cores: Cores) -> Warm:
    """Put load on each candidate in turn, round after round; logs and answers go to `folder`."""
    log = folder / "service.log"
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(
            serving(
                ["-m", "app.cli", "serve", "--sandbox"],
                log=log,
                core=cores.server,
                environ={"FRESH_SECONDS": "86400", "DATABASE_URL": "sqlite://"},
            )
        )
        answer = folder / "answer.json"
        answer.write_bytes(_get(service, PATH))

        def candidate(name: str, *more: str) -> Server:
            command = ["-m", "tests.bench.serve", name, *more]
            return stack.enter_context(
                serving(command, log=folder / f"{name}.log", core=cores.server)
            )

        servers = {
            BARE: candidate(BARE, "--argument", str(answer)),
            SERVICE: service,
            FASTAPI: candidate(FASTAPI),
        }
        wrong = _unlike(servers)
        runs: dict[str, list[Run]] = {name: [] for name in servers}
        for number in range(rounds):
            # Each goes first in turn: what a machine does in waves meets all of them.
            first = number % len(servers)
            for name in [*list(servers)[first:], *list(servers)[:first]]:
                runs[name].append(
                    put_load(
                        servers[name],
                        [PATH],
                        seconds=seconds,
                        connections=CONNECTIONS,
                        cores=cores,
                        headers=HEADERS,
                    )
                )
        wrong += _unlike(servers) + _not_as_in_production(service, log, runs[SERVICE])
    wrong += [f"{name}: wrk saw errors." for name in runs if any(run.errors for run in runs[name])]
    return Warm(runs=runs, wrong=wrong)


def _get(server: Server, path: str) -> bytes:
    with urlopen(Request(server.url + path, headers=dict(HEADERS)), timeout=10) as answer:
        body: bytes = answer.read()
        kind = answer.headers["content-type"]
        if (answer.status, kind) != (200, "application/json"):
            raise RuntimeError(f"{server.url} answered {answer.status}, {kind}.")
    return body


def _unlike(servers: Mapping[str, Server]) -> list[str]:
    """Find who does not answer what the others do; the time may differ where it was asked anew."""
    bodies = {name: _get(server, PATH) for name, server in servers.items()}
    wrong = []
    if bodies[SERVICE] != bodies[BARE]:
        wrong.append("The service does not answer the bytes of the bare application.")
    plain, ours = json.loads(bodies[FASTAPI]), json.loads(bodies[SERVICE])
    if plain | {"as_of": ours["as_of"]} != ours:
        wrong.append("The FastAPI service does not answer what the service answers.")
    return wrong


def _not_as_in_production(service: Server, log: Path, runs: list[Run]) -> list[str]:
    """Find what the service left out: it has to remember, to count and to log every request."""
    counted = {
        name: sum(
            sample.value
            for family in text_string_to_metric_families(_metrics(service))
            for sample in family.samples
            if sample.name == name
        )
        for name in ("rivo_helpdesk_upstream_calls_total", "rivo_helpdesk_requests_total")
    }
    answered = sum(run.requests for run in runs)
    wrong = []
    if (calls := counted["rivo_helpdesk_upstream_calls_total"]) != 1:
        wrong.append(f"The memory was not warm: {calls:g} requests went to Rivo.")
    if counted["rivo_helpdesk_requests_total"] < answered:
        wrong.append("The service did not count every request.")
    if log.read_bytes().count(b'"event":"action.done"') < answered:
        wrong.append("The service did not log every request.")
    return wrong


def _metrics(service: Server) -> str:
    with urlopen(f"{service.url}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
    return text
