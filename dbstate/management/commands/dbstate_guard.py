"""``dbstate_guard``: whether dbstate may write to a database, and marks that say so."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from dbstate.guard import Verdict, mark, unmark
from dbstate.management.base import CLEAN, DbstateCommand
from dbstate.management.options import Options
from dbstate.reports import check_line, render_json, render_text

_DEEDS = {"seed": "seeding it (rows are added)", "write": "writing to it (rows may be changed or removed)"}


class Command(DbstateCommand):
    help = "Show whether dbstate may write to a database, and why; mark it as disposable, or unmark it."
    shared = ("database", "format", "output")
    takes_labels = False
    interrupted = "interrupted; the marks are as they were"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--mark", action="store_true", help="Say that all rows of it may be lost.")
        what.add_argument("--unmark", action="store_true", help="Take the marks off.")
        parser.add_argument("--check", action="store_true", help="Exit with 3 when the guard refuses.")
        parser.add_argument(
            "--purpose",
            choices=tuple(_DEEDS),
            default="seed",
            help="Judge for seeding, or for what may change or remove rows (default: seed).",
        )

    def run(self, options: Options, given: Mapping[str, Any]) -> int:
        connection = self.connect(options)
        if given["mark"]:
            mark(connection)
        if given["unmark"] and not unmark(connection):
            self.note(options, "there was no mark on the database")
        found = self.judge(connection, options, purpose=given["purpose"])
        self.emit(options, _as_json(found) if options.format == "json" else _as_text(found, options))
        if given["check"] and not found.allowed:
            raise found.refusal()
        return CLEAN


def _as_json(found: Verdict) -> str:
    database = {"alias": found.alias, "name": found.name, "place": found.place}
    return render_json(
        "guard",
        {
            "database": database,
            "purpose": found.purpose,
            "allowed": found.allowed,
            "reasons": found.reasons,
            "permit_line": found.permit_line,
        },
    )


def _as_text(found: Verdict, options: Options) -> str:
    return render_text(_lines(found), color=options.color)


def _lines(found: Verdict) -> Iterator[Text | str]:
    yield Text(f"{found.place} (alias {found.alias})", style="bold")
    yield "must hold:"
    yield from (check_line(need.passed, need.message, fatal=not need.passed) for need in found.needs)
    yield "one is enough:"
    yield from (check_line(ground.passed, ground.message) for ground in found.grounds)
    yield Text(f"{_DEEDS[found.purpose]}: ").append(
        "allowed" if found.allowed else "refused", style="bold green" if found.allowed else "bold red"
    )
    if not found.allowed:
        yield f"to permit it: {found.permit_line}" if found.permit_line else "nothing permits it"
