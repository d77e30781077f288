"""Files that file columns name."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.core.files.base import ContentFile

from dbstate.binding import Binding

FOLDER = Path(__file__).parent / "sample_files"


@dataclass(slots=True)
class Samples:
    """Makes named files exist, in file systems alone, and never over a file that is there."""

    binding: Binding
    written: Counter[str] = field(default_factory=Counter)
    """Files by folder."""
    elsewhere: dict[str, set[str]] = field(default_factory=dict)
    """Names in storages that are no file systems, by class."""
    refused: dict[str, str] = field(default_factory=dict)
    """Folders that cannot be written to, with the reason."""

    def write(self, table: str, column: str, name: str) -> None:
        """Have the file of this name in the column's storage."""
        storage = self.binding.field(table, column).storage  # type: ignore[attr-defined]  # FileField's
        try:
            # As Django documents it, what is no file system has no paths; a wrapper of one has.
            location = storage.path(name).removesuffix(name).rstrip(os.sep)
        except (NotImplementedError, AttributeError):
            self.elsewhere.setdefault(type(storage).__name__, set()).add(name)
            return
        try:
            if not storage.exists(name):
                storage.save(name, ContentFile(content_of(name)))
                self.written[location] += 1
        except OSError as error:
            self.refused[location] = str(error)

    def notes(self) -> Iterator[str]:
        """One sentence for each folder and storage."""
        for location, count in self.written.items():
            yield f"{count} sample file{'s' * (count > 1)} written to {location}"
        for storage, names in self.elsewhere.items():
            count = len(names)
            yield f"{count} file name{'s' * (count > 1)} in {storage}: no file written, it is no file system"
        for location, reason in self.refused.items():
            yield f"no sample files in {location}: {reason}"


def content_of(name: str) -> bytes:
    """The content of a sample file, by its extension; text where no other is at hand."""
    path = FOLDER / f"sample{Path(name).suffix.lower().replace('.jpeg', '.jpg')}"
    return path.read_bytes() if path.is_file() else b"A sample file made by dbstate.\n"
