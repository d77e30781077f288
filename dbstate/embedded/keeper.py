"""The process that stops the server when nobody uses it any more.

Run as a program, with Python's standard library alone: it outlives the command that started it, and
possibly the virtual environment. It sleeps in the kernel until the last lease is
gone; there is nothing that it polls.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

PAUSE = 0.02
STEPS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0))
"""What is sent, and how long the server has to end: first a fast shutdown, then an immediate one."""
SERVER_LOOKS_EVERY = 75.0
"""A server notices within a minute that its pid file is gone, and then stops by itself."""


def listener(path: Path) -> int | None:
    """The process that listens on this socket, as the kernel knows it; ``None`` if we see none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionError, TimeoutError, BlockingIOError):
            return None
        if sys.platform == "linux":
            return (
                struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
                or None
            )
        # macOS: LOCAL_PEERPID of SOL_LOCAL, which Python does not name.
        return connection.getsockopt(0, 2) or None


def is_free(lock: int) -> bool:
    """Whether nobody holds this lock alone; leaves it unlocked."""
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(lock, fcntl.LOCK_UN)
    return True


def stop_server(server_lock: Path, socket_path: Path, server: Path) -> bool:
    """Stop the server that holds the lock; returns whether it has ended.

    Only a process that both listens on our own socket and is named by our pid file is ever sent a signal:
    each alone may name a stranger. Without such a one the pid file is removed, which the server takes as the
    order to stop.
    """
    lock = os.open(server_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        for order, seconds in STEPS:
            if _ended_within(lock, seconds, partial(_sent, order, socket_path, server)):
                return True
        for pid_file in pid_files(server):
            pid_file.unlink(missing_ok=True)
        return _ended_within(lock, SERVER_LOOKS_EVERY, lambda: True)
    finally:
        os.close(lock)


def _ended_within(lock: int, seconds: float, send: Callable[[], bool]) -> bool:
    """Send the order once the server can be found (it may just be starting), and wait for its end."""
    deadline = time.monotonic() + seconds
    sent = False
    while not is_free(lock):
        if time.monotonic() > deadline:
            return False
        sent = sent or send()
        time.sleep(PAUSE)
    return True


def _sent(order: signal.Signals, socket_path: Path, server: Path) -> bool:
    pid = listener(socket_path)
    if pid is None or pid not in set(map(_pid_in, pid_files(server))):
        return False
    try:
        os.kill(pid, order)
    except ProcessLookupError:
        return False
    return True


def pid_files(server: Path) -> list[Path]:
    """Those of the clusters in this folder, one per major version."""
    return list(server.glob("data*/postmaster.pid"))


def _pid_in(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def is_at(descriptor: int, path: Path) -> bool:
    """Whether this open file is still the one with this path."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def wait_until_alone(lease: int, linger: float) -> None:
    """Return, holding the lease alone, once nobody has held it for ``linger`` seconds."""
    while True:
        fcntl.flock(lease, fcntl.LOCK_EX)
        fcntl.flock(lease, fcntl.LOCK_UN)
        time.sleep(linger)
        try:
            fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return


def detach(log: Path) -> None:
    """Leave the caller's session and its terminal or pipes behind."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    errors = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for descriptor, target in ((nothing, 0), (nothing, 1), (errors, 2)):
        os.dup2(descriptor, target)
    os.close(nothing)
    os.close(errors)


def main(arguments: Sequence[str]) -> int:
    """``keeper.py keeper-lock-descriptor linger lease server-lock socket server log``."""
    keeper_lock, linger = int(arguments[0]), float(arguments[1])
    lease_path, server_lock, socket_path, server, log = map(Path, arguments[2:])
    lease = os.open(lease_path, os.O_RDWR | os.O_CLOEXEC)
    detach(log)
    wait_until_alone(lease, linger)
    # A removed folder may have been made anew, with a server and a keeper of its own; the server of the
    # removed one misses its pid file, and stops by itself.
    stopped = not is_at(lease, lease_path) or stop_server(server_lock, socket_path, server)
    if not stopped:
        print(f"cannot stop the server of {socket_path}: it still runs", file=sys.stderr)
    # In this order: whoever waits for the lease must then find that there is no keeper any more.
    os.close(keeper_lock)
    os.close(lease)
    return 0 if stopped else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
