"""Files that file columns name: written where there is a file system, and never over another file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage, Storage

from dbstate.seeding.samples import Samples


class Wrapper:
    """A storage that hands everything on, as lazily configured ones do; no FileSystemStorage itself."""

    def __init__(self, inner: Storage) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def samples(storage: object) -> Samples:
    binding: Any = SimpleNamespace(field=lambda table, column: SimpleNamespace(storage=storage))
    return Samples(binding)


@pytest.mark.parametrize("wrap", [lambda storage: storage, Wrapper])
def test_writes_a_file_and_says_where(tmp_path: Path, wrap: Any) -> None:
    written = samples(wrap(FileSystemStorage(location=tmp_path)))
    for _ in range(2):
        written.write("t", "c", "samples/sample.png")
    assert (tmp_path / "samples/sample.png").read_bytes().startswith(b"\x89PNG")
    assert [*written.notes()] == [f"1 sample file written to {tmp_path}"]


def test_leaves_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    written = samples(FileSystemStorage(location=tmp_path))
    written.write("t", "c", "mine.txt")
    assert ((tmp_path / "mine.txt").read_text(), [*written.notes()]) == ("mine", [])


def test_says_that_a_storage_is_no_file_system() -> None:
    written = samples(Storage())
    written.write("t", "c", "sample.txt")
    assert [*written.notes()] == ["1 file name in Storage: no file written, it is no file system"]


def test_says_why_a_folder_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    written = samples(FileSystemStorage(location=tmp_path / "taken"))
    written.write("t", "c", "samples/sample.txt")
    (note,) = written.notes()
    assert note.startswith(f"no sample files in {tmp_path / 'taken'}: ")
