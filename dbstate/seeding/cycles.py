"""Foreign keys that were written before the rows that they name: chosen again once these are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbstate.backends import LoadRefused
from dbstate.catalog import Table
from dbstate.rows import Chooser, Draft, Exhausted, Reference
from dbstate.seeding.session import Made, Session

_Option = tuple[object, ...]


def choose_late_keys(session: Session, made: Made, name: str) -> None:
    """Choose the keys of one table of the unit that were left NULL, predicted, or named the row itself.

    Predicted keys that came true stay. What the database refuses is put back and noted.
    """
    assembler, table = made.assembler, session.catalog[name]
    references = session.references().of(table, second_pass=True)
    late = [reference for reference in references if reference.pending]
    chooser = Chooser(
        table,
        references,
        session.agreements.get(name, ()),
        session.stocks,
        assembler.tables[name],
        seed=session.setting.seed,
    )
    assembler.choosers[name] = chooser
    assembler.references = {**assembler.references, name: references}
    positions = {r.name: dict(zip(r.options, r.positions, strict=True)) for r in late}
    open_keys = [(draft, _open_keys(draft, name, late, positions)) for draft in made.drafts]
    for draft, names in open_keys:
        if not names:
            chooser.remember(draft)
    before = {draft.index: dict(draft.values[name]) for draft, names in open_keys if names}
    changed = _choose(made, chooser, [(draft, names) for draft, names in open_keys if names])
    _update(session, made, table, changed, late, before)
    for draft in made.drafts:
        assembler.restock(draft, name)


def _open_keys(
    draft: Draft,
    name: str,
    late: Sequence[Reference],
    positions: Mapping[str, Mapping[_Option, int | None]],
) -> list[str]:
    """The references that are yet to choose; the others' parents are noted by the way."""
    found = []
    for reference in late:
        values = tuple(draft.values[name][column] for column in reference.columns)
        predicted = reference.how == "deferred"
        if predicted and values in positions[reference.name]:
            draft.links[name][reference.name] = positions[reference.name][values]
        elif reference.options and not (predicted and None in values):
            found.append(reference.name)
    return found


def _choose(made: Made, chooser: Chooser, rows: Sequence[tuple[Draft, list[str]]]) -> list[Draft]:
    changed = []
    for draft, names in rows:
        try:
            chooser.choose(draft, only=names)
        except Exhausted as exhausted:
            made.result.notes.append(f"the rest of {', '.join(names)} is left as it is: {exhausted}")
            break
        changed.append(draft)
    return changed


def _update(
    session: Session,
    made: Made,
    table: Table,
    drafts: Sequence[Draft],
    late: Sequence[Reference],
    before: Mapping[int, Mapping[str, object]],
) -> None:
    """Write these keys; where the database refuses, row by row, putting back what it refuses."""
    if not drafts:
        return
    columns = [column for reference in late for column in reference.columns]
    rows = [session.encoded(table, draft, [*table.primary_key, *columns]) for draft in drafts]
    try:
        session.backend.update(session.connection, table, table.primary_key, columns, rows)
    except LoadRefused as refused:
        if len(drafts) > 1:
            for draft in drafts:
                _update(session, made, table, [draft], late, before)
            return
        (draft,) = drafts
        old = {column: before[draft.index][column] for column in columns}
        left = "left NULL" if set(old.values()) == {None} else "left as they are"
        made.result.notes.append(f"{left}: {', '.join(columns)}: {refused}")
        draft.values[table.name].update(old)
        draft.links[table.name].update(dict.fromkeys(r.name for r in late))
