"""Those who ask a service over a socket, and keep what they were told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

import httpx
import msgspec

from tests.processes.script import Call
from tests.simulation.intents import Intent
from tests.simulation.people import KEYS
from tests.simulation.seen import Said
from tests.simulation.shop import IDS

CLIENT_SECONDS: Final = 20.0
AGAIN_SECONDS: Final = 1.0
MOST: Final = 200


class People:
    """Sends what a script asks for; `said` is what came back, times since `epoch`.

    `url` is where the service is in this life, `rivo_url` where the shop is controlled.
    """

    def __init__(self, http: httpx.AsyncClient, *, rivo_url: str, epoch: float) -> None:
        self.said: list[Said] = []
        self.approvals: list[Said] = []
        self.url = ""
        self._http = http
        self._rivo_url = rivo_url
        self._epoch = epoch

    async def call(self, call: Call, intent: Intent) -> None:
        """Do one thing of the script, when it is time."""
        await asyncio.sleep(call.at)
        match call.what:
            case "buy":
                await self._buy(intent)
            case "approve":
                await self._approve(intent)
            case _:
                inputs = self._inputs(intent)
                if inputs is not None:
                    await self._ask(intent, inputs, slot=call.life)

    async def again(self, intent: Intent) -> None:
        """Ask once more for what was asked for, where that may not mean a second write."""
        asked = [said for said in self.said if said.intent == intent.number]
        if not asked:
            return
        states = {each["id"]: each["state"] for each in await self.operations()}
        told = [said.operation for said in asked if said.operation]
        state = states.get(told[-1]["id"]) if told else None
        if intent.key is None and state in (None, "succeeded", "rejected"):
            return
        for _ in range(60):
            said = await self._ask(intent, asked[-1].inputs, slot=9, phase="after")
            if said.status != 409 or (said.operation or {}).get("state") != "sending":
                return
            await asyncio.sleep(AGAIN_SECONDS)

    async def operations(self) -> list[dict[str, Any]]:
        """List all operations."""
        headers = {"authorization": f"Bearer {KEYS['lead']}"}
        url = f"{self.url}/operations?limit={MOST}"
        answer = await self._http.get(url, headers=headers, timeout=CLIENT_SECONDS)
        listed: list[dict[str, Any]] = answer.raise_for_status().json()["operations"]
        return listed

    def _inputs(self, intent: Intent) -> dict[str, Any] | None:
        if intent.reverses is None:
            return dict(intent.inputs)
        first = self._told(intent.reverses)
        return first and {**intent.inputs, "operation_id": first["id"]}

    def _told(self, number: int) -> dict[str, Any] | None:
        return next((s.operation for s in self.said if s.intent == number and s.operation), None)

    async def _approve(self, intent: Intent) -> None:
        if told := self._told(intent.number):
            path = f"/operations/{told['id']}/approve"
            said = self._begin(intent, {}, 0, "during", caller="lead", action=path)
            self.approvals.append(said)
            await self._send(said, path, {})

    async def _buy(self, intent: Intent) -> None:
        if "points_amount" in intent.inputs or "credits_amount" in intent.inputs:
            return
        customer = IDS[intent.inputs["customer_email"]]
        wanted = {"customer_id": customer, "reward_id": intent.inputs["reward_id"]}
        await self._http.post(f"{self._rivo_url}/buy", json=wanted)

    async def _ask(
        self, intent: Intent, inputs: Mapping[str, Any], *, slot: int, phase: str = "during"
    ) -> Said:
        said = self._begin(intent, inputs, slot, phase)
        self.said.append(said)
        sent = {**inputs, "ticket_id": intent.ticket}
        await self._send(said, f"/actions/{intent.action}", sent)
        return said

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
            asked_at=time.time() - self._epoch,
            phase=phase,
        )

    async def _send(self, said: Said, path: str, sent: Mapping[str, Any]) -> None:
        headers = {"authorization": f"Bearer {KEYS[said.caller]}"}
        if said.key is not None and said.caller != "lead":
            headers["idempotency-key"] = said.key
        try:
            answer = await self._http.post(
                f"{self.url}{path}", json=sent, headers=headers, timeout=CLIENT_SECONDS
            )
        except httpx.TransportError:
            said.left = True  # it died, or never lived
            return
        said.answered_at = time.time() - self._epoch
        said.status, said.raw = answer.status_code, answer.content
        said.headers = {name.lower(): value for name, value in answer.headers.items()}
        try:
            said.body = msgspec.json.decode(said.raw)
        except msgspec.DecodeError:
            said.body = None
