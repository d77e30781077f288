"""What differs between two descriptions of a database.

Two live catalogs are compared in all that they tell. A catalog of models and a live one are compared in
what both can know: tables, columns with type, NULL, default, generation, numbering and collation, keys,
uniques, CHECKs, exclusions, foreign keys and indexes. Not differences:

- the order of columns, and how far a sequence has counted;
- names of constraints and indexes that Django or the database made up, when the rest is equal;
- of models against a database: expressions that are worded otherwise (casts, brackets, ``IN`` and
  ``= ANY``), operator classes but those for LIKE, the second index on a text, for LIKE, which Django makes
  with a column and not when its type becomes text, what only full_clean() sees, unmanaged tables that are
  not there, NULL in a generated column, the type of the number that Django gives to the rows of a
  many-to-many table (a historical model and today's may disagree on it), and whatever no model can tell
  (triggers, views, partitions, privileges, comments …).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias

from dbstate.catalog.differences import Change, Difference
from dbstate.catalog.objects import Index, Sequence, Trigger, UserType, View
from dbstate.catalog.tables import Catalog, Check, Column, Exclusion, ForeignKey, Table, Unique
from dbstate.catalog.wording import alike, plain_expression, worded_type

__all__ = ["Difference", "Same", "diff", "drift", "is_for_like", "new_drift"]

Same: TypeAlias = Callable[[str, str, str, str], bool]
"""(table, column or empty, expression of the models, expression of the database): whether they are one."""

MADE_UP = re.compile(r"_[0-9a-f]{6,8}(_\w*)?$|_(pkey|key|check|fkey|idx|excl|uniq|like|not_null)\d*$")
"""Names that nobody chose: of Django by a hash, of PostgreSQL by an ending."""

LONGEST_NAME = 63
"""Bytes of a name that PostgreSQL keeps; it cuts what is longer."""

DATABASE_ACTIONS: Mapping[str, str] = MappingProxyType(
    {"DB_CASCADE": "cascade", "DB_SET_NULL": "set null", "DB_SET_DEFAULT": "set default"}
)

POSITIVE = "PositiveIntegerRelDbTypeMixin"
"""Base of Django's fields whose columns have a CHECK that they are at least 0."""

YES_NO = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Thing:
    """Something comparable, flattened: what it is, by which keys it is found again, and its facts."""

    what: str
    table: str
    name: str
    facts: Mapping[str, str]
    text: str = ""
    """All of it in words, for when it is added or gone."""
    shape: tuple[object, ...] = ()
    """What finds it under another name; empty when only the name does."""
    expressions: frozenset[str] = field(default_factory=frozenset)
    """Facts that are expressions, which models and databases word differently."""
    named: bool = True
    """Whether the name is its own; a model's foreign keys and indexes of fields have none."""


def diff(before: Catalog, after: Catalog, *, same: Same | None = None) -> tuple[Difference, ...]:
    """What differs, table by table; empty when nothing does.

    With models on one side, ``same`` is asked for expressions that do not look alike.
    """
    mixed = before.origin != after.origin
    if mixed:
        before, after = _called_alike(before, after), _called_alike(after, before)
    names = [*before.tables, *(name for name in after.tables if name not in before.tables)]
    found: list[Difference] = []
    for name in names:
        found += _tables(before.tables.get(name), after.tables.get(name), mixed, same)
    if not mixed:
        found += _matched(_others(before), _others(after), None)
    return tuple(dict.fromkeys(_without_partitions(found, (before, after))))


def drift(
    models: Catalog, live: Catalog, *, same: Same | None = None, besides: bool = True
) -> tuple[Difference, ...]:
    """Where the database is not as the models say, in the tables that they manage.

    What the database has besides is in its own right, and so is a default or a collation of its own; but
    not columns that must be given a value and, with ``besides``, constraints that refuse rows of which the
    models know nothing. Leave those out where nobody can tell whether they are meant (see ``new_drift``).
    """
    managed = {table.name for table in _called_alike(models, live) if table.managed}
    return tuple(
        one
        for one in diff(models, live, same=same)
        if (one.table or one.name) in managed
        and (one.change != "added" or _needs_value(one, live) or (besides and one.what in REFUSING))
        and not (one.fact in ("default", "collation") and not one.before)
        and not is_for_like(one)
    )


def is_for_like(one: Difference) -> bool:
    """Whether it is only that the second index on a text, which Django makes by itself, is gone.

    Where a column becomes text, Django does not make it; where it was text for a while no longer, neither.
    """
    made_up = one.name == "" or one.name.endswith("_like")
    return one.what == "index" and one.change == "removed" and made_up and one.before.endswith(_FOR_LIKE)


_FOR_LIKE = "_pattern_ops"


def new_drift(
    now: Iterable[Difference], earlier: Collection[Difference], made: Iterable[Difference]
) -> tuple[Difference, ...]:
    """Of the drift, what came with a change: ``made`` is what the change did to the database itself.

    A constraint that the change added beside the models, in SQL of its own, is meant; one that it left
    in the database while the models gave it up is drift.
    """
    meant = {
        (one.what, one.table, one.name) for one in made if one.change == "added" and one.what in REFUSING
    }
    return tuple(
        one
        for one in now
        if one not in earlier and not (one.change == "added" and (one.what, one.table, one.name) in meant)
    )


REFUSING = frozenset({"unique", "check", "exclusion", "foreign key"})


def _needs_value(added: Difference, live: Catalog) -> bool:
    if added.what != "column":
        return False
    column = live[added.table].column(added.name)
    return not (column.null or column.auto or column.generated or column.db_default is not None)


def _called_alike(one: Catalog, other: Catalog) -> Catalog:
    """The catalog with the other's names for tables: models may name a schema that is on the search path."""
    if one.origin == "live":
        return one
    plain = {name: _LAST_PART.sub(r"\1", name).replace('""', '"') for name in one.tables if name[:1] == '"'}
    names = {
        name: short for name, short in plain.items() if name not in other.tables and short in other.tables
    }
    if not names:
        return one
    tables = (
        replace(
            table,
            name=names.get(table.name, table.name),
            foreign_keys=tuple(
                replace(key, target=names.get(key.target, key.target)) for key in table.foreign_keys
            ),
        )
        for table in one
    )
    return Catalog.from_tables(tuple(tables))


_LAST_PART = re.compile(r'^(?:"(?:[^"]|"")*"\.)?"((?:[^"]|"")*)"$')


def _without_partitions(
    found: Iterable[Difference], catalogs: tuple[Catalog, Catalog]
) -> Iterator[Difference]:
    """Differences; those of a partition that its partitioned table has too are told once."""
    above = {
        table.name: table.partition_of for catalog in catalogs for table in catalog if table.partition_of
    }
    listed = list(found)
    told = {_anywhere(one, one.table) for one in listed}
    for one in listed:
        parent = above.get(one.table, "")
        if not parent or _anywhere(one, parent) not in told:
            yield one


def _anywhere(one: Difference, table: str) -> tuple[object, ...]:
    named = one.name if one.what == "column" else ""
    return one.change, one.what, table, named, one.fact, one.before, one.after


# matching -----------------------------------------------------------------------------------------------


def _matched(before: list[Thing], after: list[Thing], same: Same | None) -> Iterator[Difference]:
    """Differences of two lists of things: found by name first, then by what they are."""
    pairs, gone, new = _paired(before, after)
    for old, young in pairs:
        yield from _changes(old, young, same)
    for old in gone:
        yield Difference("removed", old.what, old.table, old.name, before=old.text)
    for young in new:
        yield Difference("added", young.what, young.table, young.name, after=young.text)


def _paired(
    before: list[Thing], after: list[Thing]
) -> tuple[list[tuple[Thing, Thing]], list[Thing], list[Thing]]:
    by_name = {(thing.what, thing.name): thing for thing in after}
    pairs: list[tuple[Thing, Thing]] = []
    lost: list[Thing] = []
    for thing in before:
        other = by_name.pop((thing.what, thing.name), None)
        pairs.append((thing, other)) if other else lost.append(thing)
    rest = list(by_name.values())
    gone: list[Thing] = []
    for thing in lost:
        other = next((one for one in rest if thing.shape and _key(one) == _key(thing)), None)
        if other is None:
            gone.append(thing)
        else:
            rest.remove(other)
            pairs.append((thing, other))
    return pairs, gone, rest


def _key(thing: Thing) -> tuple[object, ...]:
    return thing.what, thing.shape


def _changes(old: Thing, young: Thing, same: Same | None) -> Iterator[Difference]:
    if old.name != young.name and _chosen(old) and _chosen(young):
        yield _changed(old, "name", old.name, young.name)
    told = False
    for fact, before in old.facts.items():
        after = young.facts.get(fact, before)
        if before == after or (fact in old.expressions and _one_expression(old, before, after, same)):
            continue
        # The definition says all at once: only what no other fact has said is news.
        if fact != "definition" or not told:
            yield _changed(old, fact, before, after)
            told = True


def _chosen(thing: Thing) -> bool:
    return thing.named and not MADE_UP.search(thing.name)


def _one_expression(thing: Thing, before: str, after: str, same: Same | None) -> bool:
    if not before or not after:
        return False
    column = thing.name if thing.what == "column" else ""
    return alike(before, after) or (same is not None and same(thing.table, column, before, after))


def _changed(thing: Thing, fact: str, before: str, after: str) -> Difference:
    return Difference("changed", thing.what, thing.table, thing.name, fact, before, after)


# tables -------------------------------------------------------------------------------------------------


def _tables(
    before: Table | None, after: Table | None, mixed: bool, same: Same | None
) -> Iterable[Difference]:
    present = before or after
    if present is None or (mixed and not present.managed and not (before and after)):
        return
    if before is None or after is None:
        change: Change = "added" if before is None else "removed"
        yield Difference(change, "table", present.name, present.name)
        return
    old = [_whole(before, mixed), *_parts(before, mixed)]
    young = [_whole(after, mixed), *_parts(after, mixed)]
    made = before.auto_created or after.auto_created
    for one in _matched(old, young, same):
        if not (mixed and made and _only_wider(one)):
            yield one


def _only_wider(one: Difference) -> bool:
    return one.fact == "type" and {one.before, one.after} == {"integer", "bigint"} and one.name == "id"


def _whole(table: Table, mixed: bool) -> Thing:
    facts = {}
    if not mixed:
        facts = {
            "kind": table.kind,
            "partition key": table.partition_key,
            "partitioned table": table.partition_of,
            "bound": table.partition_bound,
            "parents": ", ".join(table.parents),
            "settings": ", ".join(table.settings),
            "privileges": ", ".join(table.privileges),
            "owner": table.owner,
            "comment": table.comment,
        }
    return Thing("table", table.name, table.name, facts)


def _parts(table: Table, mixed: bool) -> list[Thing]:
    things = [_column(table, column, mixed) for column in table.columns]
    if table.primary_key:
        columns = ", ".join(table.primary_key)
        things.append(Thing("primary key", table.name, "", {"columns": columns}, text=columns))
    things += [_unique(table, one, mixed) for one in table.uniques if one.enforced and not one.primary]
    things += [_check(table, one, mixed) for one in _all_checks(table, mixed)]
    things += [_exclusion(table, one, mixed) for one in table.exclusions]
    # Of models, a key that is not enforced is in no database.
    things += [
        _foreign_key(table, one, mixed) for one in table.foreign_keys if one.enforced or one.constraint
    ]
    things += [_index(table.name, one, mixed) for one in table.indexes]
    if not mixed:
        things += [_trigger(table.name, one) for one in table.triggers]
        things += [_defined("policy", table.name, one.name, one.definition) for one in table.policies]
        things += [_defined("rule", table.name, one.name, one.definition) for one in table.rules]
    return things


def _defined(what: str, table: str, name: str, definition: str) -> Thing:
    return Thing(what, table, name, {"definition": definition}, text=definition)


def _column(table: Table, column: Column, mixed: bool) -> Thing:
    sql_type = worded_type(column.sql_type)
    facts = {
        "type": sql_type,
        "null": "NULL" if _may_be_null(table, column) else "NOT NULL",
        "default": column.db_default or "",
        "expression": column.generated or "",
        "collation": column.collation,
    }
    if mixed:
        facts["numbering"] = "a sequence" if column.auto else ""
        if _refuses_null(table, column.name):
            facts["null"] = "NOT NULL"
        if column.generated is not None:
            facts["null"] = "NULL"
    else:
        facts |= {
            # A column made as serial comes back as identity when Django makes its table anew.
            "numbering": "always" if column.identity == "always" else "a sequence" if column.auto else "",
            "storage": "" if column.generated is None else "stored" if column.stored else "virtual",
            "validated": YES_NO[column.null_validated],
            "comment": column.comment,
        }
    shown = (sql_type, facts["null"], f"DEFAULT {column.db_default}" if column.db_default else "")
    return Thing(
        "column",
        table.name,
        column.name,
        facts,
        text=" ".join(filter(None, shown)),
        expressions=frozenset({"default", "expression"}) if mixed else frozenset(),
    )


def _may_be_null(table: Table, column: Column) -> bool:
    # Models say of a primary key's column what they like; no database lets it be NULL.
    return (column.null or column.null_as_text) and column.name not in table.primary_key


def _refuses_null(table: Table, column: str) -> bool:
    """Whether a CHECK says what NOT NULL would: it comes without reading all rows under a lock."""
    said = plain_expression(f'"{column}" IS NOT NULL')
    return any(one.enforced and plain_expression(one.expression) == said for one in table.checks)


def _unique(table: Table, unique: Unique, mixed: bool) -> Thing:
    expressions = ", ".join(unique.expressions)
    facts = {
        "columns": ", ".join(unique.columns) if not unique.expressions else "",
        "expressions": expressions,
        "condition": unique.condition or "",
        "nulls": "distinct" if unique.nulls_distinct else "not distinct",
        "deferrable": YES_NO[unique.deferrable],
        "valid": YES_NO[unique.valid],
    }
    if not mixed:
        facts |= {
            "included columns": ", ".join(unique.include),
            "operator classes": ", ".join(unique.opclasses),
            "initially deferred": YES_NO[unique.initially_deferred],
            "definition": _after_name(unique.definition),
        }
    return Thing(
        "unique",
        table.name,
        _kept(unique.name),
        facts,
        text=_keyed(unique.columns, expressions, unique.condition),
        shape=_key_shape(unique, mixed),
        expressions=frozenset({"expressions", "condition"}) if mixed else frozenset(),
    )


def _index(table: str, index: Index, mixed: bool) -> Thing:
    expressions = ", ".join(index.expressions)
    # Models name a type's usual operator class too, and some inside expressions; by that of LIKE, which is
    # never the usual one, an index is found.
    opclasses = tuple(one for one in index.opclasses if not mixed or one.endswith(_FOR_LIKE))
    for_like = [one for one in opclasses if one.endswith(_FOR_LIKE)]
    facts = {
        "columns": ", ".join(index.columns) if not index.expressions else "",
        "expressions": expressions,
        "condition": index.condition or "",
        "orders": ", ".join(index.orders),
        "included columns": ", ".join(index.include),
        "valid": YES_NO[index.valid],
    }
    if index.method:
        facts["method"] = index.method
    if not mixed:
        facts["operator classes"] = ", ".join(opclasses)
        facts["definition"] = _after_name(index.definition)
    return Thing(
        "index",
        table,
        _kept(index.name),
        facts,
        text=" ".join((_keyed(index.columns, expressions, index.condition), *for_like)),
        shape=(*_key_shape(index, mixed), opclasses),
        expressions=frozenset({"expressions", "condition"}) if mixed else frozenset(),
        named=bool(index.name),
    )


def _key_shape(key: Unique | Index, mixed: bool) -> tuple[object, ...]:
    """What makes two keys one, whatever their names."""
    told = plain_expression if mixed else str
    condition = None if key.condition is None else told(key.condition)
    if key.expressions:
        return (tuple(told(one) for one in key.expressions), condition)
    return (key.columns, condition)


def _kept(name: str) -> str:
    """As much of a name as PostgreSQL keeps."""
    return name.encode()[:LONGEST_NAME].decode(errors="ignore")


def _after_name(definition: str) -> str:
    """What an index's definition says besides its name and its table."""
    return definition.partition(" USING ")[2]


def _keyed(columns: Iterable[str], expressions: str, condition: str | None) -> str:
    where = f" WHERE {condition}" if condition else ""
    return (expressions or ", ".join(columns)) + where


def _all_checks(table: Table, mixed: bool) -> tuple[Check, ...]:
    """The CHECKs, of models those too that Django's positive number fields bring."""
    if not mixed:
        return table.checks
    positive = (
        Check(f"{table.name}_{column.name}_check", f'"{column.name}" >= 0', (column.name,))
        for column in table.columns
        if any(name.endswith(POSITIVE) for name in column.ancestors)
    )
    return (*table.checks, *positive)


def _check(table: Table, check: Check, mixed: bool) -> Thing:
    facts = {"expression": check.expression, "enforced": YES_NO[check.enforced]}
    facts["validated"] = YES_NO[check.validated]
    return Thing(
        "check",
        table.name,
        _kept(check.name),
        facts,
        text=check.expression,
        shape=(plain_expression(check.expression) if mixed else check.expression,),
        expressions=frozenset({"expression"}) if mixed else frozenset(),
    )


def _exclusion(table: Table, exclusion: Exclusion, mixed: bool) -> Thing:
    told = plain_expression if mixed else str
    expressions = ", ".join(sql for sql, _ in exclusion.expressions)
    facts = {
        "expressions": expressions,
        "operators": ", ".join(operator for _, operator in exclusion.expressions),
        "condition": exclusion.condition or "",
        "method": exclusion.index_type,
        "deferrable": YES_NO[exclusion.deferrable],
    }
    if not mixed:
        facts |= {
            "initially deferred": YES_NO[exclusion.initially_deferred],
            "definition": exclusion.definition,
        }
    return Thing(
        "exclusion",
        table.name,
        _kept(exclusion.name),
        facts,
        text=exclusion.definition or expressions,
        shape=tuple((told(sql), operator) for sql, operator in exclusion.expressions),
        expressions=frozenset({"expressions", "condition"}) if mixed else frozenset(),
    )


def _foreign_key(table: Table, key: ForeignKey, mixed: bool) -> Thing:
    own, other = ", ".join(key.columns), ", ".join(key.target_columns)
    action = DATABASE_ACTIONS.get(key.on_delete, key.delete_action)
    facts = {
        "deferrable": YES_NO[key.deferrable],
        "ON DELETE": action,
        "validated": YES_NO[key.validated],
        "enforced": YES_NO[key.enforced],
    }
    if not mixed:
        facts |= {
            "initially deferred": YES_NO[key.initially_deferred],
            "ON UPDATE": key.update_action,
            "MATCH": key.match,
        }
    return Thing(
        "foreign key",
        table.name,
        key.constraint or own,
        facts,
        text=f"{own} to {key.target} ({other})",
        shape=(key.columns, key.target, key.target_columns),
        named=bool(key.constraint),
    )


def _trigger(table: str, trigger: Trigger) -> Thing:
    facts = {"definition": trigger.definition, "enabled": trigger.enabled}
    return Thing("trigger", table, trigger.name, facts, text=trigger.definition)


# what belongs to no table -------------------------------------------------------------------------------


def _others(catalog: Catalog) -> list[Thing]:
    """Views, sequences, types, functions, extensions and schemas."""
    things = [_view(view) for view in catalog.views]
    for view in catalog.views:
        things += [_index(view.name, index, False) for index in view.indexes]
        things += [_trigger(view.name, trigger) for trigger in view.triggers]
    # A column's own sequence goes with the column, which tells of it.
    columns = _columns(catalog)
    things += [_sequence(one) for one in catalog.sequences if one.owner not in columns]
    things += [_type(one) for one in catalog.types]
    things += [Thing("function", "", one.name, {"definition": one.definition}) for one in catalog.functions]
    things += [Thing("extension", "", name, {"version": version}) for name, version in catalog.extensions]
    things += [Thing("schema", "", name, {}) for name in catalog.schemas]
    things += [_defined(one.what, one.table, one.name, one.definition) for one in catalog.objects]
    return things


def _columns(catalog: Catalog) -> Collection[tuple[str, str] | None]:
    return {(table.name, column.name) for table in catalog for column in table.columns if column.auto}


def _view(view: View) -> Thing:
    what = "materialized view" if view.materialized else "view"
    facts = {"definition": view.definition, "columns": ", ".join(view.columns)}
    return Thing(what, "", view.name, facts)


def _sequence(sequence: Sequence) -> Thing:
    facts = {
        "type": sequence.sql_type,
        "start": str(sequence.start),
        "increment": str(sequence.increment),
        "least number": str(sequence.least),
        "greatest number": str(sequence.greatest),
        "cycle": YES_NO[sequence.cycle],
        "owner": ".".join(sequence.owner or ()),
    }
    return Thing("sequence", "", sequence.name, facts)


def _type(user_type: UserType) -> Thing:
    facts = {
        "kind": user_type.kind,
        "labels": ", ".join(user_type.labels),
        "base": user_type.base,
        "null": "NULL" if user_type.null else "NOT NULL",
        "default": user_type.default or "",
        "checks": ", ".join(
            f"{one.name} {one.expression}{'' if one.validated else ' NOT VALID'}" for one in user_type.checks
        ),
        "attributes": ", ".join(" ".join(pair) for pair in user_type.attributes),
    }
    return Thing("type", "", user_type.name, facts)
