"""Signatures and tokens: every vector, to be let in or refused, and what the vectors leave out."""

from __future__ import annotations

import base64
import hmac
import json
import random
from typing import Any, Final

import jwt
import pytest

from app.zendesk.signatures import is_signed
from app.zendesk.tokens import Claims, Once, claims_of
from tests.zendesk.vectors import accepted, refused, why

TOKEN: Final = "zendesk_app_jwt"
WEBHOOK: Final = "zendesk_webhook"
NOW: Final = 1_766_000_000.0
SECRET: Final = "a-secret-of-forty-characters-or-so-00001"


def claims(case: dict[str, Any]) -> Claims | None:
    return claims_of(
        case["token"], secrets=case["secrets"], audience=case["aud"], now=float(case["now"])
    )


def is_let_in(case: dict[str, Any]) -> bool:
    return is_signed(
        case["body"].encode(),
        timestamp=case["timestamp"],
        signature=case["signature"],
        secrets=[case["secret"]],
        now=float(case["now"]),
    )


@pytest.mark.parametrize("case", accepted(TOKEN), ids=why)
def test_a_token_of_the_vectors_is_let_in(case: dict[str, Any]) -> None:
    assert Claims(email=None, name=None, jti=None) == claims(case)


@pytest.mark.parametrize("case", refused(TOKEN), ids=why)
def test_a_changed_token_of_the_vectors_is_refused(case: dict[str, Any]) -> None:
    assert claims(case) is None


@pytest.mark.parametrize("case", accepted(WEBHOOK), ids=why)
def test_a_signature_of_the_vectors_is_let_in(case: dict[str, Any]) -> None:
    assert is_let_in(case)


@pytest.mark.parametrize("case", refused(WEBHOOK), ids=why)
def test_a_changed_signature_of_the_vectors_is_refused(case: dict[str, Any]) -> None:
    assert not is_let_in(case)


def token(*, algorithm: str = "HS256", header: dict[str, Any] | None = None, **claimed: Any) -> str:
    given = {"aud": "demo.zendesk.com", "exp": NOW + 120, **claimed}
    plain = {name: value for name, value in given.items() if value is not ...}
    secret = "" if algorithm == "none" else SECRET * 2
    return jwt.encode(plain, secret or None, algorithm=algorithm, headers=header)


def read(written: str, *, now: float = NOW) -> Claims | None:
    return claims_of(
        written, secrets=["another-secret", SECRET * 2], audience="demo.zendesk.com", now=now
    )


def test_a_token_says_who_the_agent_is() -> None:
    told = read(token(email="jo@acme.com", name="Jo Ann", jti="once-0001", sub=7, iss="demo"))

    assert Claims(email="jo@acme.com", name="Jo Ann", jti="once-0001") == told


@pytest.mark.parametrize(
    "claimed",
    [
        {"exp": NOW + 150},
        {"exp": NOW - 29},
        {"exp": int(NOW) + 60},
        {"iat": NOW + 30},
        {"iat": NOW - 86_400},
        {"iat": None},
        {"nbf": NOW + 30},
        {"aud": ["other", "demo.zendesk.com"]},
        {"sub": 7},
        {"email": 7, "name": ["Jo"], "jti": None},
    ],
    ids=str,
)
def test_a_token_may_differ_in_what_proves_nothing(claimed: dict[str, Any]) -> None:
    assert Claims(email=None, name=None, jti=None) == read(token(**claimed))


@pytest.mark.parametrize(
    "claimed",
    [
        {"exp": NOW + 151},
        {"exp": NOW - 30},
        {"exp": ...},
        {"exp": None},
        {"exp": "soon"},
        {"exp": [NOW]},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": 10**400},
        {"iat": NOW + 31},
        {"iat": "now"},
        {"nbf": NOW + 31},
        {"aud": ...},
        {"aud": "demo.zendesk.com.example.com"},
        {"aud": "other.zendesk.com"},
        {"aud": []},
        {"aud": 7},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_here_and_now_is_refused(claimed: dict[str, Any]) -> None:
    assert read(token(**claimed)) is None


@pytest.mark.parametrize("algorithm", ["HS384", "HS512", "none"])
def test_no_other_algorithm_is_taken(algorithm: str) -> None:
    assert read(token(algorithm=algorithm)) is None


def test_the_algorithm_is_not_taken_from_the_token() -> None:
    """The header says HS256, the signature is of HS512."""
    _, payload, _ = token().split(".")
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    signed = f"{header}.{payload}".encode()
    mac = hmac.digest((SECRET * 2).encode(), signed, "sha512")
    signature = base64.urlsafe_b64encode(mac).decode().rstrip("=")

    assert read(f"{header}.{payload}.{signature}") is None


@pytest.mark.parametrize(
    "written",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "é.é.é",
        "\udcff.b.c",
        token() + "x",
        token()[:-1],
        f"{token()}.{token()}",
        token(header={"crit": ["b64"], "b64": False}),
        "A" * 5000,
        f"{base64.urlsafe_b64encode(b'[' * 2500).decode()}.e30.e30",
    ],
    ids=range(12),
)
def test_what_is_no_token_is_refused_and_nothing_worse(written: str) -> None:
    assert read(written) is None


def test_a_spoiled_token_is_refused_and_nothing_worse() -> None:
    """Whatever is changed of what is signed; of a signature, a decoder skips what is no letter."""
    dice, whole = random.Random(20261103), token(jti="once-0001")
    changed = 0
    for _ in range(2_000):
        spoiled = bytearray(whole.encode())
        at = dice.randrange(whole.rindex("."))
        spoiled[at : at + dice.randrange(3)] = dice.randbytes(dice.randrange(3))
        if spoiled != whole.encode():
            changed += 1
            assert read(spoiled.decode("latin-1")) is None, spoiled

    assert changed > 1_500


def test_of_many_secrets_only_the_right_one_takes_the_token_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To take a long one apart costs a hundred times a signature: nobody may ask for that."""
    decoded: list[str] = []
    decode = jwt.decode

    def watched(token: str, *given: Any, **named: Any) -> Any:
        decoded.append(token)
        return decode(token, *given, **named)

    monkeypatch.setattr(jwt, "decode", watched)
    others = [f"secret-of-shop-{number}" for number in range(100)]
    ours, forged = token(), token(x="x" * 2_000)[:-20] + "A" * 20
    found = [
        claims_of(each, secrets=[*others, SECRET * 2], audience="demo.zendesk.com", now=NOW)
        for each in (ours, f"{ours}=", forged)
    ]

    assert [Claims(email=None, name=None, jti=None)] * 2 + [None] == found
    assert [ours, f"{ours}="] == decoded


def test_a_short_secret_signs_as_it_is() -> None:
    """No warning about its length at every request: warnings are errors here."""
    written = base64.urlsafe_b64encode(
        json.dumps({"aud": "demo.zendesk.com", "exp": NOW + 60}).encode()
    )
    header = base64.urlsafe_b64encode(b'{"alg":"HS256"}')
    signed = header.rstrip(b"=") + b"." + written.rstrip(b"=")
    mac = base64.urlsafe_b64encode(hmac.digest(b"short", signed, "sha256")).rstrip(b"=")
    found = claims_of(
        (signed + b"." + mac).decode(), secrets=["short"], audience="demo.zendesk.com", now=NOW
    )

    assert found is not None


def test_a_token_comes_once_as_long_as_it_could_come_again() -> None:
    at = 0.0
    once = Once(lambda: at)

    assert [True, False, True, True] == [
        once.is_first("acme", "jti-0001"),
        once.is_first("acme", "jti-0001"),
        once.is_first("acme", "jti-0002"),
        once.is_first("bolt", "jti-0001"),
    ]

    at = 179.0

    assert not once.is_first("acme", "jti-0001")

    at = 180.0  # it has expired for whoever's clock

    assert once.is_first("acme", "jti-0001")


def test_what_is_remembered_of_tokens_is_bounded() -> None:
    once = Once(lambda: 0.0, most=10)
    firsts = [once.is_first("acme", f"jti-{number}") for number in range(1_000)]

    assert all(firsts)
    assert not once.is_first("acme", "jti-999")
    assert 10 == sum(not once.is_first("acme", f"jti-{number}") for number in range(990, 1_000))


def signed(body: bytes, *, timestamp: str, secret: str = SECRET) -> str:
    mac = hmac.digest(secret.encode(), timestamp.encode() + body, "sha256")
    return base64.b64encode(mac).decode()


@pytest.mark.parametrize(
    ("timestamp", "let_in"),
    [
        ("2025-12-17T19:33:20Z", True),
        ("2025-12-17T19:33:20.123Z", True),
        ("2025-12-17T20:33:20+01:00", True),
        ("2025-12-17T19:28:20Z", True),
        ("2025-12-17T19:28:19Z", False),
        ("2025-12-17T19:38:20Z", True),
        ("2025-12-17T19:38:21Z", False),
        ("2025-12-17T19:33:20", False),
        ("1766000000", False),
        ("", False),
        ("now", False),
        ("9999-99-99T99:99:99Z", False),
        ("0001-01-01T00:00:00+23:59", False),
    ],
)
def test_a_signature_holds_for_five_minutes(timestamp: str, let_in: bool) -> None:
    """Whatever is well signed but says another time, or none."""
    found = is_signed(
        b"{}",
        timestamp=timestamp,
        signature=signed(b"{}", timestamp=timestamp),
        secrets=["another-secret", SECRET],
        now=NOW,
    )

    assert let_in == found
