"""Plans and results of seeding, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import fill

from rich.console import RenderableType
from rich.table import Table as Grid
from rich.text import Text
from rich.tree import Tree

from dbstate.findings import Finding
from dbstate.guard import Verdict
from dbstate.reports.json import render_json
from dbstate.reports.text import check_line, finding_lines, render_text
from dbstate.seeding import Plan, Report, Skipped, TableResult, Unit
from dbstate.values import EDGES

SHOWN = 20
"""Models whose rows before the run are listed in text."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a text is to look."""

    color: bool = False
    width: int = 100
    """Columns that tables keep to."""
    verbosity: int = 1
    """0: what is wrong, and the totals; 1: what was done, too; 2: what was left as it is, too."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan, and what is said of it before it is run."""

    plan: Plan
    verdict: Verdict
    pending: tuple[str, ...]
    """Migrations that the run applies first."""
    notes: Mapping[str, tuple[str, ...]]
    """By table, what could not be read of it."""


def plan_as_text(proposal: Proposal, look: Look) -> str:
    """The plan as a tree of tables in order, and what the guard says."""
    return _render(_plan_parts(proposal, look), look)


def report_as_text(report: Report, replay: str, before: Mapping[str, int], look: Look) -> str:
    """What was made, table by table; what was not, and why; how to have the same again.

    ``before`` has the rows that the run found, by model.
    """
    return _render(_report_parts(report, replay, before, look), look)


def _render(parts: Iterable[RenderableType], look: Look) -> str:
    text = render_text(parts, color=look.color, width=look.width)
    return "".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines())


# the plan ----------------------------------------------------------------------------------------------


def _plan_parts(proposal: Proposal, look: Look) -> Iterator[RenderableType]:
    plan = proposal.plan
    if pending := len(proposal.pending):
        yield f"{count(pending, 'pending migration')} first; then, in the tables as they make them:"
    if look.verbosity:
        yield _tree(proposal, full=look.verbosity > 1)
    failed = {skipped.table for skipped in plan.skipped if skipped.failed}
    if idle := sum(1 for unit in plan.units if not unit.rows and unit.table not in failed):
        listed = " (-v 2 lists them)" if look.verbosity < 2 else ""
        yield f"{count(idle, 'more model')}: enough rows are there{listed}"
    yield from _skipped(list(plan.skipped), look)
    yield ""
    yield from _guard(proposal.verdict)
    yield "nothing was written (--dry-run)"


def _tree(proposal: Proposal, *, full: bool) -> Tree:
    plan = proposal.plan
    units = [unit for unit in plan.units if unit.rows]
    root = Text(f"{count(sum(u.rows for u in units), 'row')} in {count(len(units), 'model')}")
    tree = Tree(root.append(", in this order" if len(units) > 1 else ""))
    for group in plan.groups:
        shown = [unit for unit in group if full or unit.rows]
        branch = tree if len(group) == 1 or not shown else tree.add("these depend on each other")
        for unit in shown:
            leaf = branch.add(_unit_line(unit))
            for note in _unit_notes(unit, proposal):
                leaf.add(Text(note, style="dim"))
    return tree


def _unit_notes(unit: Unit, proposal: Proposal) -> Iterator[str]:
    plan = proposal.plan
    yield from filter(None, (unit.reason, unit.limit))
    yield from (f"{b.key} is {_HOW[b.how]}" for b in plan.breaks if b.table == unit.table)
    yield from (f"{a.left} = {a.right}" for a in plan.agreements if a.table == unit.table)
    yield from proposal.notes.get(unit.table, ())


_HOW = {"nulled": "left NULL, then updated", "deferred": "written first, checked at the end"}


def _unit_line(unit: Unit) -> Text:
    line = Text(unit.label, style="bold" if unit.rows else "dim")
    line.append(f"  {count(unit.rows, 'row')}", style="not bold")
    if unit.existing:
        line.append(f" beside {unit.existing:,} that are there", style="not bold")
    return line


def _guard(verdict: Verdict) -> Iterator[RenderableType]:
    """What permits the run; else what stands against it, and the line that permits it."""
    if verdict.allowed:
        grounds = "; ".join(ground.message for ground in verdict.grounds if ground.passed)
        yield Text("guard: ").append("allowed", style="green").append(f" ({grounds})")
        return
    yield Text("guard: ").append("refused", style="bold red")
    failed = [need for need in verdict.needs if not need.passed] or verdict.grounds
    yield from (check_line(reason.passed, reason.message, fatal=reason.kind == "need") for reason in failed)
    yield f"to permit it: {verdict.permit_line}" if verdict.permit_line else "nothing permits it"


# the result --------------------------------------------------------------------------------------------


def _report_parts(
    report: Report, replay: str, before: Mapping[str, int], look: Look
) -> Iterator[RenderableType]:
    if report.tables and look.verbosity:
        yield _tables(report.tables)
        yield from _notes(report)
    yield from _findings(report.findings)
    yield from _skipped(report.skipped, look)
    yield ""
    yield _totals(report)
    yield f"again: {replay}"
    if before and report.rows:
        yield _found(before, look)


def _notes(report: Report) -> Iterator[RenderableType]:
    notes = [f"  {_named(result.label, note)}" for result in report.tables for note in result.notes]
    notes += [f"  {note}" for note in report.notes]
    if notes:
        yield ""
        yield Text("notes:", style="bold")
        yield from notes


def _found(before: Mapping[str, int], look: Look) -> str:
    """The rows that were there: first free row numbers, without which the line makes other rows."""
    if len(before) > SHOWN:
        return f"  beside {sum(before.values()):,} rows in {len(before)} models (--format json lists them)"
    held = ", ".join(f"{label}={rows}" for label, rows in before.items())
    return fill(held, look.width, initial_indent="  beside these rows: ", subsequent_indent="  ")


def _tables(results: Sequence[TableResult]) -> Grid:
    """Models under their applications, with the rows made, those found, and the edge cases in them."""
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    grid.add_column("model", overflow="fold")
    grid.add_column("made", justify="right", no_wrap=True)
    grid.add_column("before", justify="right", no_wrap=True)
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


def _skipped(skipped: Sequence[Skipped], look: Look) -> Iterator[RenderableType]:
    failed = sorted((s for s in skipped if s.failed), key=lambda s: s.label)
    if failed:
        yield ""
        yield Text("not filled:", style="bold red")
        yield from (f"  {_named(s.label, _short(s, failed))}" for s in failed)
    left: dict[str, list[str]] = {}
    for one in sorted((s for s in skipped if not s.failed), key=lambda s: s.label):
        left.setdefault(one.reason, []).append(one.label)
    if left and look.verbosity:
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


def plan_as_json(proposal: Proposal) -> str:
    """The plan for programs."""
    plan, verdict = proposal.plan, proposal.verdict
    body = {
        "guard": {
            "allowed": verdict.allowed,
            "reasons": verdict.reasons,
            "permit_line": verdict.permit_line,
        },
        "pending_migrations": proposal.pending,
        "tables": plan.units,
        "breaks": plan.breaks,
        "agreements": [
            {"table": a.table, "left": str(a.left), "right": str(a.right), "ancestor": a.ancestor}
            for a in plan.agreements
        ],
        "notes": proposal.notes,
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
