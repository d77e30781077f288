"""Make and write the rows of one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.db import transaction

from dbstate.adapters import Tree, tree_of
from dbstate.adapters.trees import shape
from dbstate.errors import DbstateError
from dbstate.rows import Assembler, Draft, Exhausted, Reference
from dbstate.rows.uniques import referring_columns
from dbstate.seeding.load import Loader, RulesLearned, Unfillable
from dbstate.seeding.plan import Unit
from dbstate.seeding.report import TableResult
from dbstate.seeding.session import Made, Session

BLOCK = 5_000
"""Rows made and written at once."""
COUNTED = 100_000
"""Rows that are there are counted, and their combinations noted, up to this many."""


def make_unit(session: Session, unit: Unit) -> Made:
    """Make and write the unit's rows.

    Raises Unfillable, ParentMissing or NoValue; then nothing of it is left.
    """
    try:
        return _make(session, unit)
    except RulesLearned:
        return _make(session, unit)


def _make(session: Session, unit: Unit) -> Made:
    for name in unit.chain:
        reason = session.backend.may_insert(session.connection, session.catalog[name])
        if reason:
            raise Unfillable(unit.label, reason)
    lengths = {name: len(session.stocks[name]) for name in unit.chain if name in session.stocks}
    chain = [session.catalog[name] for name in unit.chain]
    held = session.backend.occupancy(session.connection, chain, at_most=COUNTED)
    there = held[unit.table] or 0
    assembler, trees = _assembler(session, unit)
    if any(held.values()):
        _count_existing(session, unit, assembler)
    made = Made(unit, assembler, [], TableResult(unit.label, existing=unit.existing), 0)
    if there > unit.existing:
        made.result.notes.append(
            f"{there - unit.existing} rows came while the run wrote: a trigger makes them"
        )
    try:
        with transaction.atomic(using=session.alias):
            _write_blocks(session, made, trees, there)
    except DbstateError:
        for name in unit.chain:
            if name in lengths:
                session.stocks[name].cut(lengths[name])
            else:
                del session.stocks[name]
        raise
    made.result.notes += [*filter(None, [unit.limit]), *assembler.notes]
    made.result.notes += _unmet(assembler)
    return made


def _unmet(assembler: Assembler) -> list[str]:
    """Which paths lead to different rows, in one sentence."""
    found = sorted({f"{a.left} = {a.right}" for c in assembler.choosers.values() for a in c.unmet})
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return [f"some rows do not agree, since no parents do: {', '.join(found[:3])}{more}"] if found else []


def write(session: Session, made: Made, drafts: list[Draft], trees: dict[str, Tree]) -> list[Draft]:
    """Write drafts; the ones that are in the database come back, the others are nobody's parents."""
    loader = Loader(
        session.catalog,
        session.binding,
        session.backend,
        session.connection,
        made.assembler,
        session.setting.seed,
        made.unit.label,
        learn=lambda: session.learn(made.unit.chain),
        place=lambda kept: place_in_trees(kept, trees),
        left_out=made.left_out,
    )
    written = loader.load(drafts)
    for tree in trees.values():
        tree.settle()
    there = {id(draft) for draft in written}
    for draft in drafts:
        if id(draft) not in there:
            session.kill(draft)
    _write_files(session, written)
    return written


def trees_of(session: Session, unit: Unit) -> dict[str, Tree]:
    """The trees that the unit's tables keep, by table."""
    found = {}
    for name in unit.chain:
        tree = tree_of(session.binding.model(name), session.catalog[name].ancestors, session.alias)
        if tree is not None:
            found[name] = tree
    return found


def draft_rows(session: Session, made: Made, indices: range) -> tuple[list[Draft], str]:
    """Drafts of these rows, and why there are fewer, if there are."""
    drafts: list[Draft] = []
    for index in indices:
        before = {name: len(session.stocks[name]) for name in made.unit.chain}
        try:
            drafts.append(made.assembler.draft(index))
        except Exhausted as exhausted:
            for name, length in before.items():
                session.stocks[name].cut(length)
            return drafts, str(exhausted)
        made.appended += 1
    return drafts, ""


def _assembler(session: Session, unit: Unit) -> tuple[Assembler, dict[str, Tree]]:
    references = {name: session.references().of(session.catalog[name]) for name in unit.chain}
    for name in unit.chain:
        session.stocks.setdefault(name, session.new_stock(name))
    trees = trees_of(session, unit)
    references = {name: _rooted(session, found, trees.get(name)) for name, found in references.items()}
    fixed = session.references().own_type(unit.chain, session.catalog[unit.table])
    own_types = set(fixed)
    fixed |= {(name, column): None for name, tree in trees.items() for column in tree.columns}
    assembler = Assembler(
        session.catalog,
        unit.chain,
        seed=session.setting.seed,
        profile=session.plan.options.profile,
        first=unit.first,
        keys=session.automatic_keys(unit.chain),
        fixed=fixed,
        sources=session.source,
        references={
            name: tuple(r for r in found if (name, r.columns[0]) not in own_types)
            for name, found in references.items()
        },
        agreements={name: tuple(session.agreements.get(name, ())) for name in unit.chain},
        stocks=session.stocks,
        rows=unit.rows,
    )
    return assembler, trees


def _rooted(session: Session, references: tuple[Reference, ...], tree: Tree | None) -> tuple[Reference, ...]:
    """A tree's parent is a row of the same unit, whose trees are numbered together.

    It is empty in the roots, whatever full_clean() says: no node is its own parent.
    """
    if tree is None or tree.parent is None:
        return references
    return tuple(
        replace(r, blank=r.blank or r.null, since=len(session.stocks[r.table]))
        if r.name == tree.parent
        else r
        for r in references
    )


def _count_existing(session: Session, unit: Unit, assembler: Assembler) -> None:
    """Combinations that rows already have are not made again."""
    for name in unit.chain:
        chooser = assembler.choosers[name]
        for columns in chooser.part.unique.narrow:
            for row in session.records.rows(name, columns, limit=COUNTED):
                chooser.use(columns, row)


def _write_blocks(session: Session, made: Made, trees: dict[str, Tree], there: int) -> None:
    unit, result = made.unit, made.result
    pending = any(r.pending or r.how for found in made.assembler.references.values() for r in found)
    # Rows of a tree are numbered together.
    block = unit.rows if trees else BLOCK
    for start in range(0, unit.rows, block or 1):
        drafts, full = draft_rows(session, made, range(start, min(start + block, unit.rows)))
        if full:
            result.notes.append(f"no more rows than these: {full}")
        written = write(session, made, drafts, trees) if drafts else []
        result.made += len(written)
        if start == 0 or pending:
            made.drafts += written
        session.progress(unit.label, result.made)
        if full:
            break
    if not result.made and there:
        session.stock_existing(unit.table)
    elif not result.made:
        raise Unfillable(unit.label, result.notes[-1] if result.notes else "no row could be made")


def place_in_trees(drafts: Sequence[Draft], trees: Mapping[str, Tree]) -> None:
    """Write the columns that keep the rows' trees."""
    for name, tree in trees.items():
        at = {draft.positions[name]: index for index, draft in enumerate(drafts)}
        lines = [draft.values[name] for draft in drafts]
        if tree.parent is None:
            parents: list[int | None] = shape(len(drafts))
        else:
            links = (draft.links[name].get(tree.parent) for draft in drafts)
            parents = [None if link is None else at.get(link) for link in links]
        tree.place(parents, lines)


def _write_files(session: Session, drafts: list[Draft]) -> None:
    for name in drafts[0].values if drafts else ():
        referring = referring_columns(session.catalog[name])
        for column in session.catalog[name].columns:
            for draft in drafts if column.kind == "file" and column.name not in referring else ():
                if file := draft.values[name].get(column.name):
                    session.samples.write(name, column.name, str(file))
