"""Who comes: a caller proves it by a key, as `Authorization: Bearer` or as `X-Api-Key`."""

from __future__ import annotations

from typing import Final

from starlette.types import Scope

from app.problems import HttpError
from app.requests import header
from app.settings import Door
from app.shops import Caller, Shops

CHALLENGE: Final = ((b"www-authenticate", b'Bearer realm="rivo-helpdesk"'),)


def proven(scope: Scope, shops: Shops, *doors: Door) -> tuple[Caller, str]:
    """Let in who proves to be a caller of one of the doors; HttpError where nobody does.

    The credential comes back, too: it must not be seen in the answer.
    """
    bearer = header(scope, b"authorization") or ""
    scheme, _, token = bearer.partition(" ")
    credential = token.strip() if scheme.lower() == "bearer" else None
    credential = credential or header(scope, b"x-api-key")
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
