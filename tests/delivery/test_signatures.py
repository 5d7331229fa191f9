"""The signatures of Rivo's webhooks: what is accepted in each shape, and every change refused."""

from __future__ import annotations

import base64
import hmac
import json
import random
from pathlib import Path
from typing import Any, Final

import pytest

from app.delivery.signatures import Given, claimed, is_signed

FILE: Final = Path(__file__).parent / "samples" / "vectors.seed.json"
VECTORS: Final[dict[str, Any]] = json.loads(FILE.read_bytes())
SHAPES: Final = [name for name in VECTORS if not name.startswith("_")]


def cases(kind: str) -> list[Any]:
    """List the vectors of all shapes, as they are (to be accepted) and with each change."""
    found = []
    for shape in SHAPES:
        whole = VECTORS[shape]
        changes = [{"why": "as it is"}] if kind == "accept" else []
        for change in [*changes, *whole[kind]]:
            name = f"{shape}-{change['why']}".replace(" ", "_")
            found.append(pytest.param({**whole, **change, "shape": shape}, id=name))
    return found


NOBODY: Final = "nobody"


def verify(body: bytes, given: Given, *, secrets: list[str], now: float) -> str | None:
    """Say under which name something was signed (None: under none), NOBODY where it was not."""
    claim = claimed(given, now=now)
    return claim.id if claim and is_signed(body, claim, secrets=secrets) else NOBODY


def verified(case: dict[str, Any]) -> str | None:
    live = case["shape"] == "live"
    given = Given(
        id=case.get("id", ""),
        timestamp=case.get("timestamp", ""),
        live=case["signature"] if live else "",
        documented="" if live else case["signature"],
    )
    secrets = case["secret"].split(" ")
    return verify(case["body"].encode(), given, secrets=secrets, now=case["now"])


@pytest.mark.parametrize("case", cases("accept"))
def test_what_rivo_signed_is_accepted_in_each_shape(case: dict[str, Any]) -> None:
    assert case.get("id") == verified(case)


@pytest.mark.parametrize("case", cases("reject"))
def test_every_change_of_it_is_refused(case: dict[str, Any]) -> None:
    assert NOBODY == verified(case)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_signature_of_one_shape_proves_nothing_in_another(shape: str) -> None:
    case = VECTORS[shape]
    headers = {"live": "documented"}.get(shape, "live")
    given = Given(id="msg_1", timestamp=str(case["now"]), **{headers: case["signature"]})

    assert NOBODY == verify(case["body"].encode(), given, secrets=[case["secret"]], now=case["now"])


def test_a_live_webhook_is_not_passed_off_as_a_documented_one_about_something_else() -> None:
    """What it signed begins with its name, so it is no JSON: there is nothing in it to believe."""
    case = VECTORS["live"]
    body = f"{case['id']}.{case['timestamp']}.{case['body']}".encode()
    given = Given(documented=case["signature"])

    assert None is verify(body, given, secrets=[case["secret"]], now=case["now"])
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(body)


def test_a_documented_webhook_is_not_passed_off_as_a_live_one() -> None:
    """Its beginning would have to be a name, and a name holds no quotes."""
    now, secret = VECTORS["live"]["now"], "secret-0001"
    body = f'{{"note":"a.{now}.{{}}'.encode()
    mac = hmac.digest(secret.encode(), body, "sha256")
    name, _, rest = body.decode().partition(".")
    time, _, rest = rest.partition(".")
    live = base64.b64encode(mac).decode()
    given = Given(id=name, timestamp=time, live=live)

    assert NOBODY == verify(rest.encode(), given, secrets=[secret], now=now)


def test_both_headers_may_be_there_and_one_is_enough() -> None:
    live, documented = VECTORS["live"], VECTORS["documented_hex"]
    both = Given(
        id=live["id"],
        timestamp=live["timestamp"],
        live=live["signature"],
        documented=documented["signature"],
    )
    stale = Given(live=live["signature"], documented=documented["signature"])
    body, secrets = live["body"].encode(), [live["secret"]]

    assert live["id"] == verify(body, both, secrets=secrets, now=live["now"])
    assert None is verify(body, stale, secrets=secrets, now=live["now"])


def test_without_a_header_or_a_secret_nothing_is_proven() -> None:
    case = VECTORS["live"]
    given = Given(id=case["id"], timestamp=case["timestamp"], live=case["signature"])
    body = case["body"].encode()

    assert NOBODY == verify(body, Given(), secrets=[case["secret"]], now=case["now"])
    assert NOBODY == verify(body, given, secrets=[], now=case["now"])
    assert NOBODY == verify(body, given, secrets=[""], now=case["now"])


def test_every_secret_is_tried_even_after_one_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long it takes tells neither which secret fits, nor whether any does."""
    tried: list[bytes] = []
    real = hmac.digest

    def digest(key: bytes, message: bytes, name: str) -> bytes:
        tried.append(key)
        return real(key, message, name)

    monkeypatch.setattr("app.delivery.signatures.hmac.digest", digest)
    case = VECTORS["live"]
    secrets = [case["secret"], *(f"secret-{n:04d}" for n in range(39))]
    given = Given(id=case["id"], timestamp=case["timestamp"], live=case["signature"])
    counts = []
    for body in (case["body"], "{}"):
        tried.clear()
        verify(body.encode(), given, secrets=secrets, now=case["now"])
        counts.append(len(tried))

    assert [40, 40] == counts


@pytest.mark.parametrize(
    "given",
    [
        Given(),
        Given(id="msg_1", timestamp="1789566154", live="A" * 43),
        Given(id="msg_1", timestamp="1789566154", live="A" * 43 + "é"),
        Given(id="msg_1", timestamp="1789565000", live="A" * 43 + "="),
        Given(timestamp="1789566154", live="A" * 43 + "="),
        Given(documented="A" * 44),
        Given(documented="0" * 63),
        Given(documented="G" * 64),
    ],
    ids=str,
)
def test_what_cannot_be_right_costs_no_hashing(given: Given) -> None:
    """Nothing is known of the sender, and the body may be long."""
    assert None is claimed(given, now=1789566154)


def test_any_single_change_of_a_signed_webhook_is_refused() -> None:
    """Each bit of the body, and each character of what is signed with it."""
    chance, case = random.Random(0), VECTORS["live"]
    body, secrets = case["body"].encode(), [case["secret"]]
    for at in range(len(body)):
        changed = bytearray(body)
        changed[at] ^= 1 << chance.randrange(8)
        given = Given(id=case["id"], timestamp=case["timestamp"], live=case["signature"])
        assert NOBODY == verify(bytes(changed), given, secrets=secrets, now=case["now"])
    for name in ("id", "timestamp", "signature"):
        for at, had in enumerate(case[name]):
            other = "A" if had != "A" else "B"
            text = {**case, name: case[name][:at] + other + case[name][at + 1 :]}
            given = Given(id=text["id"], timestamp=text["timestamp"], live=text["signature"])
            assert NOBODY == verify(body, given, secrets=secrets, now=case["now"])
