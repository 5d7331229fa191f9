"""What of uvicorn and its parser is relied on: an upgrade that changes it fails here, loudly."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import httptools
import pytest
import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from app.serving.incoming import Held
from app.serving.limits import Limits
from app.serving.protocol import Protocol
from app.serving.server import Server
from tests.serving.stage import Echo

PROTOCOL = {
    "connection_made": ["transport"],
    "connection_lost": ["exc"],
    "data_received": ["data"],
    "eof_received": [],
    "on_message_begin": [],
    "on_url": ["url"],
    "on_header": ["name", "value"],
    "on_headers_complete": [],
    "on_body": ["body"],
    "on_message_complete": [],
    "_start_asgi_task": ["cycle", "app"],
    "on_response_complete": [],
    "shutdown": [],
    "pause_writing": [],
    "resume_writing": [],
}
STATE = {
    *("app", "parser", "loop", "limit_concurrency", "server_state", "connections", "tasks"),
    *("transport", "flow", "pipeline", "scope", "headers", "cycle", "logger", "access_logger"),
    *("access_log", "ws_protocol_class", "timeout_keep_alive_task"),
}
CYCLE = {
    *("scope", "transport", "flow", "logger", "access_logger", "access_log", "default_headers"),
    *("message_event", "expect_100_continue", "keep_alive", "on_response"),
}
CYCLE_STATE = {
    *("disconnected", "keep_alive", "waiting_for_100_continue", "body", "more_body"),
    *("response_complete", "message_event", "transport", "scope"),
}
SERVER = {
    "handle_exit": ["sig", "frame"],
    "on_tick": ["counter"],
    "startup": ["sockets"],
    "shutdown": ["sockets"],
    "run": ["sockets"],
}


def names(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


def source(function: Any) -> str:
    return " ".join(inspect.getsource(function).split())


@pytest.fixture
def made() -> Iterator[Any]:
    """A protocol as uvicorn makes it, and its own attributes."""
    config = uvicorn.Config(Echo(), log_config=None, ws="none")
    config.load()
    loop = asyncio.new_event_loop()
    yield HttpToolsProtocol(config, ServerState(), {}, loop)
    loop.close()


def test_the_protocol_has_the_methods_that_are_overridden_or_called() -> None:
    assert {name: names(getattr(HttpToolsProtocol, name)) for name in PROTOCOL} == PROTOCOL


def test_nothing_else_of_it_is_overridden() -> None:
    """Whatever is named alike by accident would change what uvicorn does."""
    own = {name for name in vars(Protocol) if not name.startswith("__")}
    shared = {name for name in own if hasattr(HttpToolsProtocol, name)}

    assert shared <= set(PROTOCOL)


def test_the_state_of_a_connection_is_where_it_is_looked_for(made: Any) -> None:
    assert set() == STATE - set(vars(made))
    assert made.limit_concurrency is None
    ours = set(
        vars(Protocol(made.config, ServerState(), {}, made.loop, limits=Limits(), held=Held()))
    )
    assert {
        *("limits", "held", "holds", "deadline", "incoming", "awaited", "serving"),
        *("idle", "crowded", "deaf", "lingering"),
    } == ours - set(vars(made))


def test_a_cycle_is_made_and_goes_as_expected() -> None:
    assert set(names(RequestResponseCycle.__init__)) == CYCLE
    nothing: dict[str, Any] = dict.fromkeys(CYCLE)
    cycle: Any = RequestResponseCycle(**nothing)
    assert set() == CYCLE_STATE - set(vars(cycle))
    # A connection ends with `transport.close()`, and then the protocol is told.
    end = source(RequestResponseCycle.send)
    assert "if not self.keep_alive: self.transport.close() self.on_response()" in end
    assert "if self.flow.write_paused and not self.disconnected: await self.flow.drain()" in end


def test_a_request_that_begins_has_a_scope_of_its_own() -> None:
    assert "self.scope = {" in source(HttpToolsProtocol.on_message_begin)
    assert "self.cycle = RequestResponseCycle( scope=self.scope," in source(
        HttpToolsProtocol.on_headers_complete
    )


def test_the_first_request_is_started_and_others_are_queued_by_the_headers() -> None:
    text = source(HttpToolsProtocol.on_headers_complete)
    assert "self._start_asgi_task(self.cycle, app)" in text
    assert "self.flow.pause_reading() self.pipeline.appendleft((self.cycle, app))" in text
    assert "on_response=self.on_response_complete" in text


def test_what_is_done_over_is_what_it_was_when_it_was_copied() -> None:
    """These three are not called from here but done again: without a timer, with other limits."""
    text = source(HttpToolsProtocol.on_response_complete)
    assert "self.server_state.total_requests += 1" in text
    assert "cycle, app = self.pipeline.pop() self._start_asgi_task(cycle, app)" in text
    text = source(HttpToolsProtocol.on_message_complete)
    assert "self.cycle.more_body = False self.cycle.message_event.set()" in text
    text = source(HttpToolsProtocol.on_body)
    assert "self.cycle.body += body" in text


def test_flow_control_has_what_is_used() -> None:
    assert {"pause_reading", "resume_reading", "pause_writing", "resume_writing"} <= set(
        vars(FlowControl)
    )
    assert "write_paused" in source(FlowControl.__init__)


def test_the_server_leaves_as_expected() -> None:
    assert {name: names(getattr(uvicorn.Server, name)) for name in SERVER} == SERVER
    own = {name for name in vars(Server) if not name.startswith("__")}
    assert own & set(dir(uvicorn.Server)) == {"handle_exit", "on_tick", "startup", "shutdown"}
    assert {"_captured_signals", "should_exit", "started"} <= set(
        vars(uvicorn.Server(uvicorn.Config("app:app", log_config=None)))
    )
    assert "should_exit = await self.on_tick(counter)" in source(uvicorn.Server.main_loop)


def test_the_parser_says_what_stopped_it() -> None:
    class Stops:
        def on_headers_complete(self) -> None:
            raise LookupError

    with pytest.raises(httptools.HttpParserCallbackError) as caught:
        httptools.HttpRequestParser(Stops()).feed_data(b"GET / HTTP/1.1\r\n\r\n")

    assert isinstance(caught.value, httptools.HttpParserError)
    assert isinstance(caught.value.__context__, LookupError)


def test_the_parser_takes_a_body_with_an_upgrade_for_another_protocol() -> None:
    """Should it read the body one day, such a request need not be refused any more."""

    class Reads:
        def on_body(self, body: bytes) -> None:
            raise LookupError

    request = (
        b"POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}"
    )
    with pytest.raises(httptools.HttpParserUpgrade):
        httptools.HttpRequestParser(Reads()).feed_data(request)
