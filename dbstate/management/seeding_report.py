"""Plans and results of seeding, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table as Grid
from rich.text import Text
from rich.tree import Tree

from dbstate.reports.json import render_json
from dbstate.reports.text import check_line, finding_lines, render_text
from dbstate.seeding import Plan, Report, Skipped
from dbstate.values import EDGES


def plan_as_text(plan: Plan, guard: tuple[tuple[bool, str], ...], *, allowed: bool, color: bool) -> str:
    """The plan as a tree of tables in order, and what the guard says."""
    return render_text(_plan_parts(plan, guard, allowed), color=color, width=110)


def _plan_parts(plan: Plan, guard: tuple[tuple[bool, str], ...], allowed: bool) -> Iterator[RenderableType]:
    units = [unit for unit in plan.units if unit.rows]
    tree = Tree(f"{sum(u.rows for u in units):,} rows in {len(units)} models, in this order")
    breaks = {(b.table, b.key): b for b in plan.breaks}
    for group in plan.groups:
        branch = tree if len(group) == 1 else tree.add("these depend on each other")
        for unit in group:
            line = Text(unit.label, style="bold" if unit.rows else "dim").append(
                f"  {unit.rows:,} rows", style="not bold"
            )
            if unit.existing:
                line.append(f" beside {unit.existing:,} that are there", style="not bold")
            leaf = branch.add(line)
            notes = [unit.reason, unit.limit]
            notes += [
                f"{key} is {'left NULL, then updated' if b.how == 'nulled' else 'written first, checked at the end'}"
                for (table, key), b in breaks.items()
                if table == unit.table
            ]
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


def _skipped(skipped: list[Skipped]) -> Iterator[RenderableType]:
    failed = [s for s in skipped if s.failed]
    left = [s for s in skipped if not s.failed]
    if failed:
        yield ""
        yield Text("not filled:", style="bold red")
        yield from (f"  {s.label}: {s.reason}" for s in sorted(failed, key=lambda s: s.label))
    if left:
        yield ""
        yield Text("referred to, not filled:", style="bold")
        yield from (f"  {s.label}: {s.reason}" for s in sorted(left, key=lambda s: s.label))


def report_as_text(report: Report, replay: str, *, color: bool) -> str:
    """What was made, table by table; what was not, and why; how to have the same again."""
    return render_text(_report_parts(report, replay), color=color, width=110)


def _report_parts(report: Report, replay: str) -> Iterator[RenderableType]:
    if report.tables:
        grid = Grid(box=None, pad_edge=False, header_style="bold")
        grid.add_column("model", no_wrap=True)
        grid.add_column("rows", justify="right")
        grid.add_column("there", justify="right")
        grid.add_column("edge cases")
        for result in report.tables:
            edges = " ".join(edge for edge in EDGES if edge in result.edges)
            grid.add_row(
                result.label, f"{result.made:,}", f"{result.existing:,}" if result.existing else "", edges
            )
        yield grid
    notes = [f"  {result.label}: {note}" for result in report.tables for note in result.notes]
    if notes or report.notes:
        yield ""
        yield Text("notes:", style="bold")
        yield from notes
        yield from (f"  {note}" for note in report.notes)
    yield from _skipped(report.skipped)
    if report.findings:
        yield ""
        yield from (finding_lines(finding) for finding in report.findings)
    yield ""
    speed = report.rows / report.seconds if report.seconds else 0
    yield (
        f"{report.rows:,} rows in {len(report.tables)} tables, {report.seconds:.1f} s, {speed:,.0f} rows/s"
        if report.rows
        else "nothing is missing: no row was made"
    )
    yield f"again: {replay}"


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


def report_as_json(report: Report, replay: str) -> str:
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
    }
    return render_json("seeding", body)
