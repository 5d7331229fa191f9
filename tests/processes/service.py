"""`python -m tests.processes.service`: the service, forked for every life that is asked for.

Imported once, started in a hundredth of the time: a line of JSON in (`Birth`) is a child that
serves, a line out says who it is. Each child is a process of its own, with its own sockets, threads
and file locks, and dies by itself.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import msgspec
import uvicorn

from app.environment import load
from app.main import World, create_app
from app.observe import make_log
from tests.processes.killing import Commits, Kill, Killer, Wire, Writer


class Birth(msgspec.Struct, frozen=True, kw_only=True):
    """What a life is given: its environment, where to write its log, and when to die by itself."""

    environ: dict[str, str]
    log: str
    kill: Kill | None = None


class Born(msgspec.Struct, frozen=True):
    """Who serves, and where."""

    pid: int
    port: int


def serve(birth: Birth, listening: socket.socket, log: BinaryIO) -> None:
    """Serve until somebody, or something, ends it."""
    killer = Killer(birth.kill)
    commits = Commits(killer)
    connect: Any = commits.connect
    sqlite3.connect = connect
    world = replace(World(), transport=lambda _: Wire(killer), executor=lambda: Writer(commits))
    app = create_app(load(birth.environ), log=make_log(log, level="info", form="json"), world=world)
    config = uvicorn.Config(app, access_log=False, log_level="warning")
    uvicorn.Server(config).run(sockets=[listening])


def main() -> None:
    """Bear a child for every line that comes in."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    for line in sys.stdin.buffer:
        birth = msgspec.json.decode(line, type=Birth)
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        pid = os.fork()
        if pid == 0:
            _live(birth, listening)
        born = Born(pid, listening.getsockname()[1])
        listening.close()
        sys.stdout.buffer.write(msgspec.json.encode(born) + b"\n")
        sys.stdout.buffer.flush()
    os.killpg(0, signal.SIGKILL)  # nobody is left who would end those that still live


def _live(birth: Birth, listening: socket.socket) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    status = 1
    try:
        with Path(birth.log).open("ab", buffering=0) as log:
            for number in (0, 1, 2):
                os.dup2(os.open(os.devnull, os.O_RDWR) if number == 0 else log.fileno(), number)
            serve(birth, listening, log)
        status = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
