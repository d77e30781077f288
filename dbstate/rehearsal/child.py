"""The child process of a rehearsal: the project's migrations on a copy of its database, and only there.

It is told its order once (a pickle), then one command a line (JSON), and answers each with one line. It ends
when its parent does, however that ends.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from queue import SimpleQueue
from typing import Any

import django
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.rehearsal import aftermath, sandbox
from dbstate.rehearsal.evidence import as_json, from_json
from dbstate.rehearsal.orders import Key, Order
from dbstate.rehearsal.running import run_phase, state_now
from dbstate.rehearsal.trap import Stop

Command = Mapping[str, Any]


def main() -> None:
    stdin = _own_input()
    order: Order = pickle.load(stdin)
    commands: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(stdin, commands), daemon=True).start()
    _answer(order, _prepared(order))
    while True:
        _answer(order, _done(order, json.loads(commands.get())))


def _own_input() -> Any:
    """The commands; a migration that asks a question finds that nobody answers, as when it is deployed."""
    commands = os.fdopen(os.dup(0), "rb")  # not handed on to processes that a migration starts
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return commands


def _read(stdin: Any, commands: SimpleQueue[bytes]) -> None:
    """Hand lines on; standard input ends when the parent does, however it ends."""
    for line in iter(stdin.readline, b""):
        commands.put(line)
    os._exit(1)


def _answer(order: Order, told: Mapping[str, Any]) -> None:
    line = json.dumps(told, default=str).encode() + b"\n"
    while line:
        line = line[os.write(order.replies, line) :]


def _prepared(order: Order) -> Mapping[str, Any]:
    """Set up the sandbox, then Django; what went wrong, if anything did."""
    try:
        os.set_inheritable(order.replies, False)
        sys.argv[:] = order.argv
        sandbox.watch()
        if order.installed is not None and tuple(settings.INSTALLED_APPS) != order.installed:
            return {"failure": "INSTALLED_APPS come out otherwise in another process"}
        sandbox.redirect_databases(settings.DATABASES, order)
        sandbox.redirect_environment(os.environ, order)
        sandbox.redirect_rest(order)
        sandbox.keep_connections_here(connections[order.alias], order)
        django.setup()
    except Exception as error:
        traceback.print_exc()
        return {"failure": f"the project does not start in another process: {error!r}"}
    return {}


def _done(order: Order, command: Command) -> Mapping[str, Any]:
    connection = connections[order.alias]
    try:
        return {"told": as_json(_COMMANDS[command["do"]](order, connection, command))}
    except Exception as error:
        traceback.print_exc()
        return {"failure": f"{type(error).__name__}: {error}", "kind": type(error).__name__}
    finally:
        connections.close_all()


def find(path: str) -> Callable[..., Any]:
    """The function ``package.module:name``. Raises ImportError, AttributeError."""
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def _run(order: Order, connection: BaseDatabaseWrapper, command: Command) -> Any:
    def progress(migration: str, index: int | None, text: str) -> None:
        _answer(order, {"at": [migration, index, text]})

    return run_phase(
        connection,
        command["phase"],
        _keys(command),
        explain=_explain,
        explain_sql=_explain_sql,
        progress=progress,
        stop=from_json(Stop, command["stop"]) if command.get("stop") else None,
    )


def _call(order: Order, connection: BaseDatabaseWrapper, command: Command) -> Any:
    return find(command["function"])(connection, state_now(connection), command["argument"])


def _keys(command: Command) -> list[Key]:
    return [(app, name) for app, name in command["keys"]]


def _enter(order: Order, connection: BaseDatabaseWrapper, command: Command) -> Any:
    now = datetime.fromisoformat(command["now"]) if command["now"] else None
    return find("dbstate.rehearsal.entering:enter_states")(connection, _keys(command), now)


def _explain(*arguments: Any) -> Any:
    return find("dbstate.rehearsal.asking:explain")(*arguments)


def _explain_sql(*arguments: Any) -> Any:
    return find("dbstate.rehearsal.asking:explain_sql")(*arguments)


_COMMANDS: Mapping[str, Callable[[Order, BaseDatabaseWrapper, Command], Any]] = {
    "run": _run,
    "call": _call,
    "describe": lambda order, connection, command: aftermath.describe(connection, _keys(command)),
    "drift": lambda order, connection, command: aftermath.drifted(connection),
    "write back": lambda order, connection, command: aftermath.written_back(
        connection, command["tables"], command["new"]
    ),
    "build": lambda order, connection, command: aftermath.build(
        connection, _keys(command), command["schemas"]
    ),
    "announce": lambda order, connection, command: aftermath.announce(connection),
    "enter states": _enter,
    "seed": lambda order, connection, command: aftermath.seed(connection, command),
}


if __name__ == "__main__":
    main()
