"""Let full_clean() judge the rows that are in the database; mend, replace or name what it refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, transaction

from dbstate.adapters import Tree
from dbstate.backends import LoadRefused
from dbstate.binding import CRASHED, UNPRINTABLE, Complaint
from dbstate.errors import DbstateError
from dbstate.findings import Finding
from dbstate.rows import Draft, Reference
from dbstate.seeding.mend import Mender, apply
from dbstate.seeding.session import Made, Session
from dbstate.seeding.units import draft_rows, place_in_trees, trees_of, write

VERIFIED = 500
"""Rows of each model on which full_clean() is called."""
REPLACED = 24
"""Rows tried in place of refused ones, at most."""

Complaints = tuple[Complaint, ...]


def verify(session: Session, made: Made, others: Sequence[Made] = ()) -> None:
    """Have all rows accepted, as far as that can be had.

    ``others``: units made since, whose rows may be what clean() has against rows of this one.
    """
    trees = trees_of(session, made.unit)
    mender = Mender(
        session.catalog,
        session.binding,
        session.records,
        made.assembler,
        _frozen(session, made, trees),
        session.samples.write,
        purse=session.purse,
    )
    checked = made.drafts[:VERIFIED]
    parents = _parents(checked, trees)
    refused = _judge(session, made, mender, checked)
    if refused and len(refused) < len(checked):
        # What was mended since may have been the reason.
        refused = _judge(session, made, mender, [draft for draft, _ in refused])
    if others:
        refused = [
            (draft, said)
            for draft, said in refused
            if not _Release(session, made, others, draft, {said}).tried()
        ]
    if _parents(checked, trees) != parents:
        _plant_again(session, made, trees)
    made.refused = [complaints for _, complaints in refused]
    if len(refused) < len(checked) and not trees:
        _take_out(session, made, mender, refused)


def _take_out(
    session: Session, made: Made, mender: Mender, refused: Sequence[tuple[Draft, Complaints]]
) -> None:
    """Remove refused rows that no other row names, and make realistic ones in their place."""
    removed = 0
    for draft, complaints in refused:
        if not _soft(complaints) and _remove(session, made, draft):
            made.left_out.append(
                f"{draft.edge or 'realistic'} row: full_clean() refuses: {_said(complaints)}"
            )
            made.refused.remove(complaints)
            removed += 1
    _replace(session, made, mender, removed)


def look_again(session: Session, made: Made) -> None:
    """Note which rows full_clean() refuses now, and change nothing."""
    said = _complaints(session, made, made.drafts[:VERIFIED])
    made.refused = [complaints for complaints in said if complaints]


def _soft(complaints: Complaints) -> bool:
    """Whether the row is valid, and only cannot be shown as text."""
    return all(complaint.code == UNPRINTABLE for complaint in complaints)


def _frozen(session: Session, made: Made, trees: Mapping[str, Tree]) -> frozenset[tuple[str, str]]:
    """Columns that may not change any more: keys that rows name, and columns that keep a tree."""
    chain = made.unit.chain
    keys = {(name, column) for name in chain for column in session.kept(session.catalog[name])}
    return frozenset(keys | {(name, column) for name, tree in trees.items() for column in tree.columns})


def _parents(drafts: Sequence[Draft], trees: Mapping[str, Tree]) -> list[int | None]:
    """Where each row hangs in each tree."""
    return [draft.links[name].get(tree.parent or "") for name, tree in trees.items() for draft in drafts]


def _plant_again(session: Session, made: Made, trees: Mapping[str, Tree]) -> None:
    """Number the unit's trees anew, behind all others, once rows have other parents."""
    place_in_trees(made.drafts, trees)
    for name, tree in trees.items():
        table = session.catalog[name]
        rows = [session.encoded(table, d, [*table.primary_key, *tree.columns]) for d in made.drafts]
        session.backend.update(session.connection, table, table.primary_key, tree.columns, rows)
        tree.settle()


def _judge(
    session: Session, made: Made, mender: Mender, drafts: Sequence[Draft]
) -> list[tuple[Draft, Complaints]]:
    """Rows that are refused and could not be mended."""
    bad: list[tuple[Draft, Complaints]] = []
    for draft, complaints in zip(drafts, _complaints(session, made, drafts), strict=True):
        if complaints:
            bad.append((draft, complaints))
        elif mender.good is None:
            mender.good = draft
    return [
        (draft, complaints)
        for draft, complaints in bad
        if not _mend(session, made, mender, draft, complaints)
    ]


def _complaints(session: Session, made: Made, drafts: Sequence[Draft]) -> list[Complaints]:
    """What full_clean() says of each row as Django loads it."""
    leaf = made.unit.table
    columns = session.catalog[leaf].primary_key
    keys = [tuple(draft.values[leaf][column] for column in columns) for draft in drafts]
    try:
        loaded = session.records.load(leaf, keys)
    except Exception as error:  # converters, __init__ and signals are the project's code
        complaint = Complaint(None, f"cannot be loaded: {type(error).__name__}: {error}", CRASHED)
        return [(complaint,)] * len(drafts)
    missing = (Complaint(None, "cannot be found by its primary key", CRASHED),)
    said = dict(zip(loaded, session.binding.full_clean_all([*loaded.values()]), strict=True))
    return [said.get(key, missing) for key in keys]


def _mend(session: Session, made: Made, mender: Mender, draft: Draft, complaints: Complaints) -> bool:
    changes = mender.search(draft, complaints)
    if changes is None:
        return False
    values = {name: dict(line) for name, line in draft.values.items()}
    links = {name: dict(line) for name, line in draft.links.items()}
    try:
        with transaction.atomic(using=session.alias):
            for name, columns in apply(draft, changes).items():
                table = session.catalog[name]
                row = session.encoded(table, draft, [*table.primary_key, *sorted(columns)])
                session.backend.update(session.connection, table, table.primary_key, sorted(columns), [row])
            if any(_complaints(session, made, [draft])):
                raise _StillRefused("a mended row is refused when it is loaded again")
    except (LoadRefused, _StillRefused):
        draft.values, draft.links = values, links
        return False
    for name, position in draft.positions.items():
        for key, positions in session.stocks[name].links.items():
            positions[position] = draft.links[name].get(key)
    mender.good = mender.good or draft
    return True


@dataclass(slots=True)
class _Release:
    """Has the rows by which a row is named name others, until full_clean() accepts all of them."""

    session: Session
    made: Made
    others: Sequence[Made]
    draft: Draft
    seen: set[Complaints]
    moved: list[tuple[Made, str, Draft, dict[str, object], dict[str, int | None]]] = field(
        default_factory=list
    )
    """The rows that name others now, as they were."""

    def tried(self) -> bool:
        """Whether it went; if not, all is as it was."""
        try:
            with transaction.atomic(using=self.session.alias):
                while self._step():
                    pass
        except _StillRefused:
            self._put_back(0)
            return False
        for other, name, row, *_ in self.moved:
            other.assembler.restock(row, name)
        return True

    def _step(self) -> bool:
        """Whether the row is refused still, for something new; _StillRefused when nothing changes that."""
        for other in self.others:
            for name in other.unit.chain if other is not self.made else ():
                kept = {*self.session.kept(self.session.catalog[name])}
                chooser = other.assembler.choosers[name]
                for reference in chooser.references.values():
                    position = self.draft.positions.get(reference.target)
                    if position is None or chooser.agrees(reference) or kept & set(reference.columns):
                        continue
                    naming = [d for d in other.drafts if d.links[name].get(reference.name) == position]
                    said = self._said_after(other, reference, naming) if naming else None
                    if said is not None:
                        self.seen.add(said)
                        return bool(said)
        raise _StillRefused("no row that names it is the reason")

    def _said_after(self, other: Made, reference: Reference, naming: Sequence[Draft]) -> Complaints | None:
        """What is said of the row once these name others; None when it is nothing new: then they do not."""
        if self.session.purse.left <= 0:
            return None
        self.session.purse.left -= 1 + len(naming)
        name, before = reference.table, len(self.moved)
        try:
            with transaction.atomic(using=self.session.alias):
                for row in naming:
                    self.moved.append((other, name, row, dict(row.values[name]), dict(row.links[name])))
                    _name_another(self.session, other, reference, row)
                (said,) = _complaints(self.session, self.made, [self.draft])
                if said in self.seen or any(_complaints(self.session, other, naming)):
                    raise _StillRefused("a row is refused as before, or another one is now")
        except (LoadRefused, _StillRefused):
            self._put_back(before)
            return None
        return said

    def _put_back(self, first: int) -> None:
        """Have the rows that were moved from this one on be as they were; the last move is undone first."""
        while len(self.moved) > first:
            _, name, row, values, links = self.moved.pop()
            row.values[name], row.links[name] = values, links


def _name_another(session: Session, other: Made, reference: Reference, row: Draft) -> None:
    """Change which row it names in the database; _StillRefused when that takes no other."""
    name = reference.table
    table, chooser = session.catalog[name], other.assembler.choosers[name]
    named = row.links[name][reference.name]
    for values, position in chooser.alternatives(reference, row):
        if position is None or position == named:
            continue
        old = dict(row.values[name])
        row.values[name].update(values)
        encoded = session.encoded(table, row, [*table.primary_key, *reference.columns])
        try:
            with transaction.atomic(using=session.alias):
                session.backend.update(
                    session.connection, table, table.primary_key, reference.columns, [encoded]
                )
        except LoadRefused:
            row.values[name] = old
            continue
        row.links[name][reference.name] = position
        return
    raise _StillRefused("the database takes no other row in its place")


class _StillRefused(DbstateError):
    """Undoes a change that did not help."""


def _remove(session: Session, made: Made, draft: Draft) -> bool:
    """Delete a row that this run made and that no other row names."""
    for name, position in draft.positions.items():
        for stock in session.stocks.values():
            for key in session.catalog[stock.table].foreign_keys:
                if key.target == name and not key.parent_link and position in stock.links[key.name]:
                    return False
    try:
        with transaction.atomic(using=session.alias):
            for name in reversed(made.unit.chain):
                columns = session.catalog[name].primary_key
                session.records.delete(name, tuple(draft.values[name][column] for column in columns))
            session.backend.check_constraints_now(session.connection)
    except (LoadRefused, DatabaseError):
        return False  # a row somewhere names it, or the user lacks DELETE: it stays, and is reported
    made.assembler.leave_out(draft)
    made.drafts.remove(draft)
    made.result.made -= 1
    return True


def _replace(session: Session, made: Made, mender: Mender, missing: int) -> None:
    """Realistic rows in place of removed ones, as long as some are accepted."""
    tries = min(2 * missing, REPLACED)
    while missing and tries:
        tries -= 1
        drafts, full = draft_rows(session, made, range(made.appended, made.appended + 1))
        if full:
            return
        try:
            with transaction.atomic(using=session.alias):
                written = write(session, made, drafts, {})
                if _judge(session, made, mender, written):
                    raise _StillRefused("a row in place of a refused one is refused, too")
        except DbstateError:
            for draft in drafts:
                session.kill(draft)
            continue
        made.drafts += written
        made.result.made += len(written)
        missing -= len(written)


def _said(complaints: Complaints) -> str:
    return "; ".join(f"{c.field or 'the row'}: {c.message}" for c in complaints)


def findings_of(made: Made) -> list[Finding]:
    """One finding for each thing that is said of rows that stay."""
    counted = Counter((_said(complaints), _soft(complaints)) for complaints in made.refused)
    refuses = {False: "full_clean() refuses", True: "str() refuses"}
    return [
        Finding(
            code="unprintable" if soft else "full-clean",
            severity="note" if soft else "warning",
            where=made.unit.label,
            message=f"{count} row{'s' * (count > 1)} that {refuses[soft]}: {said}",
            hint="the database accepts them; give these values yourself with dbstate.meaning()",
        )
        for (said, soft), count in sorted(counted.items())
    ]
