"""Plans and results of seeding, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from textwrap import fill

from rich.console import RenderableType
from rich.table import Table as Grid
from rich.text import Text
from rich.tree import Tree

from dbstate.findings import Finding
from dbstate.reports.json import render_json
from dbstate.reports.text import check_line, finding_lines, render_text
from dbstate.seeding import Plan, Report, Skipped, TableResult, Unit
from dbstate.values import EDGES

WIDTH = 100
"""Columns that tables keep to."""
SHOWN = 20
"""Models whose rows before the run are listed in text."""


def plan_as_text(plan: Plan, guard: tuple[tuple[bool, str], ...], *, allowed: bool, color: bool) -> str:
    """The plan as a tree of tables in order, and what the guard says."""
    return _render(_plan_parts(plan, guard, allowed), color=color)


def report_as_text(report: Report, replay: str, before: Mapping[str, int], *, color: bool) -> str:
    """What was made, table by table; what was not, and why; how to have the same again.

    ``before`` has the rows that the run found, by model.
    """
    return _render(_report_parts(report, replay, before), color=color)


def _render(parts: Iterable[RenderableType], *, color: bool) -> str:
    text = render_text(parts, color=color, width=WIDTH)
    return "".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines())


# the plan ----------------------------------------------------------------------------------------------


def _plan_parts(plan: Plan, guard: tuple[tuple[bool, str], ...], allowed: bool) -> Iterator[RenderableType]:
    units = [unit for unit in plan.units if unit.rows]
    tree = Tree(f"{count(sum(u.rows for u in units), 'row')} in {count(len(units), 'model')}, in this order")
    breaks = {(b.table, b.key): b for b in plan.breaks}
    for group in plan.groups:
        branch = tree if len(group) == 1 else tree.add("these depend on each other")
        for unit in group:
            leaf = branch.add(_unit_line(unit))
            notes = [unit.reason, unit.limit]
            notes += [f"{key} is {_HOW[b.how]}" for (table, key), b in breaks.items() if table == unit.table]
            notes += [f"{a.left} = {a.right}" for a in plan.agreements if a.table == unit.table]
            for note in filter(None, notes):
                leaf.add(Text(note, style="dim"))
    yield tree
    yield from _skipped(list(plan.skipped))
    yield ""
    yield Text("guard: ").append(
        "allowed" if allowed else "refused", style="green" if allowed else "bold red"
    )
    yield from (check_line(passed, message) for passed, message in guard)
    yield "nothing was written (--dry-run)"


_HOW = {"nulled": "left NULL, then updated", "deferred": "written first, checked at the end"}


def _unit_line(unit: Unit) -> Text:
    line = Text(unit.label, style="bold" if unit.rows else "dim")
    line.append(f"  {count(unit.rows, 'row')}", style="not bold")
    if unit.existing:
        line.append(f" beside {unit.existing:,} that are there", style="not bold")
    return line


# the result --------------------------------------------------------------------------------------------


def _report_parts(report: Report, replay: str, before: Mapping[str, int]) -> Iterator[RenderableType]:
    if report.tables:
        yield _tables(report.tables)
    notes = [f"  {_named(result.label, note)}" for result in report.tables for note in result.notes]
    if notes or report.notes:
        yield ""
        yield Text("notes:", style="bold")
        yield from notes
        yield from (f"  {note}" for note in report.notes)
    yield from _findings(report.findings)
    yield from _skipped(report.skipped)
    yield ""
    yield _totals(report)
    yield f"again: {replay}"
    if before and report.rows:
        yield _found(before)


def _found(before: Mapping[str, int]) -> str:
    """The rows that were there: first free row numbers, without which the line makes other rows."""
    if len(before) > SHOWN:
        return f"  beside {sum(before.values()):,} rows in {len(before)} models (--format json lists them)"
    held = ", ".join(f"{label}={rows}" for label, rows in before.items())
    return fill(held, WIDTH, initial_indent="  beside these rows: ", subsequent_indent="  ")


def _tables(results: Sequence[TableResult]) -> Grid:
    """Models under their applications, with the rows made, those found, and the edge cases in them."""
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    grid.add_column("model", no_wrap=True)
    grid.add_column("rows", justify="right")
    grid.add_column("there", justify="right")
    grid.add_column("edge cases")
    apps: dict[str, list[TableResult]] = {}
    for result in results:
        apps.setdefault(result.label.partition(".")[0], []).append(result)
    for app, members in sorted(apps.items()):
        grid.add_row(Text(app, style="bold"), *_numbers(members), style="bold")
        for result in sorted(members, key=lambda member: member.label):
            edges = " ".join(edge for edge in EDGES if edge in result.edges)
            grid.add_row(f"  {result.label.partition('.')[2]}", *_numbers([result]), edges)
    return grid


def _numbers(results: Sequence[TableResult]) -> tuple[str, str]:
    made, existing = sum(r.made for r in results), sum(r.existing for r in results)
    return f"{made:,}", f"{existing:,}" if existing else ""


def _findings(findings: Sequence[Finding]) -> Iterator[RenderableType]:
    """The findings, those with the same hint under each other and the hint once."""
    hints = dict.fromkeys(finding.hint for finding in findings)
    for hint in hints:
        yield ""
        yield from (finding_lines(replace(f, hint="")) for f in findings if f.hint == hint)
        if hint:
            yield f"  hint: {hint}"


def _skipped(skipped: Sequence[Skipped]) -> Iterator[RenderableType]:
    failed = sorted((s for s in skipped if s.failed), key=lambda s: s.label)
    if failed:
        yield ""
        yield Text("not filled:", style="bold red")
        yield from (f"  {_named(s.label, _short(s, failed))}" for s in failed)
    left: dict[str, list[str]] = {}
    for one in sorted((s for s in skipped if not s.failed), key=lambda s: s.label):
        left.setdefault(one.reason, []).append(one.label)
    if left:
        yield ""
        yield Text("referred to, not filled:", style="bold")
        yield from (f"  {', '.join(labels)}: {reason}" for reason, labels in left.items())


def _named(label: str, text: str) -> str:
    """The text after the label, which is not said twice."""
    return text if text.startswith((f"{label} ", f"{label}.")) else f"{label}: {text}"


def _short(skipped: Skipped, failed: Sequence[Skipped]) -> str:
    """The reason without the reasons of the tables that it blames: they have lines of their own."""
    reason = skipped.reason
    for other in failed:
        if other is not skipped:
            reason = reason.replace(f" ({other.reason})", "")
    return reason.rstrip(".")


def _totals(report: Report) -> str:
    failed = f"; {count(len(report.failed), 'model')} not filled" if report.failed else ""
    if not report.rows:
        missing = "no row was made" if failed else "nothing is missing: no row was made"
        return f"{missing}, {report.seconds:.1f} s{failed}"
    speed = report.rows / report.seconds if report.seconds else 0
    filled = sum(1 for result in report.tables if result.made)
    return (
        f"{count(report.rows, 'row')} in {count(filled, 'table')}, {report.seconds:.1f} s, "
        f"{speed:,.0f} rows/s{failed}"
    )


def count(number: int, noun: str) -> str:
    """``1 row``, ``1,000 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# for programs ------------------------------------------------------------------------------------------


def plan_as_json(plan: Plan, guard: tuple[tuple[bool, str], ...], *, allowed: bool) -> str:
    """The plan for programs."""
    body = {
        "guard": {"allowed": allowed, "reasons": [{"passed": p, "message": m} for p, m in guard]},
        "tables": plan.units,
        "breaks": plan.breaks,
        "agreements": [
            {"table": a.table, "left": str(a.left), "right": str(a.right), "ancestor": a.ancestor}
            for a in plan.agreements
        ],
        "skipped": plan.skipped,
    }
    return render_json("seeding-plan", body)


def report_as_json(report: Report, replay: str, before: Mapping[str, int]) -> str:
    """The result for programs."""
    body = {
        "rows": report.rows,
        "seconds": round(report.seconds, 3),
        "tables": [
            {"label": r.label, "made": r.made, "existing": r.existing, "edges": r.edges, "notes": r.notes}
            for r in report.tables
        ],
        "skipped": report.skipped,
        "findings": report.findings,
        "notes": report.notes,
        "replay": replay,
        "rows_before": before,
    }
    return render_json("seeding", body)
