"""Who comes: a caller proves it by a key, as `Authorization: Bearer` or as `X-Api-Key`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from starlette.types import Scope

from app.problems import HttpError
from app.requests import header
from app.settings import Door
from app.shops import Caller, Shops

CHALLENGE: Final = ((b"www-authenticate", b'Bearer realm="rivo-helpdesk"'),)


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who proved to be a caller, and the credential: it must not be seen in the answer.

    `asserted` is what the credential says of the agent, by the name of the context input.
    """

    caller: Caller
    credential: str
    asserted: Mapping[str, str] = {}


Proves = Callable[[Scope, str | None], Proof]
"""How a door finds out who comes; it is told the shop that the path names. HttpError: nobody."""


def by_key(shops: Shops, door: Door) -> Proves:
    """Let in who has a key to a door; without any key it is closed."""

    def proves(scope: Scope, _shop: str | None) -> Proof:
        if not shops.is_open(door):
            raise HttpError(404, "closed", f"The door /{door} is closed: it has no secret.")
        caller, credential = proven(scope, shops, door)
        return Proof(caller=caller, credential=credential)

    return proves


def bearer(scope: Scope) -> str | None:
    """Return what `Authorization: Bearer` holds."""
    scheme, _, token = (header(scope, b"authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def proven(scope: Scope, shops: Shops, *doors: Door) -> tuple[Caller, str]:
    """Let in who proves to be a caller of one of the doors; HttpError where nobody does.

    The credential comes back, too: it must not be seen in the answer.
    """
    credential = bearer(scope) or header(scope, b"x-api-key")
    caller = None
    if credential:
        found = [shops.caller(door, credential.encode("latin-1")) for door in doors]
        caller = next((each for each in found if each is not None), None)
    if caller is None or credential is None:
        raise HttpError(
            401,
            "unauthorized",
            "A valid key is needed, as Authorization: Bearer or as X-Api-Key.",
            headers=CHALLENGE,
        )
    return caller, credential
