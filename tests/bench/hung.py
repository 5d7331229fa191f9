"""Two shops, one of whose Rivo hangs: how much longer do the other's answers take?"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import threading
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import httpx
import msgspec

from integrations.rivo_sandbox import demo_shop
from tests.bench.load import Run, put_load
from tests.bench.processes import Cores, Server, serving
from tests.bench.serve import KEY

PER_SECOND: Final = 20
BACK_SECONDS: Final = 10.0
WELL, HUNG = "well", "hung"
REMEMBERED, ASKED = "remembered", "asked"
CONNECTIONS: Final = {REMEMBERED: 2, ASKED: 8}
"""Few where the answers come at once: who asks all the time measures how long the queue is."""
CALLERS: Final = {name: f"a-key-for-the-shop-that-is-{name}" for name in (WELL, HUNG)}
KEYS: Final = {WELL: KEY, HUNG: "another-sandbox-key"}
SHOP: Final = """
[shops.{name}]
rivo_api_key = "{key}"
rivo_api_url = "{url}/merchant_api/v1"
[shops.{name}.callers.bench]
door = "actions"
actions = ["*"]
secret_sha256 = ["{digest}"]
"""


class Hung(msgspec.Struct, frozen=True):
    """One shop's runs, by what it asks for and how the other's Rivo is, round by round.

    `neighbour` counts what the other shop was answered meanwhile, by how its Rivo was and status.
    """

    runs: Mapping[str, Mapping[str, list[Run]]]
    neighbour: Mapping[str, Counter[int]]
    wrong: list[str]

    def ratios(self, kind: str) -> list[float]:
        """Return how many times as long the slowest of a hundred answers took, by round."""
        pairs = zip(self.runs[kind][HUNG], self.runs[kind][WELL], strict=True)
        return [hung.p99_ms / well.p99_ms for hung, well in pairs]


def measure_hung(
    folder: Path,
    *,
    rounds: int,
    seconds: int,
    cores: Cores,
    kinds: Sequence[str] = (REMEMBERED, ASKED),
) -> Hung:
    """Ask for one shop's customers while the other's Rivo is well, and while it hangs, in turn.

    Each run begins with a Rivo that has just begun to hang: two seconds later its breaker opens.
    """
    customers = [str(customer.id) for customer in demo_shop().customers]
    paths = {
        REMEMBERED: ["/actions/list_vip_tiers"],
        ASKED: [f"/actions/get_customer?customer_email={each}" for each in customers],
    }
    runs: dict[str, dict[str, list[Run]]] = {kind: {WELL: [], HUNG: []} for kind in kinds}
    neighbour: dict[str, Counter[int]] = {WELL: Counter(), HUNG: Counter()}
    with _standing(folder, cores) as (service, moody):
        for number in range(rounds):
            for kind in kinds:
                for mood in (WELL, HUNG) if number % 2 else (HUNG, WELL):
                    _call(f"{moody.url}/mood/{mood}", method="POST")
                    with _asking_for_the_other(service, neighbour[mood], cores):
                        run = put_load(
                            service,
                            paths[kind],
                            seconds=seconds,
                            connections=CONNECTIONS[kind],
                            cores=cores,
                            headers={"Authorization": f"Bearer {CALLERS[WELL]}"},
                        )
                    runs[kind][mood].append(run)
                    _call(f"{moody.url}/mood/{WELL}", method="POST")
                    _wait_until_it_is_back(service)
    wrong = [
        f"{kind}, {mood}: wrk saw errors."
        for kind, moods in runs.items()
        for mood, each in moods.items()
        if any(run.errors for run in each)
    ]
    if neighbour[HUNG][404] or not neighbour[HUNG][503]:
        wrong.append(f"The Rivo that hangs answered: {neighbour[HUNG]}.")
    if neighbour[WELL][404] < 0.9 * neighbour[WELL].total():
        wrong.append(f"The other shop was not well answered by its Rivo: {neighbour[WELL]}.")
    return Hung(runs=runs, neighbour=neighbour, wrong=wrong)


@contextlib.contextmanager
def _standing(folder: Path, cores: Cores) -> Generator[tuple[Server, Server]]:
    """Start two Rivos, and a service that serves a shop at each of them."""
    with contextlib.ExitStack() as stack:
        rivos = {
            name: stack.enter_context(
                serving(
                    ["-m", "tests.bench.serve", *command],
                    log=folder / f"{name}.log",
                    core=cores.load,
                )
            )
            for name, command in (
                (WELL, ["rivo"]),
                (HUNG, ["moody", "--argument", KEYS[HUNG]]),
            )
        }
        config = folder / "config.toml"
        config.write_text(
            "".join(
                SHOP.format(
                    name=name,
                    key=KEYS[name],
                    url=rivo.url,
                    digest=hashlib.sha256(CALLERS[name].encode()).hexdigest(),
                )
                for name, rivo in rivos.items()
            )
        )
        service = serving(
            ["-m", "app.cli", "serve"],
            log=folder / "service.log",
            core=cores.server,
            environ={
                "CONFIG": str(config),
                "DATABASE_URL": "sqlite://",
                "SECRET_KEY": "a-secret-for-the-bench",
                "FRESH_SECONDS": "0",
                "STALE_SECONDS": "0",
                "RIVO_REQUESTS_PER_SECOND": "1000",
            },
        )
        yield stack.enter_context(service), rivos[HUNG]


@contextlib.contextmanager
def _asking_for_the_other(service: Server, told: Counter[int], cores: Cores) -> Generator[None]:
    """Ask for customers of the other shop meanwhile, evenly, whatever becomes of those before."""
    over = threading.Event()

    def ask() -> None:
        if cores.load is not None:
            os.sched_setaffinity(0, {cores.load})  # of this thread alone
        asyncio.run(_ask(service, told, over, time.monotonic_ns()))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


async def _ask(service: Server, told: Counter[int], over: threading.Event, start: int) -> None:
    proof = {"Authorization": f"Bearer {CALLERS[HUNG]}"}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(headers=proof, timeout=10, trust_env=False, limits=limits) as http:

        async def one(number: int) -> None:
            # Nobody whom Rivo knows, and each another: none waits for another's answer.
            url = f"{service.url}/actions/get_customer?customer_email={start + number}"
            told[(await http.get(url)).status_code] += 1

        tasks: list[asyncio.Task[None]] = []
        while not over.is_set():
            tasks.append(asyncio.create_task(one(len(tasks))))
            await asyncio.sleep(1 / PER_SECOND)
        await asyncio.gather(*tasks)


def _wait_until_it_is_back(service: Server) -> None:
    until = time.monotonic() + BACK_SECONDS
    proof = {"Authorization": f"Bearer {CALLERS[HUNG]}"}
    while time.monotonic() < until:
        # Somebody whom nobody remembers: only Rivo can say that it knows nobody.
        path = f"/actions/get_customer?customer_email={time.monotonic_ns()}"
        try:
            _call(service.url + path, headers=proof)
        except HTTPError as error:
            if error.code == 404:
                return
        time.sleep(0.1)
    raise RuntimeError("The Rivo that is well again is not asked again.")


def _call(url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> None:
    with urlopen(Request(url, method=method, headers=dict(headers or {})), timeout=10) as answer:
        answer.read()
