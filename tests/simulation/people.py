"""Those outside of a schedule: callers who click, a lead who approves, customers who buy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from app.settings import Door
from integrations.rivo_sandbox import Sandbox
from tests.simulation.checker import reserved
from tests.simulation.instance import Instance
from tests.simulation.intents import ANA, Click, Intent
from tests.simulation.seen import Said
from tests.simulation.shop import IDS

KEYS: Final = {name: f"key-of-{name}-0001" for name in ("api", "desk", "button", "lead")}
DOORS: Final[Mapping[str, Door]] = {"button": "gorgias"}
"""Where callers come in that do not use /actions."""
MOST: Final = 200


class People:
    """Sends what the intents of a schedule ask for; `said` is what came back.

    `slots` are the instances as they are now (one, or two), `seconds` the time since the beginning,
    `say` writes a line of the trace.
    """

    def __init__(
        self,
        slots: list[Instance],
        sandbox: Sandbox,
        *,
        seconds: Callable[[], float],
        say: Callable[[str], None],
    ) -> None:
        self.said: list[Said] = []
        self.approvals: list[Said] = []
        self._slots = slots
        self._sandbox = sandbox
        self._seconds = seconds
        self._say = say

    async def click(self, intent: Intent, click: Click) -> None:
        """Click once, when it is time."""
        await asyncio.sleep(click.at - self._seconds())
        inputs = dict(click.other or intent.inputs)
        if intent.reverses is not None:
            first = self._told(intent.reverses)
            if first is None:
                return
            inputs["operation_id"] = first["id"]
        await self._ask(intent, inputs, click.slot, click=click)

    async def again(self, intent: Intent) -> None:
        """Ask once more for all that was asked for, where that may not mean a second write."""
        asked = [s for s in self.said if s.intent == intent.number]
        known = {o["id"]: o["state"] for o in await self.operations() or []}
        for said in {msgspec.json.encode(s.inputs): s for s in asked}.values():
            told = [s.operation for s in asked if s.inputs == said.inputs and s.operation]
            state = known.get(told[-1]["id"]) if told else None
            if intent.key is None and state in (None, "succeeded", "rejected"):
                continue
            await self._ask(intent, said.inputs, intent.number % 2, phase="after")

    def was_blocked(self, intent: Intent) -> bool:
        """Say whether another write stood in the way when this was last asked for."""
        asked = [said for said in self.said if said.intent == intent.number]
        return bool(asked) and asked[-1].status == 409

    async def approve(self, intent: Intent, at: float, slot: int) -> None:
        """Approve what an intent asked for, when it is time."""
        await asyncio.sleep(at - self._seconds())
        told = self._told(intent.number)
        if told is not None:
            path = f"/operations/{told['id']}/approve"
            said = self._begin(intent, {}, slot, "during", caller="lead", action=path)
            self.approvals.append(said)
            await self._send(said, path, {})

    async def buy(self, at: float, intent: Intent) -> None:
        """Let the customer take the same reward in the storefront, when it is time."""
        await asyncio.sleep(at - self._seconds())
        credit = intent.inputs.get("credits_amount")
        row = self._sandbox.redeem(
            IDS[intent.inputs["customer_email"]],
            intent.inputs["reward_id"],
            points_amount=intent.inputs.get("points_amount"),
            credits_amount=None if credit is None else Decimal(credit),
        )
        self._say(f"storefront: redemption {row}")

    async def probe(self, cap: int) -> None:
        """Ask for one point more than is left of a cap, then for all that is left."""
        left = cap - reserved(await self.operations() or [])
        for name, points in (("over", left + 1), ("exact", left)):
            if points > 0:
                inputs = {"customer_email": ANA, "points_amount": points}
                probe = Intent(
                    number=-1,
                    caller="api",
                    action="create_points_event",
                    inputs=inputs,
                    key=f"probe-{name}",
                    ticket=f"probe-{name}",
                    clicks=(),
                )
                await self._ask(probe, inputs, 0, phase="after")

    async def operations(self) -> list[dict[str, Any]] | None:
        """List all operations; None where no instance answers."""
        instance = next((each for each in self._slots if each.alive), None)
        answer = instance and await instance.ask(
            "GET",
            "/operations",
            headers={"authorization": f"Bearer {KEYS['lead']}"},
            query=f"limit={MOST}".encode(),
        )
        if not answer or answer[0] != 200:
            return None
        listed: list[dict[str, Any]] = msgspec.json.decode(answer[2])["operations"]
        return listed

    def _told(self, number: int) -> dict[str, Any] | None:
        return next((s.operation for s in self.said if s.intent == number and s.operation), None)

    async def _ask(
        self,
        intent: Intent,
        inputs: Mapping[str, Any],
        slot: int,
        *,
        click: Click | None = None,
        phase: str = "during",
    ) -> None:
        said = self._begin(intent, inputs, slot, phase)
        self.said.append(said)
        sent = {**inputs, "ticket_id": intent.ticket}
        if click is not None and click.spelt:
            sent = {name: str(value) for name, value in sent.items()}
        door = DOORS.get(intent.caller, "actions")
        await self._send(said, f"/{door}/{intent.action}", sent, click)

    def _begin(
        self,
        intent: Intent,
        inputs: Mapping[str, Any],
        slot: int,
        phase: str,
        *,
        caller: str | None = None,
        action: str | None = None,
    ) -> Said:
        return Said(
            intent=intent.number,
            caller=caller or intent.caller,
            action=action or intent.action,
            inputs=dict(inputs),
            key=intent.key,
            ticket=intent.ticket,
            slot=slot,
            asked_at=self._seconds(),
            phase=phase,
        )

    async def _send(
        self, said: Said, path: str, sent: Mapping[str, Any], click: Click | None = None
    ) -> None:
        instance = self._slots[said.slot % len(self._slots)]
        who = f"{said.caller}/{said.ticket}"
        self._say(f"{who} asks {instance.name} {path} {sent}")
        if not instance.alive:
            said.reached = False
            return
        headers = {
            "authorization": f"Bearer {KEYS[said.caller]}",
            "content-type": "application/json",
        }
        if said.key is not None:
            headers["idempotency-key"] = said.key
        answer = await instance.ask(
            "POST",
            path,
            headers=headers,
            body=msgspec.json.encode(sent),
            leaves=click.leaves if click else None,
            cut=click.cut if click else False,
        )
        if answer is None:
            said.left = True
            self._say(f"{who} has no answer")
            return
        said.status, said.headers, said.raw = answer
        said.answered_at = self._seconds()
        try:
            said.body = msgspec.json.decode(said.raw)
        except msgspec.DecodeError:
            said.body = None
        self._say(f"{who} is told {said.status} {said.raw.decode()}")
