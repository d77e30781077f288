"""Copying a PostgreSQL database by its own programs, pg_dump and psql."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from dbstate.backends.postgresql_reaching import CannotCopy, Entry
from dbstate.backends.protocol import Connection

_HEAD = 40
"""Lines of a dump among which its settings stand; no rows come so early."""


@dataclass(frozen=True, slots=True)
class Programs:
    dump: Path
    psql: Path


def programs_for(version: int, folders: Sequence[Path]) -> Programs | None:
    """A pg_dump at least as new as the server, and the psql beside it."""
    on_path = shutil.which("pg_dump")
    for folder in [*([Path(on_path).parent] if on_path else []), *folders]:
        dump, psql = folder / "pg_dump", folder / "psql"
        if dump.exists() and psql.exists() and _major(dump) >= version // 10000:
            return Programs(dump, psql)
    return None


def _major(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"\b(\d+)[.\w]*", said)
    return int(found[1]) if found else 0


def dump_into(source: Connection, name: str, entry: Entry, tools: Programs, *, as_is: bool) -> None:
    """Dump the database of this name into an empty one; ``as_is`` with owners and privileges.

    Raises CannotCopy.
    """
    dump = [str(tools.dump), "--no-subscriptions", "--no-publications"]
    if not as_is:
        dump += ["--no-owner", "--no-privileges"]
    if role := source.settings_dict["OPTIONS"].get("assume_role"):
        dump.append(f"--role={role}")
    restore = [str(tools.psql), "-Xq", "-v", "ON_ERROR_STOP=1"]
    environment = _environment(source)
    # Not as an argument, where a name with "=" in it would be read as an address.
    there = {**environment, "PGDATABASE": str(entry["NAME"])}
    with tempfile.TemporaryFile() as said, open(os.devnull, "wb") as nowhere:
        reading = subprocess.Popen(
            dump,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**environment, "PGDATABASE": name},
        )
        writing = subprocess.Popen(restore, stdin=subprocess.PIPE, stdout=nowhere, stderr=said, env=there)
        try:
            assert reading.stdout is not None
            assert writing.stdin is not None
            _pour(reading.stdout, writing.stdin)
            codes = reading.wait(), writing.wait()
        finally:
            for process in (reading, writing):
                process.kill()
                process.wait()
        said.seek(0)
        lines = [line for line in said.read().decode(errors="replace").splitlines() if line.strip()]
    if any(codes):
        found = next((line for line in lines if "ERROR" in line or "error" in line), "pg_dump failed")
        advice = "use --on with the address of a clone, or --source generated"
        raise CannotCopy(name, found.strip(), advice)


def _pour(dump: IO[bytes], restore: IO[bytes]) -> None:
    """Hand the dump on, without the setting that an older server does not know."""
    try:
        for line in islice(dump, _HEAD):
            if not line.startswith(b"SET transaction_timeout"):
                restore.write(line)
        shutil.copyfileobj(dump, restore, 1 << 20)
        restore.close()
    except BrokenPipeError:
        return  # psql ended, and has said why


def _environment(source: Connection) -> dict[str, str]:
    """What the programs need to reach the server, as the connection does: variables, then its parameters."""
    params = source.get_connection_params()
    environment = dict(os.environ)
    for key, name in _VARIABLES.items():
        if params.get(key):
            environment[name] = str(params[key])
    return environment


_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
