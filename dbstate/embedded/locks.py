"""File locks that the system takes back when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dbstate.embedded.places import EmbeddedError

PAUSE = 0.03


def open_lock(path: Path) -> int:
    """The lock file's descriptor, not inherited by programs that this process runs."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def take(descriptor: int, *, shared: bool = False) -> bool:
    """Lock now or return ``False``."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take_within(descriptor: int, path: Path, *, seconds: float, shared: bool = False) -> None:
    """Lock, waiting so long; raises :class:`EmbeddedError` when somebody holds it for longer."""
    deadline = time.monotonic() + seconds
    while not take(descriptor, shared=shared):
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"cannot lock {path}: another process has held it for {seconds:.0f} s; "
                "find it (for example with `fuser`), end or continue it, then try again."
            )
        time.sleep(PAUSE)


@contextmanager
def held(path: Path, *, seconds: float) -> Iterator[None]:
    """The lock for a block of code, alone."""
    descriptor = open_lock(path)
    try:
        take_within(descriptor, path, seconds=seconds)
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock alone. Asked with a shared lock: two who ask do not see each other."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not take(descriptor, shared=True)
    finally:
        os.close(descriptor)
