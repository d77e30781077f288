"""Where the embedded server of a project lives on this machine; looks at the file system, changes nothing."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbstate.errors import DbstateError

DATABASE = "dbstate"
ROLE = "postgres"
PORT = "5432"
SOCKET = f".s.PGSQL.{PORT}"
# The system's limit is 107 bytes on Linux and 103 on macOS, terminating zero not counted.
LONGEST_SOCKET = 99


class EmbeddedError(DbstateError):
    """The embedded PostgreSQL could not be found, started, reached or stopped."""


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one project's server, for one user of the machine."""

    project: Path
    base: Path
    """Our folder for all projects of this user."""
    folder: Path
    """Lock files and notes; owned by the user who runs Python."""
    socket_folder: Path

    @property
    def server(self) -> Path:
        """The cluster, its log and, in a short enough path, its socket; owned by whom the server runs as."""
        return self.folder / "server"

    @property
    def log(self) -> Path:
        return self.server / "log"

    @property
    def socket(self) -> Path:
        return self.socket_folder / SOCKET

    @property
    def lease(self) -> Path:
        """Locked, shared, by every process that uses the server."""
        return self.folder / "lease"

    @property
    def start_lock(self) -> Path:
        """Locked by who starts or stops the server."""
        return self.folder / "start.lock"

    @property
    def server_lock(self) -> Path:
        """Locked by the server: inherited by each of its processes, so free exactly when none is left."""
        return self.folder / "server.lock"

    @property
    def keeper_lock(self) -> Path:
        """Locked by the process that stops the server when nobody uses it any more."""
        return self.folder / "keeper.lock"

    def cluster(self, major: int) -> Path:
        """The data directory; one per major version, as PostgreSQL cannot open another's."""
        return self.server / f"data{major}"


def database(project: str | os.PathLike[str], *, name: str = DATABASE) -> dict[str, Any]:
    """The entry of ``DATABASES`` for the embedded server of the project in this folder.

    Nothing is made or started by it. The database ``name`` is created when it is first connected to.
    """
    place = place_of(project)
    return {
        "ENGINE": "dbstate.embedded",
        "NAME": name,
        "USER": ROLE,
        "HOST": str(place.socket_folder),
        "PORT": PORT,
        # Which server, and which of its databases is made when missing (a test database is Django's to make).
        "DBSTATE_PROJECT": str(place.project),
        "DBSTATE_DATABASE": name,
    }


def place_of(project: str | os.PathLike[str]) -> Place:
    """The place of this project's server, for the current user; :class:`EmbeddedError` if there is none."""
    if os.name != "posix":
        raise EmbeddedError(
            "cannot use the embedded PostgreSQL: it runs on Linux and macOS only; "
            "set DATABASE_URL to another server."
        )
    path = Path(os.path.realpath(project))
    key = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    leaf = f"{re.sub('[^A-Za-z0-9_-]', '', path.name)[:16] or 'project'}-{key}"
    base = _base_for(leaf)
    folder = base / leaf
    socket_folder = folder / "server"
    if len(os.fsencode(socket_folder / SOCKET)) > LONGEST_SOCKET:
        socket_folder = Path("/tmp") / f"dbstate-{os.geteuid()}-{key}"
    return Place(project=path, base=base, folder=folder, socket_folder=socket_folder)


def _base_for(leaf: str) -> Path:
    tried = []
    for base in _bases_of_root() if os.geteuid() == 0 else _bases_of_user():
        if is_ours_or_free(base) and _can_be_made(base / leaf):
            return base
        tried.append(str(base))
    raise EmbeddedError(
        f"cannot choose a folder for the embedded PostgreSQL: none of {', '.join(tried)} can be made "
        "or belongs to us; set XDG_CACHE_HOME to a folder that you can write to, or DATABASE_URL to another "
        "server."
    )


def _bases_of_user() -> Iterator[Path]:
    """The user's cache folder; where that cannot be written to, a private one in a temporary folder."""
    for cache in (os.environ.get("XDG_CACHE_HOME", ""), os.path.expanduser("~/.cache")):
        if os.path.isabs(cache):
            yield Path(cache) / "dbstate"
    for shared in ("/var/tmp", tempfile.gettempdir()):
        yield Path(shared) / f"dbstate-{os.geteuid()}"


def _bases_of_root() -> Iterator[Path]:
    """Not root's home: PostgreSQL refuses to run as root, and whom it runs as cannot enter there.

    Nor ``XDG_CACHE_HOME``, which may still be that of the user who became root.
    """
    for parent, name in (("/var/cache", "dbstate"), ("/var/tmp", "dbstate-root"), ("/tmp", "dbstate-root")):
        if _everyone_may_enter(Path(parent)):
            yield Path(parent) / name


def is_ours_or_free(folder: Path) -> bool:
    """Whether nobody else could have put something into this folder; true if it does not exist."""
    try:
        found = os.lstat(folder)
    except OSError:
        return True
    private = found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and private


def _can_be_made(folder: Path) -> bool:
    """Whether the folder, or the first of its ancestors that exists, may be written to."""
    nearest = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    return os.path.isdir(nearest) and os.access(nearest, os.W_OK | os.X_OK)


def _everyone_may_enter(folder: Path) -> bool:
    return all(
        os.path.isdir(path) and os.stat(path).st_mode & stat.S_IXOTH for path in (folder, *folder.parents)
    )
