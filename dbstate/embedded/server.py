"""The life of a project's server: started by who needs it first, stopped after who used it last.

Four locks carry it, all freed by the system when their holder dies: *start* (one who starts or stops at a
time), *lease* (shared by all users), *keeper* (the process that waits for the lease), *server* (inherited by
the server's processes, so that "is it running" never depends on a process id).
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from dbstate.embedded import keeper
from dbstate.embedded.accounts import Account, account_for
from dbstate.embedded.binaries import Binaries, find_binaries, reachable_binaries
from dbstate.embedded.locks import PAUSE, held, is_held, open_lock, take, take_within
from dbstate.embedded.places import PORT, ROLE, SOCKET, EmbeddedError, Place, is_ours_or_free

PATIENCE = 120.0
"""Seconds to wait for another process that starts or stops the same server."""
LINGER = 1.0
"""Seconds that the server outlives its last user, since commands often follow one another."""

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # Rows that can be made again need not survive a power cut; a killed server they do survive.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "30min",
    "max_wal_size": "2GB",
    # Parallel test runs and schema clones: a clone of 150 tables alone holds some 2,000 locks.
    "max_connections": "200",
    "max_locks_per_transaction": "512",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Refused rows are this project's daily bread: they do not belong into a log.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}
INITDB = (
    f"--username={ROLE} --auth=trust --encoding=UTF8 --locale=C --locale-provider=builtin "
    "--builtin-locale=C.UTF-8 --no-sync --no-instructions"
).split()


@dataclass(frozen=True, slots=True)
class Status:
    """What can be said of a server without starting it."""

    running: bool
    pid: int | None
    kept: bool
    """Whether a keeper waits to stop it."""
    used: bool
    """Whether another process holds a lease."""


_threads = threading.Lock()
_leases: dict[Path, int] = {}
_known: set[tuple[Path, str | None]] = set()


def ensure_running(place: Place, *, database: str | None = None) -> None:
    """Have the server run until this process ends, and the database in it if one is named.

    Raises :class:`EmbeddedError` that says why it could not be.
    """
    with _threads:
        if _has_lease(place) and (place.folder, database) in _known and is_held(place.server_lock):
            return
        _make_folders(place)
        with held(place.start_lock, seconds=PATIENCE):
            _take_lease(place)
            _start(place)
            if database is not None:
                _create_missing(place, database)
        _known.add((place.folder, database))


def stop(place: Place) -> bool:
    """Stop the server now, whoever uses it; returns whether there was one."""
    if not is_held(place.server_lock):
        return False
    with held(place.start_lock, seconds=PATIENCE):
        if not keeper.stop_server(place.server_lock, place.socket, place.server):
            raise EmbeddedError(
                f"cannot stop the embedded PostgreSQL in {place.folder}: it did not end; see {place.log}."
            )
    return True


def status(place: Place) -> Status:
    """Look, change nothing."""
    running = is_held(place.server_lock)
    return Status(
        running=running,
        pid=keeper.listener(place.socket) if running else None,
        kept=is_held(place.keeper_lock),
        used=_is_used(place),
    )


def query(place: Place, sql: str, *, database: str = "postgres") -> str:
    """The answer of the running server, as ``psql`` prints it: unaligned, tuples only.

    The driver stays out of it: this is also how a server is asked who it is.
    """
    return _run_psql(find_binaries(), place, sql, database)


def psql_command(binaries: Binaries, place: Place, database: str) -> list[str]:
    """The wheel's ``psql``, connected to this server."""
    return [
        str(binaries.program("psql")),
        "-h",
        str(place.socket_folder),
        "-p",
        PORT,
        "-U",
        ROLE,
        "-d",
        database,
    ]


def psql_environment() -> dict[str, str]:
    """Ours, without the variables that would send ``psql`` or its session elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG") or name == "PGTZ"}


def _run_psql(binaries: Binaries, place: Place, sql: str, database: str = "postgres") -> str:
    command = [*psql_command(binaries, place, database), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]
    done = subprocess.run(command, env=psql_environment(), capture_output=True, text=True)
    if done.returncode:
        raise EmbeddedError(f"cannot ask the embedded PostgreSQL in {place.folder}: {done.stderr.strip()}")
    return done.stdout.rstrip("\n")


def _make_folders(place: Place) -> None:
    """Make what is missing; a folder that exists keeps its owner and permissions."""
    os.makedirs(place.base.parent, exist_ok=True)
    # As root the server's account must get through to its own folder, so everyone may enter.
    mode = 0o755 if os.geteuid() == 0 else 0o700
    for folder in (place.base, place.folder):
        _make_folder(folder, mode)
        if not is_ours_or_free(folder):
            raise EmbeddedError(
                f"cannot use {folder} for the embedded PostgreSQL: it belongs to another user, or others "
                "can write to it; remove it, or set XDG_CACHE_HOME to another folder."
            )
    (place.folder / "project").write_text(f"{place.project}\n", encoding="utf-8", errors="surrogateescape")


def _make_folder(folder: Path, mode: int) -> None:
    try:
        folder.mkdir(mode)
    except FileExistsError:
        return
    # Exactly this mode, whatever the umask took away; it is new, so it is ours to set.
    folder.chmod(mode)


def _has_lease(place: Place) -> bool:
    """Whether this process holds the lease that is there now (the folder may have been removed since)."""
    descriptor = _leases.get(place.lease)
    return descriptor is not None and keeper.is_at(descriptor, place.lease)


def _take_lease(place: Place) -> None:
    """Hold the lease until this process ends; a child by fork holds it on."""
    if _has_lease(place):
        return
    descriptor = open_lock(place.lease)
    take_within(descriptor, place.lease, seconds=PATIENCE, shared=True)
    if (old := _leases.get(place.lease)) is not None:
        os.close(old)
    _leases[place.lease] = descriptor


def _is_used(place: Place) -> bool:
    try:
        descriptor = os.open(place.lease, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not take(descriptor)
    finally:
        os.close(descriptor)


def _start(place: Place) -> None:
    """With the start lock and the lease: a kept server that answers to our data directory, or an error."""
    binaries = find_binaries()
    _keep(place)
    if not is_held(place.server_lock):
        account = account_for(place.server)
        usable = reachable_binaries(binaries, account, place.base)
        _make_server_folder(place.server, account)
        _make_server_folder(place.socket_folder, account)
        _make_cluster(place, usable, account)
        _launch(place, usable, account)
    _wait_until_ready(place, binaries)


def _make_server_folder(folder: Path, account: Account) -> None:
    try:
        folder.mkdir(0o700)
    except FileExistsError:
        found = folder.lstat()
        if found.st_uid != account.uid or found.st_mode & 0o077:
            raise EmbeddedError(
                f"cannot use {folder} for the embedded PostgreSQL: it is not a private folder of "
                f"{account.name}; remove it."
            ) from None
        return
    if account.other:
        os.chown(folder, account.uid, account.gid)


def _remove(folder: Path) -> None:
    """Remove what a killed start left; its last process may still be writing, hence again and again."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)
    shutil.rmtree(folder)


def _make_cluster(place: Place, binaries: Binaries, account: Account) -> None:
    """Make the data directory under a temporary name: a half-made one is never taken for a whole one."""
    data = place.cluster(binaries.major)
    if data.exists():
        return
    for leftover in place.server.glob("making-*"):
        _remove(leftover)
    making = Path(tempfile.mkdtemp(prefix="making-", dir=place.server))
    if account.other:
        os.chown(making, account.uid, account.gid)
    done = account.run([binaries.program("initdb"), *INITDB, "-D", making], cwd=place.server)
    if done.returncode:
        raise EmbeddedError(
            f"cannot make a PostgreSQL cluster in {place.server} as {account.name}: "
            f"{done.stderr.strip() or done.stdout.strip()}"
        )
    making.rename(data)


def _launch(place: Place, binaries: Binaries, account: Account) -> None:
    """Start the server; it inherits the server lock, and is nobody's child when this returns."""
    lock = open_lock(place.server_lock)
    try:
        take_within(lock, place.server_lock, seconds=PATIENCE)
        # Holding that lock proves that no process of this cluster lives: these are left from one that was
        # killed. A server believes them when their process id now belongs to a stranger of the same user.
        for stale in (
            *keeper.pid_files(place.server),
            place.socket,
            place.socket_folder / f"{SOCKET}.lock",
            place.log,
        ):
            stale.unlink(missing_ok=True)
        settings = SETTINGS | {"unix_socket_directories": str(place.socket_folder), "port": PORT}
        options = shlex.join(f"--{name}={value}" for name, value in settings.items())
        data = place.cluster(binaries.major)
        command: list[str | Path] = [
            binaries.program("pg_ctl"),
            "start",
            "-W",
            "-s",
            "-D",
            data,
            "-l",
            place.log,
            "-o",
            options,
        ]
        done = account.run(command, cwd=place.server, pass_fds=[lock])
    finally:
        os.close(lock)
    if done.returncode:
        raise EmbeddedError(f"cannot start the embedded PostgreSQL in {place.folder}: {done.stderr.strip()}")


def _wait_until_ready(place: Place, binaries: Binaries) -> None:
    """Wait until the server answers, and make sure that it is ours by its data directory."""
    deadline = time.monotonic() + PATIENCE
    expected = os.path.realpath(place.cluster(binaries.major))
    while True:
        try:
            found = _run_psql(binaries, place, "SHOW data_directory")
        except EmbeddedError as error:
            if not is_held(place.server_lock) or time.monotonic() > deadline:
                raise EmbeddedError(
                    f"cannot start the embedded PostgreSQL in {place.folder}: {_end_of_log(place) or error}"
                ) from error
            time.sleep(PAUSE)
            continue
        if os.path.realpath(found) != expected:
            raise EmbeddedError(
                f"cannot use the server on {place.socket}: its data directory is {found}, "
                f"not {expected}; stop that server."
            )
        return


def _end_of_log(place: Place) -> str:
    try:
        return "\n".join(place.log.read_text(errors="replace").splitlines()[-8:])
    except OSError:
        return ""


def _keep(place: Place) -> None:
    """Start a keeper unless one lives. Before the server: a kill between the two leaves nothing running."""
    lock = open_lock(place.keeper_lock)
    try:
        if not take(lock):
            return
        log = place.folder / "keeper.log"
        arguments = [place.lease, place.server_lock, place.socket, place.server, log]
        # Isolated and without site: nothing of the project or its environment is needed to outlive them.
        command = [sys.executable, "-I", "-S", keeper.__file__, str(lock), str(LINGER), *map(str, arguments)]
        done = subprocess.run(
            command, pass_fds=[lock], stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd="/"
        )
    finally:
        os.close(lock)
    if done.returncode:
        raise EmbeddedError(
            f"cannot watch over the embedded PostgreSQL in {place.folder}: {done.stderr.strip()}"
        )


def _create_missing(place: Place, database: str) -> None:
    literal = "'" + database.replace("'", "''") + "'"
    if not query(place, f"SELECT 1 FROM pg_database WHERE datname = {literal}"):
        query(place, 'CREATE DATABASE "' + database.replace('"', '""') + '"')
