"""UUIDs, addresses of networks, names of files."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from dbstate.values.draw import Draw
from dbstate.values.families.base import Family, Task, project_values
from dbstate.values.identifiers import ipv4, ipv6, row_uuid


class UuidFamily(Family):
    """Random-looking UUIDs of version 4, another for each row."""

    meaning = "uuid"

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        yield row_uuid(draw)

    def wide(self, draw: Draw) -> Iterator[object]:
        made = row_uuid(draw).int
        for version in (1, 7, 6, 3, 5):
            yield UUID(int=made & ~(0xF << 76) | version << 76)


class IpFamily(Family):
    """Addresses of the networks for documentation, as text."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.six = task.column.format == "ipv6"
        self.meaning = "ipv6" if self.six else "ipv4"
        self.capacity = 762 + (1 << 24) if task.unique and not self.six else None

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        yield ipv6(draw) if self.six else ipv4(draw)
        if not self.six:
            yield ipv6(draw)

    def wide(self, draw: Draw) -> Iterator[object]:
        low = draw.between(1, 250)
        if not self.six:
            yield from (f"10.0.{low}.1", f"192.168.{low}.1", "127.0.0.1", f"8.8.{low}.8", f"93.184.{low}.34")
            yield from (f"10.0.{low}.0/24", f"192.168.{low}.0/24")
        if self.column.format != "ipv4":
            yield from (f"fd00::{low}", "::1", f"2606:2800:220:1::{low}", f"fd00:{low}::/64")

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        if not self.unique:
            four = {"max": "203.0.113.254", "min": "192.0.2.1", "zero": "0.0.0.0"}
            six = {"max": "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "min": "2001:db8::1", "zero": "::"}
            if name in four:
                yield (six if self.six or (name == "max" and self.column.format != "ipv4") else four)[name]


class FileFamily(Family):
    """The name of a sample file with an extension that the field admits."""

    meaning = "file"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        usual = "png" if task.column.format == "image" else "txt"
        self.extensions = task.column.extensions or (usual,)

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        ordered = sorted(self.extensions, key=lambda one: PREFERRED.get(one, 9))
        for extension in ordered:
            serial = f"-{draw.serial}" if self.unique else ""
            yield f"samples/sample{serial}.{extension}"
        for extension in ordered:
            yield f"{draw.serial or 's'}.{extension}"
        yield from self.default()


PREFERRED = {"png": 0, "txt": 1, "pdf": 2, "jpg": 3, "csv": 4}
"""Extensions in the order in which samples take them, where several are allowed."""
