"""The child process as its parent sees it: told its order, asked, and ended."""

from __future__ import annotations

import json
import os
import pickle
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from dbstate.errors import DbstateError
from dbstate.rehearsal.orders import Entry, Order, Request

STARTING = 120.0
"""Seconds that a project may take to start."""
SAID = 4_000
"""Characters of what the child printed that are kept."""


class CannotRehearse(DbstateError):
    """The project's migrations cannot be run in another process; the message says why and what to do."""


class Silent(Exception):
    """The child did not answer in time, or ended."""

    def __init__(self, *, timed_out: bool, code: int | None = None) -> None:
        self.timed_out, self.code = timed_out, code
        super().__init__("timed out" if timed_out else f"ended with code {code}")


class Told(Exception):
    """The child answered that it could not do what it was asked."""


class Child:
    """A running child process."""

    def __init__(self, process: subprocess.Popen[bytes], replies: int, said: Path) -> None:
        self._process, self._replies, self._said = process, replies, said
        self._read = b""
        self.at: tuple[str, int | None, str] = ("", None, "")
        """Migration, number and description of the operation that started last."""

    def ask(self, timeout: float, **command: Any) -> Any:
        """Its answer. Raises Silent, after which it is gone, and Told."""
        self.tell(json.dumps(command).encode() + b"\n")
        return self.answer(timeout)

    def tell(self, told: bytes) -> None:
        assert self._process.stdin is not None
        # A child that ended is seen when its answer is read.
        with suppress(BrokenPipeError):
            self._process.stdin.write(told)
            self._process.stdin.flush()

    def answer(self, timeout: float) -> Any:
        """What it answers, after its reports on where it is."""
        deadline = time.monotonic() + timeout
        while True:
            told = json.loads(self._line(deadline))
            if "at" not in told:
                break
            self.at = tuple(told["at"])
        if "failure" in told:
            raise Told(told["failure"])
        return told.get("told")

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._read:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._replies], [], [], left)[0]:
                self.end()
                raise Silent(timed_out=True)
            part = os.read(self._replies, 1 << 16)
            if not part:
                raise Silent(timed_out=False, code=self._process.wait())
            self._read += part
        line, _, self._read = self._read.partition(b"\n")
        return line

    def output(self) -> str:
        """The end of what it printed so far."""
        return self._said.read_bytes()[-4 * SAID :].decode(errors="replace")[-SAID:].strip()

    def end(self) -> None:
        """End it and what it started."""
        # It may have left processes of its own behind, in its group.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def started(alias: str, entry: Entry, source: Entry, request: Request) -> Iterator[Child]:
    """A child that has set up the project, on this copy. Raises CannotRehearse."""
    with tempfile.TemporaryDirectory(prefix="dbstate_copy_") as folder:
        reading, writing = os.pipe()
        said = Path(folder) / "said"
        with said.open("wb") as output:
            process = _launch(request, writing, output)
        os.close(writing)
        child = Child(process, reading, said)
        try:
            child.tell(_order(alias, entry, source, request, folder, writing))
            _await_ready(child)
            yield child
        finally:
            child.end()
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                process.stdin.close()
            os.close(reading)


def _await_ready(child: Child) -> None:
    try:
        child.answer(STARTING)
    except Told as error:
        raise CannotRehearse(f"cannot rehearse: {error}; {_ADVICE}\n{child.output()}".strip()) from error
    except Silent as error:
        raise CannotRehearse(
            f"cannot rehearse: the project {error} while it started in another process; {_ADVICE}\n"
            f"{child.output()}".strip()
        ) from error


_ADVICE = "see that DJANGO_SETTINGS_MODULE names settings that another process can load"


def _order(alias: str, entry: Entry, source: Entry, request: Request, folder: str, replies: int) -> bytes:
    own = not request.settings_module
    order = Order(
        alias=alias,
        entry=entry,
        source={key: source.get(key) for key in ("NAME", "HOST", "PORT", "USER")},
        installed=tuple(settings.INSTALLED_APPS) if own else None,
        argv=tuple(sys.argv),
        folder=folder,
        replies=replies,
    )
    try:
        return pickle.dumps(order)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise CannotRehearse(
            f"cannot rehearse: the settings of database '{alias}' cannot be handed to another process "
            f"({error}); keep to plain values in DATABASES['{alias}']"
        ) from error


def _launch(request: Request, replies: int, output: Any) -> subprocess.Popen[bytes]:
    module = request.settings_module or getattr(settings, "SETTINGS_MODULE", "")
    if not module:
        raise CannotRehearse(
            "cannot rehearse: the settings come from no module that another process could read; "
            "set DJANGO_SETTINGS_MODULE"
        )
    path = request.path or tuple(entry or os.getcwd() for entry in sys.path)
    environment = {
        **os.environ,
        **request.environment,
        "PYTHONPATH": os.pathsep.join(path),
        "DJANGO_SETTINGS_MODULE": str(module),
    }
    return subprocess.Popen(
        # -P: the working directory is on the path only where it is on ours.
        [sys.executable, "-P", "-u", "-m", "dbstate.rehearsal.child"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        pass_fds=(replies,),
        start_new_session=True,
    )
