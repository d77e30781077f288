"""A live PostgreSQL database as a catalog: a dozen queries for all of it, whatever its size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from dbstate.backends import postgresql_catalog_sql as sql
from dbstate.backends import postgresql_rules
from dbstate.backends.live import Limits, LiveColumn, LiveRules
from dbstate.backends.protocol import Connection
from dbstate.catalog import (
    Catalog,
    Check,
    Column,
    DatabaseObject,
    Dependent,
    DomainCheck,
    Exclusion,
    ForeignKey,
    Function,
    Index,
    Kind,
    Policy,
    Table,
    Trigger,
    Unique,
    UserType,
    View,
)
from dbstate.catalog import Sequence as NumberSequence

Facts: TypeAlias = Mapping[str, Any]
"""One row of a query, by the names of its columns."""

TABLE_KINDS: Mapping[str, Literal["table", "partitioned", "foreign"]] = MappingProxyType(
    {"r": "table", "p": "partitioned", "f": "foreign"}
)
TYPE_KINDS: Mapping[str, Literal["enum", "domain", "composite", "range"]] = MappingProxyType(
    {"e": "enum", "d": "domain", "c": "composite", "r": "range"}
)
ACTIONS = MappingProxyType(
    {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}
)
MATCHES = MappingProxyType({"s": "simple", "f": "full", "p": "partial"})
IDENTITIES: Mapping[str, Literal["", "always", "by default"]] = MappingProxyType(
    {"a": "always", "d": "by default"}
)
ENABLED = MappingProxyType({"O": "origin", "D": "disabled", "R": "replica", "A": "always"})
REPLICA_IDENTITIES = MappingProxyType({"n": "nothing", "f": "full", "i": "index"})
ORDERS = MappingProxyType({1: "DESC NULLS LAST", 2: "NULLS FIRST", 3: "DESC"})
"""By ``indoption``; 0 is ascending, NULLs last."""

DEPENDENT_KINDS: Mapping[
    str, Literal["rule", "policy", "trigger", "generated column", "function", "publication"]
] = MappingProxyType(
    {
        "pg_rewrite": "rule",
        "pg_policy": "policy",
        "pg_trigger": "trigger",
        "pg_attrdef": "generated column",
        "pg_proc": "function",
        "pg_publication_rel": "publication",
    }
)

EXTENSION_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "citext": "text",
        "hstore": "hstore",
        "int4range": "range",
        "int8range": "range",
        "numrange": "range",
        "daterange": "range",
        "tsrange": "range",
        "tstzrange": "range",
    }
)
"""What is in no list of plain types."""


def live_catalog(connection: Connection, *, schemas: Sequence[str] | None = None) -> Catalog:
    """See Backend.live_catalog."""
    found = _Found(connection, None if schemas is None else list(schemas))
    relations = found.ask(sql.RELATIONS)
    names = {one["id"]: one["name"] for one in relations}
    found.parameters["relations"] = list(names)
    parts = _Parts.read(found)
    tables = tuple(_table(one, parts) for one in relations if one["kind"] in TABLE_KINDS)
    columns = parts.column_names
    return Catalog.from_tables(
        tables,
        origin="live",
        views=tuple(_view(one, parts) for one in relations if one["kind"] not in TABLE_KINDS),
        sequences=tuple(_sequence(one, names, columns) for one in parts.sequences),
        types=tuple(_user_type(one) for one in found.ask(sql.TYPES)),
        functions=tuple(Function(one["name"], one["definition"] or "") for one in found.ask(sql.FUNCTIONS)),
        extensions=tuple((one["name"], one["version"]) for one in found.ask(sql.EXTENSIONS)),
        schemas=tuple(one["name"] for one in found.ask(sql.SCHEMAS)),
        objects=tuple(
            DatabaseObject(one["what"], one["name"], one["definition"], names.get(one["relation"], ""))
            for one in found.ask(sql.OBJECTS)
        ),
        dependents=tuple(_dependent(one, names, columns) for one in found.ask(sql.DEPENDENTS)),
    )


class _Found:
    """Asks the queries of one description."""

    def __init__(self, connection: Connection, schemas: list[str] | None) -> None:
        self._connection = connection
        self.parameters: dict[str, Any] = {"schemas": schemas}

    def ask(self, query: str) -> list[Facts]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, self.parameters)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def by_relation(self, query: str) -> dict[int, list[Facts]]:
        return _grouped(self.ask(query), "relation")


@dataclass(frozen=True, slots=True)
class _Parts:
    """What stands in the tables, by the tables' object ids."""

    columns: Mapping[int, list[Facts]]
    types: Mapping[tuple[int, int], list[Facts]]
    indexes: Mapping[int, list[Facts]]
    constraints: Mapping[int, list[Facts]]
    triggers: Mapping[int, list[Facts]]
    rules: Mapping[int, list[Facts]]
    policies: Mapping[int, list[Facts]]
    reads: Mapping[int, list[Facts]]
    sequences: list[Facts]
    column_sequences: Mapping[tuple[int, int], tuple[str, bool]]
    """(sequence, whether the column owns it) by table and column number."""
    column_names: Mapping[int, Mapping[int, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, found: _Found) -> _Parts:
        columns = found.by_relation(sql.COLUMNS)
        types: dict[tuple[int, int], list[Facts]] = defaultdict(list)
        for one in found.ask(sql.TYPE_CHAINS):
            types[one["type"], one["type_modifier"]].append(one)
        sequences = found.ask(sql.SEQUENCES)
        named = {
            (one["relation"], one["number"]): (one["name"], False) for one in found.ask(sql.DEFAULT_SEQUENCES)
        }
        owned = {
            (one["relation"], one["number"]): (one["name"], True) for one in sequences if one["relation"]
        }
        # A column may own one sequence and take its default from another.
        serving = {key: (name, owned.get(key, ("", False))[0] == name) for key, (name, _) in named.items()}
        identities = {(one["relation"], one["number"]) for one in sequences if one["identity"]}
        return cls(
            columns=columns,
            types=types,
            indexes=found.by_relation(sql.INDEXES),
            constraints=found.by_relation(sql.CONSTRAINTS),
            triggers=found.by_relation(sql.TRIGGERS),
            rules=found.by_relation(sql.RULES),
            policies=found.by_relation(sql.POLICIES),
            reads=found.by_relation(sql.VIEW_READS),
            sequences=sequences,
            column_sequences=serving | {key: owned[key] for key in identities},
            column_names={
                relation: {one["number"]: one["name"] for one in facts} for relation, facts in columns.items()
            },
        )

    def of(self, which: Mapping[int, list[Facts]], relation: Facts) -> list[Facts]:
        return which.get(relation["id"], [])


def _grouped(rows: Iterable[Facts], key: str) -> dict[int, list[Facts]]:
    found: dict[int, list[Facts]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


# tables -------------------------------------------------------------------------------------------------


def _table(relation: Facts, parts: _Parts) -> Table:
    names = parts.column_names.get(relation["id"], {})
    indexes = parts.of(parts.indexes, relation)
    constraints = parts.of(parts.constraints, relation)
    live = _live_rules(relation, parts, indexes)
    uniques = _uniques(live, indexes, names)
    parents = tuple(relation["parents"] or ())
    is_partition = relation["bound"] is not None
    return Table(
        name=relation["name"],
        label=relation["name"],
        columns=_columns(relation, parts, live, constraints),
        primary_key=next((one.columns for one in uniques if one.primary), ()),
        uniques=uniques,
        checks=tuple(_check(one, names) for one in constraints if one["kind"] == "c"),
        exclusions=_exclusions(indexes, live),
        foreign_keys=tuple(
            _foreign_key(one, names, parts.of(parts.columns, relation), uniques)
            for one in constraints
            if one["kind"] == "f"
        ),
        notes=live.notes,
        indexes=tuple(_index(one, names) for one in indexes if not one["unique"] and not one["operators"]),
        kind=TABLE_KINDS[relation["kind"]],
        partition_key=relation["partition_key"] or "",
        partition_of=parents[0] if is_partition and parents else "",
        partition_bound=relation["bound"] or "",
        parents=() if is_partition else parents,
        triggers=_triggers(relation, parts),
        policies=tuple(Policy(one["name"], one["definition"]) for one in parts.of(parts.policies, relation)),
        rules=tuple(Policy(one["name"], one["definition"]) for one in parts.of(parts.rules, relation)),
        settings=_settings(relation),
        privileges=_privileges(relation, parts),
        owner=relation["owner"],
        comment=relation["comment"] or "",
    )


def _live_rules(relation: Facts, parts: _Parts, indexes: Iterable[Facts]) -> LiveRules:
    """What the reader of single tables makes of columns and keys."""
    columns = parts.of(parts.columns, relation)
    return postgresql_rules.read(
        {
            "columns": [{**one, "follows": False} for one in columns],
            "types": [
                {**link, "column": one["number"], "checks": ()}
                for one in columns
                for link in parts.types[one["type"], one["modifier"]]
            ],
            "checks": (),
            "indexes": [_index_facts(one) for one in indexes],
        }
    )


def _index_facts(index: Facts) -> Facts:
    numbers, parts = index["numbers"], index["key_parts"]
    expressions = index["expressions"] or [""] * parts
    keys = [{"column": numbers[at], "sql": expressions[at]} for at in range(parts)]
    return {**index, "keys": keys, "included": numbers[parts:]}


def _settings(relation: Facts) -> tuple[str, ...]:
    said = (
        ("unlogged", relation["persistence"] == "u"),
        ("row level security", relation["row_security"]),
        ("row level security forced", relation["forced"]),
        (f"tablespace {relation['tablespace']}", relation["tablespace"]),
        (
            f"replica identity {REPLICA_IDENTITIES.get(relation['identity'], '')}",
            relation["identity"] in REPLICA_IDENTITIES,
        ),
    )
    return (*(text for text, holds in said if holds), *sorted(relation["options"] or ()))


def _privileges(relation: Facts, parts: _Parts) -> tuple[str, ...]:
    columns = (
        f"{one['name']}: {granted}"
        for one in parts.of(parts.columns, relation)
        for granted in one["privileges"] or ()
    )
    return tuple(sorted((*(relation["privileges"] or ()), *columns)))


# columns ------------------------------------------------------------------------------------------------


def _columns(
    relation: Facts, parts: _Parts, live: LiveRules, constraints: Iterable[Facts]
) -> tuple[Column, ...]:
    unchecked = {
        number
        for one in constraints
        if one["kind"] == "n" and not one["validated"]
        for number in one["numbers"]
    }
    by_name = {one.name: one for one in live.columns}
    return tuple(
        _column(
            one,
            by_name[one["name"]],
            parts.column_sequences.get((relation["id"], one["number"]), ("", False)),
            indexed=one["name"] in live.indexed,
            null_validated=one["number"] not in unchecked,
        )
        for one in parts.of(parts.columns, relation)
    )


def _column(
    found: Facts, live: LiveColumn, sequence: tuple[str, bool], *, indexed: bool, null_validated: bool
) -> Column:
    name, generated = found["name"], found["generated"] != ""
    filled_by, owned = sequence
    default = None if generated or owned else found["expression"]
    return Column(
        name=name,
        field=name,
        sql_type=found["written"],
        null=live.null,
        blank=live.null,
        element=_element(name, live),
        auto=bool(filled_by),
        generated=found["expression"] if generated else None,
        db_default=default,
        indexed=indexed,
        collation=found["collation"] or "",
        identity=IDENTITIES.get(found["identity"], ""),
        sequence=filled_by,
        stored=found["generated"] != "v",
        null_validated=null_validated,
        domain=found["domain"] or "",
        comment=found["comment"] or "",
        **_limited(live.limits),
    )


def _element(name: str, live: LiveColumn) -> Column | None:
    if live.element is None:
        return None
    return Column(name, name, sql_type=live.element.sql_type, **_limited(live.element))


def _limited(limits: Limits) -> dict[str, Any]:
    """A column's attributes that its type sets."""
    kind = EXTENSION_KINDS.get(limits.sql_type, limits.kind) if limits.kind == "unknown" else limits.kind
    return {
        "kind": kind,
        "max_length": limits.max_length,
        "least": limits.least,
        "greatest": limits.greatest,
        "max_digits": limits.max_digits,
        "decimal_places": limits.decimal_places,
        "samples": limits.labels,
        "patterns": limits.patterns,
    }


# rules --------------------------------------------------------------------------------------------------


def _check(found: Facts, names: Mapping[int, str]) -> Check:
    return Check(
        found["name"],
        found["expression"],
        _named(found["numbers"], names),
        validated=found["validated"],
        enforced=found["enforced"],
    )


def _foreign_key(
    found: Facts, names: Mapping[int, str], columns: Iterable[Facts], uniques: Iterable[Unique]
) -> ForeignKey:
    own = _named(found["numbers"], names)
    null = any(not one["required"] for one in columns if one["name"] in own)
    return ForeignKey(
        name=", ".join(own),
        columns=own,
        target=found["target"],
        target_columns=tuple(found["target_columns"]),
        null=null,
        blank=null,
        unique=any(set(one.columns) == set(own) and one.condition is None for one in uniques),
        enforced=found["enforced"],
        deferrable=found["deferrable"],
        constraint=found["name"],
        validated=found["validated"],
        initially_deferred=found["deferred"],
        delete_action=ACTIONS[found["on_delete"]],
        update_action=ACTIONS[found["on_update"]],
        match=MATCHES[found["match"]],
    )


def _uniques(live: LiveRules, indexes: Iterable[Facts], names: Mapping[int, str]) -> tuple[Unique, ...]:
    found = [one for one in indexes if one["unique"] and not one["operators"]]
    return tuple(
        replace(
            unique,
            include=_named(one["numbers"][one["key_parts"] :], names),
            opclasses=_opclasses(one),
            method=one["method"],
            valid=one["valid"] and one["ready"],
            constraint=one["constraint"],
            initially_deferred=one["deferred"],
            definition=one["definition"],
        )
        for unique, one in zip(live.uniques, found, strict=True)
    )


def _exclusions(indexes: Iterable[Facts], live: LiveRules) -> tuple[Exclusion, ...]:
    found = [one for one in indexes if one["operators"]]
    return tuple(
        replace(exclusion, initially_deferred=one["deferred"], definition=one["exclusion"])
        for exclusion, one in zip(live.exclusions, found, strict=True)
    )


def _index(found: Facts, names: Mapping[int, str]) -> Index:
    parts = found["key_parts"]
    orders = tuple(ORDERS.get(option, "") for option in found["options"][:parts])
    numbers = [*found["numbers"][:parts], *(found["reads"] or ())]
    return Index(
        name=found["name"],
        columns=tuple(dict.fromkeys(_named(numbers, names))),
        expressions=tuple(found["expressions"] or ()),
        condition=found["condition"],
        condition_columns=_named(found["condition_reads"] or (), names),
        include=_named(found["numbers"][parts:], names),
        method=found["method"],
        opclasses=_opclasses(found),
        orders=orders if any(orders) else (),
        valid=found["valid"] and found["ready"],
        definition=found["definition"],
    )


def _opclasses(found: Facts) -> tuple[str, ...]:
    classes = tuple((found["opclasses"] or ())[: found["key_parts"]])
    return classes if any(classes) else ()


def _named(numbers: Iterable[int], names: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(names[number] for number in numbers if number in names)


# what else there is -------------------------------------------------------------------------------------


def _triggers(relation: Facts, parts: _Parts) -> tuple[Trigger, ...]:
    names = parts.column_names.get(relation["id"], {})
    return tuple(
        Trigger(
            one["name"],
            one["definition"],
            one["function"],
            columns=_named(one["numbers"], names),
            enabled=ENABLED[one["enabled"]],
        )
        for one in parts.of(parts.triggers, relation)
    )


def _view(relation: Facts, parts: _Parts) -> View:
    names = parts.column_names.get(relation["id"], {})
    return View(
        name=relation["name"],
        definition=relation["definition"],
        columns=tuple(names.values()),
        materialized=relation["kind"] == "m",
        reads=tuple((one["name"], one["column_name"]) for one in parts.of(parts.reads, relation)),
        indexes=tuple(_index(one, names) for one in parts.of(parts.indexes, relation)),
        triggers=_triggers(relation, parts),
    )


def _sequence(
    found: Facts, names: Mapping[int, str], columns: Mapping[int, Mapping[int, str]]
) -> NumberSequence:
    relation, number = found["relation"], found["number"]
    return NumberSequence(
        name=found["name"],
        sql_type=found["written"],
        start=found["start"],
        increment=found["increment"],
        least=found["least"],
        greatest=found["greatest"],
        cycle=found["cycle"],
        owner=(names[relation], columns[relation][number]) if relation in names else None,
        identity=bool(found["identity"]),
    )


def _user_type(found: Facts) -> UserType:
    checks = zip(
        found["check_names"] or (),
        found["check_expressions"] or (),
        found["check_states"] or (),
        strict=True,
    )
    return UserType(
        name=found["name"],
        kind=TYPE_KINDS[found["kind"]],
        labels=tuple(found["labels"] or ()),
        base=found["base"] or "",
        null=found["null"],
        default=found["default_sql"],
        checks=tuple(DomainCheck(*one) for one in checks),
        attributes=tuple(zip(found["attributes"] or (), found["attribute_types"] or (), strict=True)),
    )


def _dependent(found: Facts, names: Mapping[int, str], columns: Mapping[int, Mapping[int, str]]) -> Dependent:
    relation = found["relation"]
    return Dependent(
        table=names[relation],
        column=columns.get(relation, {}).get(found["number"], ""),
        kind="view" if found["is_view"] else DEPENDENT_KINDS[found["class"]],
        name=found["name"],
        description=found["description"],
    )
