"""`rivo-helpdesk webhooks`: registered once, read back, and nothing that is not ours touched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from app import cli
from integrations.rivo.hooks import TOPICS
from integrations.rivo_sandbox import Fault, Received, Sandbox, Switches, Webhook, demo_shop
from tests.app.serving import ENVIRON
from tests.pages.stage import serving

KEY, SECRET = "the-key-of-this-store", "the-secret-of-the-webhooks-0001"
OURS = "https://loyalty.example.com/rivo/webhooks"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
STRANGER = Webhook(
    id=17,
    created_at=NOW,
    updated_at=NOW,
    event_type="points_event/created",
    url="https://hooks.example.net/x?token=abc",
    secret="theirs",
)
CONFIG = """
[shops.acme]
rivo_api_key = "KEY"
rivo_api_url = "URL"
rivo_webhook_secret_file = "ACME"
[shops.bolt]
rivo_api_key = "another-key"
"""


class Rivo:
    """A Rivo on a port of this machine, and the command line as an operator runs it over it."""

    def __init__(self, sandbox: Sandbox, url: str) -> None:
        self.sandbox = sandbox
        self.url = f"{url}/merchant_api/v1"
        self.faults: list[Fault | None] = []
        self.environ: dict[str, str | None] = {
            **dict.fromkeys(ENVIRON),
            "RIVO_API_KEY": KEY,
            "RIVO_API_URL": self.url,
            "RIVO_WEBHOOK_SECRET": SECRET,
            "PUBLIC_URL": "https://loyalty.example.com",
        }

    def run(self, *words: str, code: int = 0, **environ: Any) -> Result:
        """Run a command; a variable that is None is not set."""
        done = CliRunner().invoke(cli.main, ["webhooks", *words], env={**self.environ, **environ})
        assert code == done.exit_code, f"{done.output}\n{done.exception!r}"
        assert SECRET not in done.output
        assert KEY not in done.output
        return done

    @property
    def hooks(self) -> list[Webhook]:
        return list(self.sandbox.state.webhooks.values())

    @property
    def writes(self) -> list[str]:
        return [each.method for each in self.sandbox.requests if each.method != "GET"]

    def ours(self) -> list[str | None]:
        return [each.event_type for each in self.hooks if each.url == OURS]


@pytest.fixture
def rivo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rivo]:
    for name in (*ENVIRON, "CONFIG", "PUBLIC_URL", "RIVO_API_URL", "RIVO_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("app.commands.webhooks.GENTLE", 1_000)
    shop = msgspec.structs.replace(demo_shop(), webhooks=(STRANGER,))
    sandbox = Sandbox(shop, clock=lambda: NOW, key=KEY, requests_per_second=None)
    with serving(sandbox) as url:
        rivo = Rivo(sandbox, url)

        def next_fault(received: Received) -> Fault | None:
            return rivo.faults.pop(0) if rivo.faults and received.method != "GET" else None

        sandbox.faults = next_fault
        yield rivo


Switched = Callable[..., None]


@pytest.fixture
def switch(rivo: Rivo) -> Switched:
    def switch(**values: str) -> None:
        rivo.sandbox.switches = msgspec.convert(values, Switches)

    return switch


def test_every_topic_is_registered_and_read_back(rivo: Rivo) -> None:
    done = rivo.run("register")

    assert list(TOPICS) == rivo.ours()
    assert {(True, SECRET)} == {(each.enabled, each.secret) for each in rivo.hooks[1:]}
    assert STRANGER == rivo.hooks[0]
    assert len(TOPICS) == done.stdout.count("registered")
    assert f"Rivo announces {len(TOPICS)} topics to {OURS}." in done.stderr
    sent = next(each for each in rivo.sandbox.requests if each.method == "POST")
    assert {
        "event_type": TOPICS[0],
        "url": OURS,
        "enabled": "true",
        "secret": SECRET,
    } == dict(sent.form)


def test_registering_again_changes_nothing(rivo: Rivo) -> None:
    rivo.run("register")
    before = len(rivo.writes)

    done = rivo.run("register")

    assert before == len(rivo.writes)
    assert len(TOPICS) == done.stdout.count("unchanged")


def test_what_is_otherwise_is_put_right_and_what_is_there_twice_goes(rivo: Rivo) -> None:
    rivo.run("register")
    hooks = rivo.sandbox.state.webhooks
    first, second, third, *_ = (each for each in rivo.hooks if each.url == OURS)
    hooks[first.id] = msgspec.structs.replace(first, enabled=False)
    hooks[second.id] = msgspec.structs.replace(second, secret="an-older-one-0001")
    del hooks[third.id]
    hooks[9_999] = msgspec.structs.replace(first, id=9_999)
    before = len(rivo.writes)

    done = rivo.run("register")

    assert ["PUT", "PUT", "POST", "DELETE"] == rivo.writes[before:]
    assert sorted(TOPICS) == sorted(map(str, rivo.ours()))
    assert {(True, SECRET)} == {
        (each.enabled, each.secret) for each in rivo.hooks if each.url == OURS
    }
    assert 2 == done.stdout.count("changed") - done.stdout.count("unchanged")


def test_a_dry_run_prints_what_would_be_sent_and_sends_nothing(rivo: Rivo) -> None:
    done = rivo.run("register", "--dry-run")

    told = json.loads(done.stdout)
    assert [] == rivo.writes
    assert {"method": "POST", "path": "/webhooks"}.items() <= told[0].items()
    assert [("********", OURS)] * len(TOPICS) == [
        (each["form"]["secret"], each["form"]["url"]) for each in told
    ]


def test_ours_are_removed_and_no_others(rivo: Rivo) -> None:
    rivo.run("register")
    done = rivo.run("remove")
    again = rivo.run("remove")

    assert [STRANGER] == rivo.hooks
    assert len(TOPICS) == done.stdout.count("removed")
    assert "announces nothing" in again.stderr


def test_a_dry_run_of_removing_removes_nothing(rivo: Rivo) -> None:
    rivo.run("register")
    done = rivo.run("remove", "--dry-run")

    assert len(TOPICS) == len(rivo.ours()) == len(json.loads(done.stdout))
    assert {"method": "DELETE", "path": "/webhooks/3001"} == json.loads(done.stdout)[0]


def test_another_address_is_given_by_name(rivo: Rivo) -> None:
    rivo.run("register", "--url", "https://old.example.com/rivo/webhooks/")
    rivo.run("register")
    rivo.run("remove", "--url", "https://old.example.com/rivo/webhooks")

    assert list(TOPICS) == rivo.ours()
    assert 1 + len(TOPICS) == len(rivo.hooks)


def test_all_are_listed_without_their_secrets(rivo: Rivo) -> None:
    rivo.run("register")
    done = rivo.run("list")
    without = rivo.run("list", PUBLIC_URL=None)

    assert all(topic in done.stdout for topic in TOPICS)
    assert "hooks.example.net/x " in done.stdout
    assert "token" not in done.stdout
    assert "theirs" not in done.stdout
    assert f"{1 + len(TOPICS)} webhooks" in without.stderr


# Where Rivo is otherwise (U11), or in trouble.


def test_what_rivo_ignores_is_said_and_taken_away_again(rivo: Rivo, switch: Switched) -> None:
    switch(webhook_fields="unread")

    done = rivo.run("register", code=1)

    assert [STRANGER] == rivo.hooks
    assert ["POST", "DELETE"] == rivo.writes
    assert "the webhook is not there. What it made was taken away again." in done.stderr
    assert f"address {OURS}" in done.stderr
    assert all(f"topic {topic}" in done.stderr for topic in TOPICS)


def test_what_rivo_refuses_is_said_in_its_words(rivo: Rivo, switch: Switched) -> None:
    switch(webhook_fields="400")

    done = rivo.run("register", code=1)

    assert [STRANGER] == rivo.hooks
    assert len(TOPICS) == done.stdout.count("event_type is invalid")
    assert f"address {OURS}" in done.stderr


def test_a_secret_that_is_not_shown_is_not_taken_for_ours(rivo: Rivo, switch: Switched) -> None:
    switch(webhook_key="hidden")

    done = rivo.run("register")

    assert len(TOPICS) == done.stdout.count("its secret is not shown")
    assert "Let it send a test" in done.stderr
    assert len(TOPICS) == rivo.run("register").stdout.count("unchanged")


def test_a_secret_of_rivos_own_makes_it_fail(rivo: Rivo, switch: Switched) -> None:
    switch(webhook_key="own")

    done = rivo.run("register", code=1)

    assert len(TOPICS) == done.stdout.count("Rivo keeps another secret")
    assert "copy it from Rivo's settings" in done.stderr


@pytest.mark.parametrize("answer", ["envelope", "bare", "put_204"])
def test_writes_may_be_answered_in_any_form(rivo: Rivo, switch: Switched, answer: str) -> None:
    switch(write_answer=answer)
    rivo.run("register")
    first = rivo.hooks[1]
    rivo.sandbox.state.webhooks[first.id] = msgspec.structs.replace(first, enabled=False)

    rivo.run("register")

    assert list(TOPICS) == rivo.ours()
    assert rivo.hooks[1].enabled


@pytest.mark.parametrize("at", [0, 3])
def test_a_lost_reply_is_read_back_and_not_sent_again(rivo: Rivo, at: int) -> None:
    rivo.faults = [*[None] * at, Fault(kind="lost", applied=True)]

    rivo.run("register")

    assert list(TOPICS) == rivo.ours()
    assert ["POST"] * len(TOPICS) == rivo.writes


def test_what_was_not_done_is_found_missing(rivo: Rivo) -> None:
    rivo.faults = [None, Fault(kind="server_error")]

    done = rivo.run("register", code=1)

    assert 1 == done.stdout.count("not there")
    assert f"topic {TOPICS[1]}" in done.stderr
    assert f"topic {TOPICS[2]}\n" not in done.stderr
    assert 0 == rivo.run("register").stdout.count("not there")
    assert sorted(TOPICS) == sorted(map(str, rivo.ours()))


def test_where_the_first_is_lost_nothing_more_is_made(rivo: Rivo) -> None:
    rivo.faults = [Fault(kind="server_error")]

    done = rivo.run("register", code=1)

    assert [STRANGER] == rivo.hooks
    assert ["POST"] == rivo.writes
    assert "try it again" in done.stderr


def test_too_many_requests_are_waited_out(
    rivo: Rivo, monkeypatch: pytest.MonkeyPatch, switch: Switched
) -> None:
    switch(too_many="retry_after")
    rivo.faults = [Fault(kind="too_many")]

    rivo.run("register")

    assert list(TOPICS) == rivo.ours()
    assert 1 + len(TOPICS) == len(rivo.writes)


@pytest.mark.parametrize("word", ["register", "list", "remove"])
def test_a_refused_key_is_said(rivo: Rivo, word: str) -> None:
    done = rivo.run(word, code=1, RIVO_API_KEY="another-key-of-ours")

    assert "refuses the service's API key" in done.stderr


@pytest.mark.parametrize("word", ["register", "list", "remove"])
def test_a_rivo_that_is_not_there_is_said(rivo: Rivo, word: str) -> None:
    done = rivo.run(word, code=1, RIVO_API_URL="http://127.0.0.1:1/merchant_api/v1")

    assert "Rivo does not answer." in done.stderr


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"RIVO_WEBHOOK_SECRET": None}, "RIVO_WEBHOOK_SECRET is missing"),
        ({"PUBLIC_URL": None}, "PUBLIC_URL is missing"),
        ({"PUBLIC_URL": "http://loyalty.example.com"}, "must be https"),
    ],
    ids=["secret", "address", "http"],
)
def test_what_is_missing_is_said_before_anything_is_asked(
    rivo: Rivo, environ: dict[str, str | None], said: str
) -> None:
    done = rivo.run("register", code=1, **environ)

    assert said in done.stderr
    assert [] == list(rivo.sandbox.requests)


def test_an_address_that_is_none_is_refused(rivo: Rivo) -> None:
    assert "--url must be an address" in rivo.run("register", "--url", "here", code=1).stderr
    assert [] == list(rivo.sandbox.requests)


def test_on_one_machine_http_will_do(rivo: Rivo) -> None:
    rivo.run("register", PUBLIC_URL="http://127.0.0.1:8000")

    assert {"http://127.0.0.1:8000/rivo/webhooks"} == {each.url for each in rivo.hooks[1:]}


def test_of_several_shops_each_has_its_own_address(rivo: Rivo, tmp_path: Any) -> None:
    secret, config = tmp_path / "acme", tmp_path / "config.toml"
    secret.write_text(SECRET)
    text = CONFIG.replace("KEY", KEY).replace("URL", rivo.url).replace("ACME", str(secret))
    config.write_text(text)
    environ: dict[str, Any] = {
        **dict.fromkeys(("RIVO_API_KEY", "RIVO_API_URL", "RIVO_WEBHOOK_SECRET")),
        "CONFIG": str(config),
    }

    rivo.run("register", "--shop", "acme", **environ)
    unnamed = rivo.run("register", code=1, **environ)

    assert {f"{OURS}/acme"} == {each.url for each in rivo.hooks[1:]}
    assert "name one with --shop" in unnamed.stderr


def test_nothing_that_rivo_lists_steers_the_terminal(rivo: Rivo) -> None:
    odd = msgspec.structs.replace(STRANGER, url="https://h.example/\x1b]0;x\x07\x9b2J\u202e")
    rivo.sandbox.state.webhooks[odd.id] = odd

    listed = rivo.run("list").stdout

    assert "https://h.example/\\x1b]0;x\\x07\\x9b2J\\u202e" in listed
    assert listed.replace("\n", "").isprintable()


@pytest.mark.parametrize("status", [401, 422])
def test_a_secret_that_rivo_repeats_is_hidden(rivo: Rivo, status: int) -> None:
    """`run` looks for both secrets in what is printed."""
    said = json.dumps({"error": f"secret {SECRET} of {KEY} is taken {'x' * 130} {SECRET}"}).encode()
    rivo.faults = [Fault(kind="status", status=status, body=said)] * 99

    done = rivo.run("register", code=1)

    assert SECRET[:8] not in done.output
    if status == 422:
        assert "secret ******** of ******** is taken" in " ".join(done.stdout.split())
