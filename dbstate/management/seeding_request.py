"""What dbstate_seed was asked for: read, checked, and written back as the line that replays it."""

from __future__ import annotations

import shlex
from collections.abc import Container, Mapping, Sequence
from datetime import time
from typing import Any

from django.apps import apps

from dbstate.conf import current_conf
from dbstate.management.labels import Selection, select
from dbstate.management.options import Options, UsageError
from dbstate.seeding import Options as SeedingOptions
from dbstate.seeding import Plan
from dbstate.values import resolve_locales


def seeding_options(options: Options, given: Mapping[str, Any]) -> SeedingOptions:
    """The request as seeding takes it. Raises UsageError, LabelError and UnknownLocale."""
    conf = current_conf()
    rows, by_label = _read_rows(given["rows"])
    selection = select(given["labels"], apps)
    locales = tuple(given["locale"]) or conf.locales
    # Asked here, since a column would ask only after rows were made.
    resolve_locales(locales)
    return SeedingOptions(
        now=options.now,
        seed=options.seed,
        labels=tuple(label.lower() for label in selection.labels),
        named=tuple(label.lower() for label in selection.named),
        rows=rows if rows is not None else conf.rows,
        rows_by_label=by_label,
        profile=given["profile"],
        locales=locales,
        strict=given["strict"],
        password=conf.password,
    )


def check_asked(plan: Plan, known: Container[str], *, using: str) -> None:
    """Whether what was asked for by name is in the plan; ``known`` has lower-case labels of its database.

    Raises UsageError for tables that are left to others, and for numbers of rows of tables that are
    neither asked for nor needed, or that live in another database.
    """
    planned = {unit.label.lower() for unit in plan.units}
    reasons = {skipped.label.lower(): skipped.reason for skipped in plan.skipped}
    counts = plan.options.rows_by_label
    for label in plan.options.named:
        if label not in known:
            found = f"a database router keeps it out of database {using!r}"
            raise UsageError(_spelled(label), found, "name its database with --database")
    for label in plan.options.named:
        if label not in planned:
            _refuse(_spelled(label), "", reasons)
    for label, rows in counts.items():
        if rows and label not in planned:
            _refuse(_spelled(label), f"={rows}", reasons)


def _spelled(label: str) -> str:
    label_as_written: str = apps.get_model(label)._meta.label
    return label_as_written


def _refuse(label: str, number: str, reasons: Mapping[str, str]) -> None:
    what = f"--rows {label}{number}" if number else label
    reason = reasons.get(label.lower())
    if reason is None:
        raise UsageError(what, "what is asked for does not need this table", f"name {label} too")
    raise UsageError(what, f"dbstate does not fill this table: {reason}", "leave it out")


def _read_rows(given: Sequence[str]) -> tuple[int | None, dict[str, int]]:
    """--rows N and --rows app.Model=N."""
    everywhere: int | None = None
    by_label: dict[str, int] = {}
    for text in given:
        label, equals, number = text.rpartition("=")
        rows = _number(text, number)
        if not equals:
            everywhere = rows
            continue
        found = select([label], apps) if label else Selection()
        if not found.named:
            label = label or "app"
            raise UsageError(f"--rows {text}", "it names no model", f"write --rows {label}.Model={rows}")
        by_label |= dict.fromkeys(map(str.lower, found.labels), rows)
    return everywhere, by_label


def _number(text: str, number: str) -> int:
    try:
        rows = int(number)
    except ValueError:
        remedy = "write --rows 100 or --rows app.Model=100"
        raise UsageError(f"--rows {text}", "it is not a whole number", remedy) from None
    if rows < 0:
        raise UsageError(f"--rows {text}", "it is negative", "ask for 0 rows or more")
    return rows


def replay_line(options: Options, given: Mapping[str, Any]) -> str:
    """The command line that makes the same rows again beside the same rows."""
    parts = ["python manage.py dbstate_seed", *map(_quoted, given["labels"])]
    parts += [f"--seed {options.seed}", f"--now {shown_now(options)}"]
    parts += [f"--rows {_quoted(rows)}" for rows in given["rows"]]
    if given["profile"] != "mixed":
        parts.append(f"--profile {given['profile']}")
    parts += [f"--locale {_quoted(locale)}" for locale in given["locale"]]
    if given["strict"]:
        parts.append("--strict")
    if options.database != "default":
        parts.append(f"--database {_quoted(options.database)}")
    if options.settings:
        parts.append(f"--settings {_quoted(options.settings)}")
    return " ".join(parts)


def shown_now(options: Options) -> str:
    """The reference date as ``--now`` takes it."""
    midnight = options.now.time() == time()
    return options.now.date().isoformat() if midnight else options.now.isoformat()


def _quoted(text: object) -> str:
    return shlex.quote(str(text))


def rows_before(plan: Plan) -> dict[str, int]:
    """How many rows the plan found, by model: the first free row numbers, which the values depend on."""
    return {unit.label: unit.existing for unit in plan.units if unit.existing}
