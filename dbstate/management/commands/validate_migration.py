"""``validate_migration``: prove a migration safe for the rows that are there, or show the rows."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dbstate.findings import Finding
from dbstate.management.base import CLEAN, FINDINGS, DbstateCommand
from dbstate.management.options import Options, UsageError
from dbstate.management.output import write_file
from dbstate.management.validation_report import as_json, as_text
from dbstate.management.validation_request import add_arguments, read_asked, read_wish
from dbstate.rehearsal.errors import Undecided
from dbstate.rehearsal.route import find_route
from dbstate.rehearsal.validate import Validation, validate
from dbstate.reports import render_github, render_junit, render_sarif


class Command(DbstateCommand):
    help = "Prove a migration safe for the rows that are there, or show the rows: on a copy, never in place."
    shared = ("database", "seed", "now", "format", "output")
    formats = ("text", "json", "junit", "sarif", "github")
    takes_labels = False
    interrupted = "interrupted; the database was only read"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        add_arguments(parser)

    def run(self, options: Options, given: Mapping[str, Any]) -> int:
        asked, wish = read_asked(given), read_wish(options, given)
        connection = self.connect(options)
        route = find_route(connection, asked)
        validation = validate(connection, route, wish, note=lambda text: self.note(options, text))
        self._write_scripts(options, given, validation)
        self.emit(options, self._shown(options, validation))
        if validation.judgement.undecided:
            raise Undecided(validation.judgement.undecided)
        strict = given["strict"] and any(f.severity != "note" for f in validation.judgement.findings)
        return CLEAN if validation.verdict == "safe" and not strict else FINDINGS

    def _write_scripts(self, options: Options, given: Mapping[str, Any], validation: Validation) -> None:
        for script in validation.scripts:
            path = Path(given["sql"]) / script.name
            text = f"-- NOT TO BE USED: {script.refused}\n{script.text}" if script.refused else script.text
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_file(path, text)
            except OSError as error:
                raise UsageError(f"--sql {given['sql']}", str(error), "choose another folder") from error
            end = f" (tried on the copy: {script.refused})" if script.refused else " (tried on the copy)"
            self.note(options, f"wrote {path}{end}")

    def _shown(self, options: Options, validation: Validation) -> str:
        if options.format == "json":
            return as_json(validation)
        if options.format == "text":
            return as_text(validation, color=options.color, verbosity=options.verbosity)
        findings = validation.judgement.findings
        return _FORMATS[options.format](findings, ", ".join(validation.migrations))


_FORMATS: Mapping[str, Callable[[tuple[Finding, ...], str], str]] = {
    "junit": render_junit,
    "sarif": render_sarif,
    "github": render_github,
}
