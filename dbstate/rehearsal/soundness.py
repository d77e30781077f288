"""Whether the database that a migration leaves is sound, told from catalogs and sequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends.naming import quoted
from dbstate.catalog import Catalog, Table
from dbstate.rehearsal.evidence import OldCode, SequenceBehind, Unvalidated
from dbstate.snapshots import LaidTable


def unvalidated(before: Catalog, after: Catalog) -> tuple[Unvalidated, ...]:
    """What is there without proof that the rows obey it, and was not before."""
    known = set(_unproven(before))
    return tuple(one for one in _unproven(after) if one not in known)


def _unproven(catalog: Catalog) -> Iterator[Unvalidated]:
    for table in catalog:
        for check in table.checks:
            if not (check.validated and check.enforced):
                yield Unvalidated("constraint", table.name, check.name, f"CHECK ({check.expression})")
        for key in table.foreign_keys:
            if not (key.validated and key.enforced):
                text = f"FOREIGN KEY ({', '.join(key.columns)}) REFERENCES {key.target}"
                yield Unvalidated("constraint", table.name, key.constraint or key.name, text)
        for column in table.columns:
            if not column.null_validated:
                yield Unvalidated("not null", table.name, column.name, "NOT NULL")
        for index in table.indexes:
            if not index.valid:
                yield Unvalidated("index", table.name, index.name, index.definition)
        for unique in table.uniques:
            if not unique.valid:
                yield Unvalidated("index", table.name, unique.name, unique.definition)


# sequences ----------------------------------------------------------------------------------------------


def sequences(connection: BaseDatabaseWrapper, catalog: Catalog) -> dict[str, SequenceBehind]:
    """By table and column: the next number of each column's sequence and the greatest that is there."""
    found = {}
    with connection.cursor() as cursor:
        for table in catalog:
            for column in table.columns:
                if not column.sequence or table.partition_of:
                    continue
                cursor.execute(
                    f"""SELECT CASE WHEN is_called THEN last_value + seqincrement ELSE last_value END,
                        (SELECT max({quoted(column.name)}) FROM {quoted(table.name)}), seqincrement
                        FROM {_sequence(column.sequence)}, pg_sequence
                        WHERE seqrelid = %s::regclass""",
                    [_sequence(column.sequence)],
                )
                following, greatest, step = cursor.fetchone()
                if greatest is not None and step > 0:
                    found[f"{table.name}.{column.name}"] = SequenceBehind(
                        table.name, column.name, column.sequence, following, int(greatest)
                    )
    return found


def _sequence(name: str) -> str:
    return name if name.startswith('"') else quoted(name)


def behind(before: dict[str, SequenceBehind], after: dict[str, SequenceBehind]) -> tuple[SequenceBehind, ...]:
    """Sequences whose next number is taken now; those that were so before are left out."""
    return tuple(
        one
        for name, one in after.items()
        if _is_behind(one) and not (name in before and _is_behind(before[name]))
    )


def _is_behind(one: SequenceBehind) -> bool:
    return one.next_value <= one.greatest


# the code of before -------------------------------------------------------------------------------------


def broken_for_old_code(before: Catalog, after: Catalog) -> tuple[OldCode, ...]:
    """What the models of before can no longer read or insert."""
    return tuple(one for table in before for one in _broken(table, after.tables.get(table.name)))


def mistaken_by_old_code(before: Iterable[LaidTable], after: Iterable[LaidTable]) -> tuple[OldCode, ...]:
    """Names under which the code of before would find another column than its own: swapped, or made anew."""
    tables = {table.oid: table for table in after}
    return tuple(
        OldCode(old.name, "mistake", "another column has its name now", column.name)
        for old in before
        if (new := tables.get(old.oid))
        for column in old.columns
        if (found := new.named(column.name)) and found.number != column.number
    )


def _broken(old: Table, new: Table | None) -> Iterator[OldCode]:
    if new is None:
        yield OldCode(old.name, "read", "the table is not there under this name any more")
        return
    known = {column.name for column in old.columns}
    present = {column.name for column in new.columns}
    for name in sorted(known - present):
        yield OldCode(old.name, "read", "the column is not there under this name any more", name)
    required = {column.name for column in new.columns if not column.null}
    for name in sorted(column.name for column in old.columns if column.null and column.name in required):
        yield OldCode(old.name, "write NULL", "it becomes NOT NULL", name)
    for column in new.columns:
        given = column.null or column.auto or column.generated is not None or column.db_default is not None
        if column.name not in known and not given:
            yield OldCode(
                old.name, "insert", "it must be given a value, which the old code does not know", column.name
            )
