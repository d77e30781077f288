"""Whom the server runs as: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbstate.embedded.places import EmbeddedError

# Accounts that own little: what our server may touch is what they may touch.
PREFERRED = ("nobody", "postgres", "daemon")
# The programs of the server see nothing of the caller's environment: no PGPORT, no PGOPTIONS, no locale.
ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine, and whether this process has to become it."""

    name: str
    uid: int
    gid: int
    other: bool

    def run(
        self, command: Sequence[str | Path], *, cwd: Path, pass_fds: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this user; its output is in the result."""
        become: dict[str, Any] = (
            {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}
        )
        return subprocess.run(
            [os.fspath(part) for part in command],
            cwd=cwd,
            env=dict(ENVIRONMENT),
            pass_fds=pass_fds,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            **become,
        )

    def can_run(self, command: Sequence[str | Path]) -> bool:
        """Whether this user can run the program, successfully."""
        try:
            return self.run(command, cwd=Path("/")).returncode == 0
        except OSError:
            return False


def account_for(server: Path) -> Account:
    """Whom the server of this folder runs as: ourselves, or as root its owner, or an unprivileged account."""
    if os.geteuid() != 0:
        return _ourselves()
    for entry in _unprivileged(server):
        account = Account(entry.pw_name, entry.pw_uid, entry.pw_gid, other=True)
        if account.can_run(["/bin/sh", "-c", ":"]):
            return account
    raise EmbeddedError(
        "cannot start the embedded PostgreSQL as root: it refuses to run as root, and no unprivileged "
        "account of this machine can be used; run as an ordinary user, or set DATABASE_URL to another server."
    )


def _ourselves() -> Account:
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError as error:
        raise EmbeddedError(
            f"cannot start the embedded PostgreSQL as user {os.geteuid()}: this user id has no entry in "
            "/etc/passwd, which PostgreSQL demands; run as a user that has one, "
            "or set DATABASE_URL to another server."
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, other=False)


def _unprivileged(server: Path) -> Iterator[pwd.struct_passwd]:
    entries = {entry.pw_uid: entry for entry in reversed(pwd.getpwall()) if entry.pw_uid != 0}
    if server.is_dir() and (owner := entries.get(server.stat().st_uid)):
        yield owner
        return
    by_name = {entry.pw_name: entry for entry in entries.values()}
    yield from (by_name[name] for name in PREFERRED if name in by_name)
    yield from (entries[uid] for uid in sorted(entries) if entries[uid].pw_name not in PREFERRED)
