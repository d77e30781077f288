"""The options of ``validate_migration`` and what they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dbstate.management.options import Options, UsageError
from dbstate.rehearsal import OwnChecks, read_checks
from dbstate.rehearsal.codes import CODES
from dbstate.rehearsal.orders import TIMEOUT
from dbstate.rehearsal.route import Asked as MigrationAsked
from dbstate.rehearsal.validate import Wish
from dbstate.rehearsal.verdict import Allowance

PHASES = ("all", "pre", "rehearse", "post", "rollback")
SOURCES = ("live", "snapshot", "generated")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the parser the command's own options."""
    parser.add_argument(
        "migration",
        nargs="*",
        metavar="[app_label] name",
        help="The migration, by name or number; the application may be left out where one has it.",
    )
    parser.add_argument(
        "--unapplied", action="store_true", help="All that are not applied, of an application or of all."
    )
    parser.add_argument(
        "--since", metavar="REVISION", default="", help="Unapplied ones that git has not in this revision."
    )
    parser.add_argument(
        "--phase",
        choices=PHASES,
        default="all",
        help="pre: queries only; rehearse: the copy only; post, rollback: after the real migrate.",
    )
    parser.add_argument(
        "--source",
        choices=SOURCES,
        default="live",
        help="Rows of the copy: the database as it is, a dump of it, or generated ones (default: live).",
    )
    parser.add_argument("--on", metavar="URL", default="", help="A clone of the database to rehearse on.")
    parser.add_argument("--checks", metavar="FILE", default="", help="Own checks, as JSON.")
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="CODE[:table.column]",
        help="Findings that are meant; each needs a --reason. Repeatable.",
    )
    parser.add_argument("--reason", action="append", default=[], metavar="TEXT", help="Why it is allowed.")
    parser.add_argument(
        "--sql", metavar="DIR", default="", help="Write pre.sql, post.sql and rollback.sql into this folder."
    )
    parser.add_argument("--strict", action="store_true", help="Exit with 1 for warnings, too.")
    parser.add_argument("--show-values", action="store_true", help="Show values of rows, not only keys.")
    parser.add_argument(
        "--timeout",
        type=float,
        default=TIMEOUT,
        metavar="SECONDS",
        help=f"For each phase and each query (default: {TIMEOUT:g}).",
    )


def read_asked(given: Mapping[str, Any]) -> MigrationAsked:
    """Which migrations are meant. Raises UsageError."""
    words: Sequence[str] = given.get("migration") or ()
    applied = given["phase"] in ("post", "rollback")
    with_later = given["phase"] == "rollback"
    if given["unapplied"] or given["since"]:
        if len(words) > (1 if given["unapplied"] else 0) or (given["unapplied"] and given["since"]):
            found = "they name migrations in two ways"
            raise UsageError("the arguments", found, "give a name, --unapplied or --since")
        label = words[0] if words else ""
        return MigrationAsked(label, "", given["unapplied"], given["since"], applied, with_later)
    if not 1 <= len(words) <= 2:
        found = "no migration is named" if not words else f"{len(words)} names are given"
        raise UsageError("the arguments", found, "name one: [app_label] name-or-number, or use --unapplied")
    label, name = words if len(words) == 2 else ("", words[0])
    return MigrationAsked(label, name, applied=applied, with_later=with_later)


def read_wish(options: Options, given: Mapping[str, Any]) -> Wish:
    """How it is to be validated. Raises UsageError and ChecksError."""
    if given["timeout"] <= 0:
        raise UsageError(f"--timeout {given['timeout']:g}", "it is no time", "give seconds, such as 600")
    if given["on"] and given["source"] != "live":
        found = f"--source {given['source']} says otherwise"
        raise UsageError(f"--on {given['on']}", found, "leave one of them out")
    if given["sql"] and given["phase"] not in ("all", "rehearse"):
        found = "only a rehearsal can try the scripts"
        raise UsageError(f"--sql with --phase {given['phase']}", found, "use --phase all")
    if given["sql"] and Path(given["sql"]).exists() and not Path(given["sql"]).is_dir():
        raise UsageError(f"--sql {given['sql']}", "it is no folder", "choose another place")
    return Wish(
        phase=given["phase"],
        origin=given["source"],
        on=given["on"],
        checks=read_checks(Path(given["checks"])) if given["checks"] else OwnChecks(),
        checks_file=given["checks"],
        allowed=_allowed(given["allow"], given["reason"]),
        timeout=given["timeout"],
        show_values=given["show_values"],
        seed=options.seed,
        now=options.now,
        scripts=bool(given["sql"]),
    )


def _allowed(codes: Sequence[str], reasons: Sequence[str]) -> tuple[Allowance, ...]:
    """One reason for all, or one for each."""
    if codes and len(reasons) not in (1, len(codes)):
        found = f"{len(codes)} of them and {len(reasons)} reasons"
        raise UsageError("--allow", found, "give one --reason for each, or one for all")
    if reasons and not codes:
        raise UsageError("--reason", "nothing is allowed", "give --allow CODE")
    each = list(reasons) * len(codes) if len(reasons) == 1 else list(reasons)
    return tuple(_allowance(code, reason) for code, reason in zip(codes, each, strict=True))


def _allowance(given: str, reason: str) -> Allowance:
    code, _, where = given.partition(":")
    if code not in CODES:
        raise UsageError(f"--allow {given}", "there is no such code", "see the codes in the report")
    if not reason.strip():
        raise UsageError(f"--allow {given}", "its reason is empty", "say why it is meant")
    return Allowance(code, where, reason.strip())
