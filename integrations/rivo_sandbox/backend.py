"""The shop behind the API: does what requests ask for, at once or late, and remembers all of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from integrations.rivo_sandbox import storefront
from integrations.rivo_sandbox.announcements import Announcer
from integrations.rivo_sandbox.answers import Answer, ProblemError, error_answer, problem_answer
from integrations.rivo_sandbox.call import Call, Happening
from integrations.rivo_sandbox.faults import too_many_answer
from integrations.rivo_sandbox.ids import Ids
from integrations.rivo_sandbox.late import LateWrite, LateWrites
from integrations.rivo_sandbox.ledger import Entry
from integrations.rivo_sandbox.limit import Limit
from integrations.rivo_sandbox.params import Params, read_body, read_query
from integrations.rivo_sandbox.past import NOTHING, Past
from integrations.rivo_sandbox.received import Applied, Received
from integrations.rivo_sandbox.routes import find_operation, segments_of
from integrations.rivo_sandbox.shop import Shop
from integrations.rivo_sandbox.state import State, open_shop
from integrations.rivo_sandbox.switches import Switches

UNAUTHORIZED_PAGE = b"<!DOCTYPE html><html><body>Unauthorized</body></html>"
LAG = timedelta(seconds=3)


class Backend:
    """One shop in memory, and how it reads, writes and refuses; `Sandbox` puts it on the net.

    `applied` holds the newest 10,000 writes that were carried out.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        clock: Callable[[], datetime],
        switches: Switches | None = None,
        ids: Callable[[str], int] | None = None,
        key: str = "sandbox-key",
        lag: timedelta = LAG,
        lag_of: Callable[[Received], timedelta] | None = None,
        requests_per_second: int | None = 15,
        announcer: Announcer | None = None,
    ) -> None:
        self.switches = switches or Switches()
        self.lag_of = lag_of
        self.applied: deque[Applied] = deque(maxlen=10_000)
        self._clock = clock
        self._ids = ids or Ids()
        self._key = key
        self._lag = lag
        self._announcer = announcer
        self._limit = None if requests_per_second is None else Limit(requests_per_second)
        self._state = open_shop(shop, at=clock())
        self._past = Past(lag)
        self._late = LateWrites()

    @property
    def ledger(self) -> tuple[Entry, ...]:
        """Every change of a balance so far, oldest first."""
        return self._state.ledger.entries

    @property
    def state(self) -> State:
        """What the shop holds now, however far reads lag behind; to look at, not to change."""
        return self._state

    @property
    def due(self) -> datetime | None:
        """When the next late write will be done; None where none waits."""
        return self._late.due

    def balance(self, customer_id: int) -> tuple[int, Decimal]:
        """Fold the ledger into a customer's points and store credit."""
        return self._state.ledger.balance(customer_id)

    def answer(self, received: Received, *, note_length: int | None = None) -> Answer:
        """Do what a request asks for, and answer it."""
        self.settle()
        now = self._clock()
        kind = self.switches.limit
        if self._knows(received) and self._limit and not self._limit.admits(now, kind=kind):
            return too_many_answer(self.switches)
        return self._attempt(received, now, note_length=note_length)

    def postpone(
        self, received: Received, after: timedelta, *, note_length: int | None = None
    ) -> None:
        """Do what a write asks for that much later."""
        self._late.add(LateWrite(self._clock() + after, received, note_length))

    def settle(self) -> None:
        """Do the late writes that are due by now, each as of its time; requests do so as well."""
        for write in self._late.take(self._clock()):
            self._attempt(write.received, write.due, note_length=write.note_length)

    def redeem(
        self,
        customer_id: int,
        reward_id: int,
        *,
        points_amount: int | None = None,
        credits_amount: Decimal | None = None,
    ) -> int | None:
        """Let a customer take a reward in the storefront; the redemption's id, None if refused."""
        request = storefront.redeeming(
            customer_id, reward_id, points_amount=points_amount, credits_amount=credits_amount
        )
        if not self._in_person(request):
            return None
        return next(reversed(self._state.points_redemptions))

    def refund(self, redemption_id: int) -> bool:
        """Let the merchant give a reward back in Rivo's own pages; whether it was possible."""
        method = "PUT" if self.switches.refund_route == "put" else "POST"
        return self._in_person(storefront.refunding(redemption_id, method=method))

    def change_birthday(self, customer_id: int, dob: str) -> bool:
        """Let a customer set their birthday, `MM-DD`; whether it was possible."""
        return self._in_person(storefront.changing_birthday(customer_id, dob))

    def cancel(self, customer_id: int) -> bool:
        """Let a customer cancel their membership; whether it was possible."""
        return self._in_person(storefront.cancelling(customer_id))

    def give(
        self,
        customer_id: int,
        *,
        points: int = 0,
        credits_amount: Decimal | None = None,
        note: str | None = None,
        announced: bool = True,
    ) -> bool:
        """Let the merchant give points or store credit, or take some; whether it was possible.

        In bulk or by an import it is `announced` to nobody, as Rivo's documentation has it.
        """
        request = storefront.giving(customer_id, points=points, credits_=credits_amount, note=note)
        return self._in_person(request, announced=announced)

    def move(self, customer_id: int, vip_tier_id: int) -> bool:
        """Let the merchant move a customer to another VIP tier; whether it was possible."""
        return self._in_person(storefront.moving(customer_id, vip_tier_id))

    def _in_person(self, request: Received, *, announced: bool = True) -> bool:
        self.settle()
        try:
            self._operate(request, self._clock(), in_person=True, announced=announced)
        except ProblemError:
            return False
        return True

    def _attempt(self, received: Received, now: datetime, *, note_length: int | None) -> Answer:
        try:
            return self._operate(received, now, note_length=note_length)
        except ProblemError as problem:
            return problem_answer(problem, self.switches)

    def _operate(
        self,
        received: Received,
        now: datetime,
        *,
        note_length: int | None = None,
        in_person: bool = False,
        announced: bool = True,
    ) -> Answer:
        operation, values = find_operation(received.method, segments_of(received.path))
        if not (in_person or self._knows(received)):
            return self._unauthorized()
        reads = received.method == "GET"
        form = {} if reads else read_body(received.body, received.header("content-type") or "")
        query = read_query(received.query)
        happened: list[Happening] = []
        host = received.header("host") or "localhost"
        call = Call(
            method=received.method,
            url=f"{received.scheme}://{host}{received.path}",
            segments=values,
            query=Params(query),
            form=Params(query | form),
            state=self._seen(received, now) if reads else self._state,
            switches=self.switches,
            now=now,
            new_id=self._ids,
            happened=happened,
            request=received.number or None,
            note_length=note_length,
        )
        if not reads and self._may_lag():
            self._past.keep(self._state, until=now)
        answer = operation(call)
        if not reads and answer.status < 300:
            self.applied.append(_applied(received, now, answer))
        if self._announcer is not None and announced:
            for happening in happened:
                self._announcer.tell(happening, now=now, switches=self.switches)
        return answer

    def _may_lag(self) -> bool:
        return self.lag_of is not None or self.switches.read_after_write == "delayed"

    def _seen(self, received: Received, now: datetime) -> State:
        """Answer the state that a read sees: the newest, or that of a moment ago (U20)."""
        if self.lag_of is not None:
            lag = self.lag_of(received)
        else:
            lag = self._lag if self._may_lag() else NOTHING
        return self._past.seen(self._state, now=now, lag=lag)

    def _knows(self, received: Received) -> bool:
        return received.header("authorization") == self._key

    def _unauthorized(self) -> Answer:
        match self.switches.unauthorized:
            case "error":
                return error_answer(401, "Unauthorized")
            case "html":
                return Answer(401, UNAUTHORIZED_PAGE, "html")
            case _:
                return Answer(401)


def _applied(received: Received, now: datetime, answer: Answer) -> Applied:
    return Applied(
        request=received.number or None,
        method=received.method,
        path=received.path,
        at=now,
        status=answer.status,
    )
