"""Names: looked up anew for each attempt, and a look-up that hangs holds nobody up."""

from __future__ import annotations

import asyncio
import threading

import pytest

from app.delivery.names import Names, system

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Run on a real loop: there are real threads."""
    return "asyncio"


async def test_an_address_is_its_own_name() -> None:
    def never(*_: object) -> list[str]:
        raise AssertionError

    names = Names(never)

    assert ["8.8.8.8"] == await names.addresses("8.8.8.8", 443)
    assert ["::1"] == await names.addresses("0:0:0:0:0:0:0:1", 443)


async def test_a_host_is_looked_up_each_time() -> None:
    answers = iter([["8.8.8.8"], ["1.1.1.1"]])
    names = Names(lambda *_: next(answers))

    assert ["8.8.8.8"] == await names.addresses("a.example", 443)
    assert ["1.1.1.1"] == await names.addresses("a.example", 443)


async def test_who_asks_meanwhile_shares_the_answer() -> None:
    asked, go = [], threading.Event()

    def slowly(host: str, port: int) -> list[str]:
        asked.append(host)
        go.wait(10)
        return ["8.8.8.8"]

    names = Names(slowly)
    waiting = [asyncio.create_task(names.addresses("a.example", 443)) for _ in range(9)]
    await asyncio.sleep(0)
    waiting.pop().cancel()
    go.set()

    assert [["8.8.8.8"]] * 8 == await asyncio.gather(*waiting)
    assert ["a.example"] == asked


async def test_a_look_up_that_hangs_holds_no_other_host_up() -> None:
    go = threading.Event()

    def ask(host: str, port: int) -> list[str]:
        if host == "slow.example":
            go.wait(10)
        return ["8.8.8.8"]

    names = Names(ask)
    slow = [asyncio.create_task(names.addresses("slow.example", port)) for port in range(1, 50)]

    assert ["8.8.8.8"] == await names.addresses("a.example", 443)
    assert not any(each.done() for each in slow)
    go.set()
    await asyncio.gather(*slow)


@pytest.mark.parametrize("error", [OSError("none"), UnicodeError("label too long")])
async def test_a_host_without_an_address_is_an_error(error: Exception) -> None:
    def ask(*_: object) -> list[str]:
        raise error

    with pytest.raises(OSError, match="no"):
        await Names(ask).addresses("a.example", 443)


async def test_where_no_thread_can_be_started_a_later_try_may_have_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    names = Names(lambda *_: ["8.8.8.8"])
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none_left)
        with pytest.raises(OSError, match="no thread"):
            await names.addresses("a.example", 443)

    assert ["8.8.8.8"] == await names.addresses("a.example", 443)


async def test_the_system_knows_this_machine() -> None:
    assert "127.0.0.1" in await Names(system).addresses("localhost", 443)


def test_an_answer_that_comes_after_the_end_is_nobodys() -> None:
    go, asked = threading.Event(), threading.Event()

    def ask(*_: object) -> list[str]:
        asked.set()
        go.wait(10)
        return []

    async def leave() -> None:
        task = asyncio.create_task(Names(ask).addresses("a.example", 443))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    assert asked.wait(10)
    (thread,) = (each for each in threading.enumerate() if each.name == "names")
    go.set()
    thread.join(10)
    assert not thread.is_alive()
