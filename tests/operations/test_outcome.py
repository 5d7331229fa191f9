"""What an upstream result means for a write: every row of the table, from bytes to class."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx
import pytest

from app.operations.outcome import Outcome, outcome_of
from app.store.sqlite import StoreError
from integrations.errors import (
    ActionError,
    AwaitingApprovalError,
    ConflictError,
    ForbiddenError,
    InputError,
    KeyReusedError,
    LimitError,
    LostReplyError,
    NeedsReviewError,
    NotAppliedError,
    NotAvailableError,
    NotConfiguredError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    OverloadedError,
    OwnAddressError,
    RedemptionOpenError,
    RefusedError,
    StillRunningError,
    SwitchedOffError,
    TooFastError,
    UnavailableError,
    UpstreamError,
    WriteOpenError,
)
from integrations.memory import Memory
from integrations.rivo import Rivo, ShopFacts
from integrations.rivo.client import BASE_URL, WRITE_SECONDS
from integrations.rivo.replies import WrongVerbError
from integrations.rivo.writing import Given, Writing
from integrations.upstream import Upstream, make_client
from tests.rivo.stage import Clock

pytestmark = pytest.mark.anyio

WHO = "sarah.martinez@example.com"
APPLIED, REJECTED, NOT_SENT, UNKNOWN, DOUBTFUL = (
    Outcome.APPLIED,
    Outcome.REJECTED,
    Outcome.NOT_SENT,
    Outcome.UNKNOWN,
    Outcome.DOUBTFUL,
)


def doubtful() -> RefusedError:
    error = RefusedError("No.")
    error.doubtful = True
    return error


ENDS: list[tuple[BaseException | None, Outcome, Outcome]] = [
    (None, APPLIED, APPLIED),
    (InputError("reward_id", expected="one"), REJECTED, REJECTED),
    (KeyReusedError("idempotency_key", expected="new"), REJECTED, REJECTED),
    (ForbiddenError("No."), REJECTED, REJECTED),
    (SwitchedOffError("No."), REJECTED, REJECTED),
    (OwnAddressError("No."), REJECTED, REJECTED),
    (LimitError("No."), REJECTED, REJECTED),
    (NotFoundError("No."), REJECTED, REJECTED),
    (RefusedError("No."), REJECTED, REJECTED),
    (doubtful(), REJECTED, DOUBTFUL),
    (NotAvailableError("No."), REJECTED, REJECTED),
    (WrongVerbError("No."), REJECTED, REJECTED),
    (UnavailableError("Later."), NOT_SENT, NOT_SENT),
    (OverloadedError("Later."), NOT_SENT, NOT_SENT),
    (NotConfiguredError("No."), NOT_SENT, REJECTED),
    (OutcomeUnknownError("Who knows?"), NOT_SENT, UNKNOWN),
    (NeedsReviewError("Who knows?"), NOT_SENT, UNKNOWN),
    (TooFastError("Later."), NOT_SENT, UNKNOWN),
    (ConflictError("Later."), NOT_SENT, UNKNOWN),
    (StillRunningError("Later."), NOT_SENT, UNKNOWN),
    (WriteOpenError("Later."), NOT_SENT, UNKNOWN),
    (RedemptionOpenError("Later."), NOT_SENT, UNKNOWN),
    (AwaitingApprovalError("Later."), NOT_SENT, UNKNOWN),
    (NotAppliedError("The settler's word."), NOT_SENT, UNKNOWN),
    (ActionError("What?"), NOT_SENT, UNKNOWN),
    (UpstreamError("What?"), NOT_SENT, UNKNOWN),
    (NotSentError("What?"), NOT_SENT, UNKNOWN),
    (LostReplyError("What?"), NOT_SENT, UNKNOWN),
    (StoreError("What?"), NOT_SENT, UNKNOWN),
    (TimeoutError(), NOT_SENT, UNKNOWN),
    (asyncio.CancelledError(), NOT_SENT, UNKNOWN),
    (KeyError("a mistake of ours"), NOT_SENT, UNKNOWN),
    (KeyboardInterrupt(), NOT_SENT, UNKNOWN),
    (SystemExit(), NOT_SENT, UNKNOWN),
]


@pytest.mark.parametrize(
    ("ended", "unsent", "sent"),
    ENDS,
    ids=[f"{type(e).__name__}{getattr(e, 'doubtful', False) * ' doubtful'}" for e, _, _ in ENDS],
)
def test_every_way_to_end_has_its_outcome(
    ended: BaseException | None, unsent: Outcome, sent: Outcome
) -> None:
    assert (unsent, sent) == (outcome_of(ended, sent=False), outcome_of(ended, sent=True))


def test_every_error_of_ours_stands_in_the_table() -> None:
    def below(error: type[BaseException]) -> set[type[BaseException]]:
        return {error}.union(*(below(each) for each in error.__subclasses__()))

    ours = {error for error in below(ActionError) if error.__module__.startswith("integrations")}

    assert set() == ours - {type(row[0]) for row in ENDS}


def test_only_words_that_say_so_let_a_write_be_sent_again() -> None:
    again = [ended for ended, _, _ in ENDS if outcome_of(ended, sent=True) is NOT_SENT]

    assert [UnavailableError, OverloadedError] == [type(ended) for ended in again]


class Broken(httpx.AsyncByteStream):
    """A body that begins, and then what happens to it happens."""

    def __init__(self, then: Callable[[], None], *, start: bytes = b'{"data": {"id"') -> None:
        self.start = start
        self.then = then

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.start
        self.then()
        yield b": 1}}"


class Run:
    """One write against a Rivo that answers as told; `sent` are the requests that arrived."""

    def __init__(self, *answers: Exception | Callable[[Run], httpx.Response]) -> None:
        self.clock = Clock()
        self.answers = list(answers)
        self.sent: list[httpx.Request] = []
        self.announced = 0

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer(self)

    async def _about_to_send(self, _snapshot: Mapping[str, Any]) -> None:
        self.announced += 1

    async def outcome(self, *, empty: bool = False, seconds_left: float = 4.0) -> Outcome:
        """Send it, and classify how it ended."""

        async def recall(_operation_id: str) -> Given:
            raise NotFoundError("None.")

        client = make_client(
            base_url=BASE_URL, headers={}, transport=httpx.MockTransport(self._answer)
        )
        upstream = Upstream(client, name="rivo", clock=self.clock)
        memory = Memory(clock=self.clock)
        writing = Writing(
            reference="op_" + "0" * 32, about_to_send=self._about_to_send, recall=recall
        )
        rivo = Rivo(
            upstream,
            memory,
            facts=ShopFacts(),
            clock=self.clock,
            now=self.clock.now,
            sleep=self.clock.sleep,
        ).for_write(writing, self.clock() + seconds_left)
        ended: BaseException | None = None
        try:
            await rivo.apply("PUT", "customers", WHO, form={"dob": "07-13"}, who=WHO, empty=empty)
        except ActionError as error:
            ended = error
        finally:
            await memory.close()
            await upstream.close()
        return outcome_of(ended, sent=bool(self.announced))


Answer = Callable[[Run], httpx.Response]


def answer(status: int, body: object = None, **headers: str) -> Answer:
    """Make a complete answer: JSON, or bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    spelt = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _run: httpx.Response(status, content=raw, headers=spelt)


def broken_off(error: Exception, status: int = 200) -> Answer:
    """Make an answer whose body ends in an error."""

    def fail() -> None:
        raise error

    return lambda _run: httpx.Response(status, stream=Broken(fail))


def slow(run: Run) -> httpx.Response:
    """Make an answer whose body comes, but after the deadline."""

    def wait() -> None:
        run.clock.seconds += WRITE_SECONDS + 1

    return httpx.Response(200, stream=Broken(wait))


ONE = {"data": {"id": 1, "type": "customer", "attributes": {"id": 1}}}
CANCELLED = {"data": {"type": "membership_cancellation", "attributes": {"status": "pending"}}}
ERROR = {"error": "Insufficient balance"}
HTML = b"<html><h1>502 Bad Gateway</h1></html>"

NOT_SENT_ROWS = [
    ("dns", httpx.ConnectError("[Errno -2] Name or service not known")),
    ("connect error", httpx.ConnectError("[Errno 111] Connection refused")),
    ("connect timeout", httpx.ConnectTimeout("")),
    ("tls failure", httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")),
    ("pool timeout", httpx.PoolTimeout("")),
    ("header that cannot be sent", httpx.LocalProtocolError("")),
]
REJECTED_ROWS = [
    *((f"{status} with a word", answer(status, ERROR)) for status in (400, 401, 403, 404, 422)),
    *((f"{status} without", answer(status, HTML)) for status in (400, 401, 403, 404, 422)),
    ("405", answer(405, ERROR)),
]
APPLIED_ROWS = [
    *((f"{status} envelope", answer(status, ONE)) for status in (200, 201, 202)),
    *((f"{status} cancellation", answer(status, CANCELLED)) for status in (200, 201, 202)),
    ("bare attributes", answer(201, {"id": 1, "points_diff": 5})),
    ("an error beside data", answer(200, ONE | ERROR)),
]
DOUBTFUL_ROWS = [
    ("200 with an error", answer(200, ERROR)),
    ("201 with an error and null data", answer(201, ERROR | {"data": None})),
    ("202 with an error", answer(202, ERROR)),
]
UNKNOWN_ROWS = [
    ("204 that the contract does not list", answer(204, b"")),
    ("200 empty", answer(200, b"")),
    ("200 html", answer(200, HTML)),
    ("200 broken json", answer(200, b'{"data": {"id": 1')),
    ("200 list", answer(200, {"data": [1]})),
    ("200 something else", answer(200, {"ok": True})),
    ("200 null data", answer(201, {"data": None})),
    ("206", answer(206, b"")),
    *((str(status), answer(status, ERROR)) for status in (300, 301, 302, 303, 304, 307, 308)),
    *((str(status), answer(status, ERROR)) for status in (402, 406, 408, 409, 410, 418, 425, 451)),
    *((str(status), answer(status, ERROR)) for status in (500, 501, 502, 503, 504, 520, 599)),
    ("503 html", answer(503, HTML, retry_after="1")),
    ("gzip that is none", answer(200, b"x", content_encoding="gzip")),
    ("an encoding nobody asked for", answer(200, b"x", content_encoding="br")),
    ("larger than anything", answer(200, b"[" * 2_000_001)),
    ("write error", httpx.WriteError("")),
    ("write timeout", httpx.WriteTimeout("")),
    ("read error", httpx.ReadError("")),
    ("read timeout", httpx.ReadTimeout("")),
    ("connection closed", httpx.RemoteProtocolError("Server disconnected")),
    ("close error", httpx.CloseError("")),
    ("a bug in the transport", KeyError("slot")),
    ("body broken off", broken_off(httpx.ReadError(""))),
    ("body timed out", broken_off(httpx.ReadTimeout(""))),
    ("refusal broken off", broken_off(httpx.RemoteProtocolError(""), 422)),
    ("429 broken off", broken_off(httpx.RemoteProtocolError(""), 429)),
    ("body after the deadline", slow),
]
ROWS = [
    *((name, what, NOT_SENT) for name, what in NOT_SENT_ROWS),
    *((name, what, REJECTED) for name, what in REJECTED_ROWS),
    *((name, what, APPLIED) for name, what in APPLIED_ROWS),
    *((name, what, DOUBTFUL) for name, what in DOUBTFUL_ROWS),
    *((name, what, UNKNOWN) for name, what in UNKNOWN_ROWS),
]


@pytest.mark.parametrize(
    ("what", "outcome"), [r[1:] for r in ROWS], ids=[f"{r[2].value}: {r[0]}" for r in ROWS]
)
async def test_what_happened_upstream_has_its_class_and_nothing_is_sent_twice(
    what: Exception | Answer, outcome: Outcome
) -> None:
    run = Run(what)

    assert outcome is await run.outcome()
    assert (1, 1) == (len(run.sent), run.announced)


async def test_a_204_is_applied_where_the_contract_lists_it() -> None:
    assert APPLIED is await Run(answer(204, b"")).outcome(empty=True)


BUSY = answer(429, b"Too many Mer", retry_after="1")


@pytest.mark.parametrize(
    ("then", "outcome"),
    [
        (answer(201, ONE), APPLIED),
        (answer(422, ERROR), REJECTED),
        (answer(429, b""), NOT_SENT),
        (httpx.ConnectError(""), NOT_SENT),
        (httpx.ReadTimeout(""), UNKNOWN),
        (answer(500, ERROR), UNKNOWN),
    ],
    ids=["applied", "refused", "busy again", "not sent", "lost", "failed"],
)
async def test_after_429_it_is_tried_once_more_and_the_last_word_counts(
    then: Exception | Answer, outcome: Outcome
) -> None:
    run = Run(BUSY, then)

    assert outcome is await run.outcome()
    assert 2 == len(run.sent)


async def test_a_429_without_time_for_another_try_is_not_sent() -> None:
    run = Run(answer(429, b"", retry_after="60"))

    assert NOT_SENT is await run.outcome()
    assert 1 == len(run.sent)


async def test_without_time_left_nothing_is_sent() -> None:
    run = Run()

    assert NOT_SENT is await run.outcome(seconds_left=0.0)
    assert ([], 0) == (run.sent, run.announced)
