"""Standard Webhooks: what we sign, others find signed, and nobody else can sign it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping

import pytest

from app.delivery.standard_webhooks import NotSignedError, headers, key_of, signature, verify

# The example of the specification's own libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = 1_614_265_330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
SIGNED = {"webhook-id": ID, "webhook-timestamp": str(AT), "webhook-signature": SIGNATURE}


def is_signed(received: Mapping[str, str], body: bytes = BODY, *, now: float = AT) -> bool:
    try:
        return ID == verify(received, body, secrets=["another", SECRET], now=now)
    except NotSignedError:
        return False


def test_the_published_example_is_signed_as_published() -> None:
    assert SIGNATURE == signature(SECRET, message_id=ID, timestamp=AT, body=BODY)
    assert SIGNED == headers([SECRET], message_id=ID, timestamp=AT, body=BODY)
    assert is_signed(SIGNED)


def test_a_secret_that_is_no_base64_is_a_text() -> None:
    assert base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") == key_of(SECRET)
    assert b"secret-of-mesa-0001" == key_of("secret-of-mesa-0001")
    for text in ("whsec_", "whsec_not base64", "whsec_abc"):
        assert text.encode() == key_of(text)
    digest = hmac.digest(b"secret-of-mesa-0001", f"{ID}.{AT}.".encode() + BODY, "sha256")
    assert f"v1,{base64.b64encode(digest).decode()}" == signature(
        "secret-of-mesa-0001", message_id=ID, timestamp=AT, body=BODY
    )


def test_while_a_secret_is_changed_either_one_will_do() -> None:
    made = headers(["old-secret", SECRET], message_id=ID, timestamp=AT, body=BODY)

    first, second = made["webhook-signature"].split(" ")
    assert SIGNATURE == second
    assert first.startswith("v1,")
    for secret in ("old-secret", SECRET):
        assert ID == verify(made, BODY, secrets=[secret], now=AT)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"webhook-id": "msg_another"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(AT + 1)},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": f"-{AT}"},
        {"webhook-signature": ""},
        {"webhook-signature": SIGNATURE.replace("v1,", "v2,")},
        {"webhook-signature": SIGNATURE.replace("v1,", "")},
        {"webhook-signature": SIGNATURE.replace("g0hM", "g0hN")},
        {"webhook-signature": "v1,ä"},
        {"webhook-signature": "v1,x " * 16 + SIGNATURE},
    ],
    ids=str,
)
def test_what_was_not_signed_so_is_refused(spoiled: dict[str, str]) -> None:
    assert not is_signed(SIGNED | spoiled)


def test_another_body_or_another_secret_is_refused() -> None:
    assert not is_signed(SIGNED, BODY + b" ")
    with pytest.raises(NotSignedError):
        verify(SIGNED, BODY, secrets=["another"], now=AT)
    with pytest.raises(NotSignedError):
        verify(SIGNED, BODY, secrets=[], now=AT)
    with pytest.raises(NotSignedError):
        verify({}, BODY, secrets=[SECRET], now=AT)


def test_a_message_is_good_for_five_minutes() -> None:
    assert is_signed(SIGNED, now=AT + 300)
    assert is_signed(SIGNED, now=AT - 300)
    assert not is_signed(SIGNED, now=AT + 301)
    assert not is_signed(SIGNED, now=AT - 301)


def test_one_right_signature_among_others_is_enough() -> None:
    many = {"webhook-signature": f"v1a,xyz v1,wrong {SIGNATURE} v1,"}

    assert is_signed(SIGNED | many)
