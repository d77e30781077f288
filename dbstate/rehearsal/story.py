"""The effects of operations followed one by one: the questions that they raise, of which shape of rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends.naming import literal, quoted
from dbstate.catalog import Column, Table
from dbstate.rehearsal import effects as does
from dbstate.rehearsal.asked import Asked
from dbstate.rehearsal.facts import (
    LiveFacts,
    constraint_names,
    key_parts,
    read_live_facts,
    unvalidated_constraint,
)
from dbstate.rehearsal.questions import (
    About,
    Conflicts,
    Conversions,
    Duplicates,
    Offenders,
    Orphans,
    Place,
    Question,
)
from dbstate.rehearsal.relations import Relation
from dbstate.rehearsal.statements import Emitted
from dbstate.rehearsal.tokens import names_in, plain_name

_SIDE_EFFECTS = re.compile(r"\bnextval\b", re.IGNORECASE)
_TEXT_TYPE = re.compile(
    r"^(?:character varying|varchar|character|char|bpchar)\s*\(\s*(\d+)\s*\)(?:\[\d*\])*$", re.IGNORECASE
)
_ELEMENT = "dbstate_element"
_OUTSIDE = frozenset({"view", "rule", "function"})
"""What hangs on a table from outside of it."""
_TEXTUAL = re.compile(r"^(?:text|character varying|bytea|jsonb)(?!.*\((?:[1-5]\d\d|\d\d?)\))")
"""Types whose values may be larger than an index takes; not those with a length of some hundreds."""
_LARGEST_ENTRY = 2704


@dataclass(frozen=True, slots=True)
class Told:
    """What the operations ask."""

    questions: tuple[Question, ...]
    found: tuple[Asked, ...]
    """What needs no look at rows: objects in the way."""


def tell(connection: BaseDatabaseWrapper, emitted: Iterable[Emitted]) -> Told:
    """The questions that these operations raise, in order, on the database as it stands. Reads only."""
    story = _Story(read_live_facts(connection))
    for operation in emitted:
        story.go_through(operation)
    return Told(tuple(story.questions), tuple(story.found))


def relation_of(table: Table) -> Relation:
    """The table as it stands."""
    types = {column.name: column.sql_type for column in table.columns}
    return Relation(table.name, table.name, types=types, key=table.primary_key)


class _Story:
    def __init__(self, facts: LiveFacts) -> None:
        self.facts = facts
        self.questions: list[Question] = []
        self.found: list[Asked] = []
        self.relations: dict[str, Relation] = {
            name: relation_of(table) for name, table in facts.tables.items()
        }
        self.certain = True
        self.changed: set[str] = set()
        """Names that the operations have made, dropped or renamed: today's facts say nothing of them."""
        self.required: set[tuple[str, str]] = set()
        """Columns that the operations have made NOT NULL."""
        self.put_off: dict[str, does.RequireCheck | does.RequireReference] = {}
        """By ``table.name``, constraints that were added NOT VALID."""
        self.place = Place("", None, "")

    def go_through(self, operation: Emitted) -> None:
        self.place = Place(operation.migration, operation.operation, operation.text)
        for effect in operation.effects:
            _STEPS[type(effect)](self, effect)

    # what there is --------------------------------------------------------------------------------------

    def relation(self, table: str) -> Relation:
        """The table as it is now; one that is not known has no rows to ask."""
        return self.relations.get(table) or Relation(table, None, certain=False)

    def live(self, relation: Relation) -> Table | None:
        return self.facts.tables.get(relation.base) if relation.base else None

    def about(self, code: str, relation: Relation, column: str, **facts: str) -> About:
        certain = self.certain and relation.certain
        return About(code, self.place, relation, column, certain, tuple(facts.items()))

    def ask(self, question: Question) -> None:
        if question.about.relation.base is not None:
            self.questions.append(question)

    def find(self, code: str, table: str, message: str, *, column: str = "", rows: int | None = None) -> None:
        self.found.append(
            Asked(
                code,
                message,
                self.place.migration,
                self.place.operation,
                self.place.text,
                table,
                column,
                rows,
                certain=self.certain,
            )
        )

    def column(self, relation: Relation, column: str) -> Column | None:
        """The column as it stands; None for one that the operations have made or changed."""
        live = self.live(relation)
        if live is None or not relation.is_plain(column):
            return None
        return next((one for one in live.columns if one.name == column), None)

    def dependents(self, relation: Relation, column: str | None) -> list[str]:
        """What hangs on the column, or on the table where it is None, in words."""
        base = column if column is None else plain_name(relation.of_column(column) or "") or column
        return sorted(
            {
                f"{one.kind} {one.name}"
                for one in self.facts.catalog.dependents
                if one.table == relation.base
                and one.name not in self.changed
                and (one.kind in _OUTSIDE if base is None else one.column == base)
            }
        )

    # tables ---------------------------------------------------------------------------------------------

    def create_table(self, effect: does.CreateTable) -> None:
        there = effect.table in self.facts.relations and effect.table not in self.changed
        if there and effect.if_not_exists:
            return
        if there:
            self.find("already-there", effect.table, f"a relation named {effect.table} is already there")
        self.relations[effect.table] = Relation(effect.table, None)
        self.changed.add(effect.table)

    def drop_table(self, effect: does.DropTable) -> None:
        relation = self.relations.pop(effect.table, None)
        self.changed.add(effect.table)
        if relation is None:
            if not effect.if_exists and self.certain:
                self.find("missing", effect.table, f"there is no table {effect.table} to drop")
            return
        self._in_the_way_of_drop(relation, None, cascade=effect.cascade)
        self.ask(Offenders(self.about("rows-dropped", relation, ""), "TRUE"))

    def _in_the_way_of_drop(self, relation: Relation, column: str | None, *, cascade: bool) -> None:
        what = f"{relation.name}.{column}" if column else relation.name
        for dependent in self.dependents(relation, column):
            if cascade:
                message = f"{dependent} hangs on {what} and is dropped with it, silently (CASCADE)"
                self.find("view-dropped", relation.name, message, column=column or "")
            else:
                message = f"{dependent} hangs on {what}: it cannot be dropped"
                self.find("view-in-the-way", relation.name, message, column=column or "")

    def rename_table(self, effect: does.RenameTable) -> None:
        relation = self.relations.pop(effect.table, None)
        if (
            effect.new in self.facts.relations
            and effect.new not in self.changed
            and effect.new != effect.table
        ):
            self.find("already-there", effect.new, f"a relation named {effect.new} is already there")
        self.changed |= {effect.table, effect.new}
        if relation is None:
            if self.certain:
                self.find("missing", effect.table, f"there is no table {effect.table} to rename")
            return
        self.relations[effect.new] = replace(relation, name=effect.new)

    # columns --------------------------------------------------------------------------------------------

    def add_column(self, effect: does.AddColumn) -> None:
        relation = self.relation(effect.table)
        if effect.column in relation.types:
            if effect.if_not_exists:
                return
            message = f"{effect.table} already has a column {effect.column}"
            self.find("already-there", effect.table, message, column=effect.column)
        empty = effect.default.upper() in ("", "NULL")
        if effect.not_null and empty and not effect.filled:
            about = self.about("no-default", relation, effect.column)
            self.ask(Offenders(about, "TRUE"))
        sql = self._new_value(relation, effect)
        self.relations[effect.table] = relation.with_column(effect.column, sql, effect.sql_type)
        if effect.not_null:
            self.required.add((effect.table, effect.column))

    def _new_value(self, relation: Relation, effect: does.AddColumn) -> str | None:
        """SQL of what the rows get in a new column; None where only the database can tell."""
        if effect.expression:
            self._computes(relation, effect.column, effect.expression, effect.sql_type)
            made = relation.over_base(effect.expression)
            return None if made is None else f"({made})::{effect.sql_type}"
        if effect.filled or _SIDE_EFFECTS.search(effect.default):
            return None
        return f"({effect.default or 'NULL'})::{effect.sql_type}"

    def _computes(self, relation: Relation, column: str, expression: str, sql_type: str = "") -> None:
        """Rows for which an expression raises."""
        about = self.about("expression-fails", relation, column)
        made = f"({expression})::{sql_type}" if sql_type else expression
        self.ask(Conversions(about, "", made, "", sql_type))

    def drop_column(self, effect: does.DropColumn) -> None:
        relation = self.relation(effect.table)
        if relation.base is not None and effect.column not in relation.types:
            if not effect.if_exists:
                message = f"{effect.table} has no column {effect.column} to drop"
                self.find("missing", effect.table, message, column=effect.column)
            return
        self._in_the_way_of_drop(relation, effect.column, cascade=effect.cascade)
        known = self.column(relation, effect.column)
        if known is None or not known.generated:  # what is computed is computed again
            about = self.about("values-dropped", relation, effect.column)
            others = (
                f" AND {quoted(effect.column)} IS DISTINCT FROM {effect.restored}" if effect.restored else ""
            )
            self.ask(Offenders(about, f"{quoted(effect.column)} IS NOT NULL{others}"))
        self.relations[effect.table] = relation.without_column(effect.column)

    def rename_column(self, effect: does.RenameColumn) -> None:
        relation = self.relation(effect.table)
        if relation.base is not None and effect.column not in relation.types:
            message = f"{effect.table} has no column {effect.column} to rename"
            self.find("missing", effect.table, message, column=effect.column)
        if effect.new in relation.types:
            message = f"{effect.table} already has a column {effect.new}"
            self.find("already-there", effect.table, message, column=effect.new)
        self.relations[effect.table] = relation.renamed_column(effect.column, effect.new)

    def require_not_null(self, effect: does.RequireNotNull) -> None:
        relation = self.relation(effect.table)
        known = self.column(relation, effect.column)
        if known is None or known.null or not known.null_validated:
            about = self.about("null-rows", relation, effect.column)
            self.ask(Offenders(about, f"{quoted(effect.column)} IS NULL"))
        self.required.add((effect.table, effect.column))

    def drop_not_null(self, effect: does.DropNotNull) -> None:
        self.required.discard((effect.table, effect.column))

    def fill_nulls(self, effect: does.FillNulls) -> None:
        relation = self.relation(effect.table)
        about = self.about("nulls-filled", relation, effect.column, value=effect.value)
        known = self.column(relation, effect.column)
        if known is None or known.null or not known.null_validated:
            self.ask(Offenders(about, f"{quoted(effect.column)} IS NULL"))
        old, value = relation.of_column(effect.column), relation.over_base(effect.value)
        sql = None if old is None or value is None else f"COALESCE({old}, {value})"
        self.relations[effect.table] = relation.with_column(
            effect.column, sql, relation.types.get(effect.column, "")
        )

    def change_type(self, effect: does.ChangeType) -> None:
        relation = self.relation(effect.table)
        for dependent in self.dependents(relation, effect.column):
            message = f"{dependent} hangs on {effect.table}.{effect.column}: its type cannot be changed"
            self.find("view-in-the-way", effect.table, message, column=effect.column)
        old_type = relation.types.get(effect.column, "")
        new_type = _live_type(effect.sql_type)
        expression = effect.using or f"{quoted(effect.column)}::{effect.sql_type}"
        if _is_text(old_type) and _is_text(new_type) and _is_array(old_type) == _is_array(new_type):
            self._shortened(relation, effect, old_type)
        elif old_type != new_type:
            about = self.about("not-castable", relation, effect.column, type=effect.sql_type)
            self.ask(Conversions(about, effect.column, expression, old_type, effect.sql_type))
            self._loses(relation, effect, f"({expression})", old_type)
        sql = relation.over_base(expression + (f' COLLATE "{effect.collation}"' if effect.collation else ""))
        changed = relation.with_column(effect.column, sql, new_type)
        if old_type != new_type or effect.collation:
            self._keys_of_changed(changed, effect.column)
        self.relations[effect.table] = changed

    def _shortened(self, relation: Relation, effect: does.ChangeType, old_type: str) -> None:
        """A cast cuts what is too long; an assignment refuses it, spaces at the end apart."""
        length, before = _TEXT_TYPE.match(effect.sql_type), _TEXT_TYPE.match(old_type)
        if length is None or (before and int(before[1]) <= int(length[1])):
            return
        limit, in_array = int(length[1]), effect.sql_type.endswith("]")
        text = _ELEMENT if in_array else f"{quoted(effect.column)}::text"
        # Bytes are counted already; characters are only where there are more bytes than may be characters.
        longer = f"octet_length({text}) > {limit} AND length({text}) > {limit}"
        spaces = f"btrim(substr({text}, {limit + 1}), ' ') = ''"

        def rows(condition: str) -> str:
            if not in_array:
                return condition
            each = f"unnest({quoted(effect.column)}::text[]) AS elements({_ELEMENT})"
            return f"EXISTS (SELECT FROM {each} WHERE {condition})"

        cuts = self.about("truncates-text", relation, effect.column, type=effect.sql_type)
        if effect.using:
            self.ask(Offenders(cuts, rows(longer)))
            return
        refuses = self.about("value-too-long", relation, effect.column, type=effect.sql_type)
        cut = f"{rows(f'{longer} AND {spaces}')} AND NOT {rows(f'{longer} AND NOT {spaces}')}"
        self.ask(Offenders(refuses, rows(f"{longer} AND NOT {spaces}")))
        self.ask(Offenders(cuts, cut if in_array else f"{longer} AND {spaces}"))

    def _loses(self, relation: Relation, effect: does.ChangeType, new: str, old_type: str) -> None:
        """Rows whose value does not come back from the new type."""
        new_type, old = _live_type(effect.sql_type), quoted(effect.column)
        if not old_type or {old_type, new_type} <= {"smallint", "integer", "bigint"}:
            return  # an integer that fits is the same
        code, predicate = "value-changed", f"(({new})::{old_type})::text IS DISTINCT FROM ({old})::text"
        if _is_number(old_type) and _is_number(new_type):
            code, predicate = "loses-digits", f"({new})::numeric IS DISTINCT FROM ({old})::numeric"
        self.ask(Offenders(self.about(code, relation, effect.column, type=effect.sql_type), predicate))

    def _keys_of_changed(self, relation: Relation, column: str) -> None:
        """Unique indexes are built anew over the changed values."""
        live = self.live(relation)
        for unique in live.uniques if live else ():
            if column not in unique.columns or unique.name in self.changed or not unique.valid:
                continue
            if any(not relation.is_plain(name) and name != column for name in unique.columns):
                continue
            about = self.about("duplicate-rows", relation, ", ".join(unique.columns), name=unique.name)
            self.ask(Duplicates(about, key_parts(unique), unique.condition or "", unique.nulls_distinct))

    # constraints ----------------------------------------------------------------------------------------

    def require_unique(self, effect: does.RequireUnique) -> None:
        relation = self.relation(effect.table)
        if self._name_taken(effect):
            return
        columns = _columns_of(effect.keys, relation)
        self._builds(relation, effect.keys, "")
        about = self.about("duplicate-rows", relation, columns, name=effect.name)
        self.ask(Duplicates(about, effect.keys, effect.condition, effect.nulls_distinct))
        if effect.primary:
            for key in effect.keys:
                column = plain_name(key) or ""
                known = relation.is_plain(column) and self._is_not_null(relation, column)
                if not known and (effect.table, column) not in self.required:
                    about = self.about("null-rows", relation, column)
                    self.ask(Offenders(about, f"{key} IS NULL"))

    def _is_not_null(self, relation: Relation, column: str) -> bool:
        found = self.column(relation, column)
        return bool(found and not found.null and found.null_validated)

    def create_index(self, effect: does.CreateIndex) -> None:
        if not self._name_taken(effect):
            self._builds(self.relation(effect.table), effect.keys, effect.method)

    def _builds(self, relation: Relation, keys: Iterable[str], method: str) -> None:
        """An index's expressions are computed for every row, and what a btree holds must fit a page."""
        for key in keys:
            column = plain_name(key)
            if column is None:
                self._computes(relation, _columns_of((key,), relation), key)
            elif method in ("", "btree") and _TEXTUAL.search(relation.types.get(column, "")):
                about = replace(self.about("too-big-for-index", relation, column), certain=False)
                self.ask(Offenders(about, f"pg_column_size({key}) > {_LARGEST_ENTRY}"))

    def _name_taken(self, effect: does.RequireUnique | does.CreateIndex) -> bool:
        """Whether a relation has the index's name; then nothing is built."""
        name = effect.name
        there = self.facts.relations.get(name) if name and name not in self.changed else None
        if name:
            self.changed.add(name)
        if there is None:
            return False
        if not there.valid:
            message = f"an invalid index {name} is left on {there.table} by a build that failed"
            self.find("invalid-index", effect.table, message)
        elif not effect.if_not_exists:
            self.find("already-there", effect.table, f"a relation named {name} is already there")
        return True

    def drop_index(self, effect: does.DropIndex) -> None:
        gone = effect.name not in self.facts.relations or effect.name in self.changed
        if gone and not effect.if_exists and self.certain and effect.name not in self.changed:
            self.find("missing", effect.name, f"there is no index {effect.name} to drop")
        self.changed.add(effect.name)

    def rename_index(self, effect: does.RenameIndex) -> None:
        self.changed |= {effect.name, effect.new}

    def require_check(self, effect: does.RequireCheck) -> None:
        relation = self.relation(effect.table)
        if self._constraint_taken(effect.table, relation, effect.name) or self._is_put_off(effect):
            return
        columns = _columns_of((effect.expression,), relation)
        about = self.about("check-broken", relation, columns, name=effect.name)
        self.ask(Offenders(about, f"NOT ({effect.expression})"))

    def require_exclusion(self, effect: does.RequireExclusion) -> None:
        relation = self.relation(effect.table)
        if self._constraint_taken(effect.table, relation, effect.name):
            return
        columns = _columns_of([sql for sql, _ in effect.elements], relation)
        about = self.about("exclusion-broken", relation, columns, name=effect.name)
        self.ask(Conflicts(about, effect.elements, effect.condition))

    def require_reference(self, effect: does.RequireReference) -> None:
        relation, target = self.relation(effect.table), self.relation(effect.target)
        if self._constraint_taken(effect.table, relation, effect.name) or self._is_put_off(effect):
            return
        live = self.live(target)
        target_columns = effect.target_columns or (live.primary_key if live else ())
        about = self.about("orphan-rows", relation, ", ".join(effect.columns), target=effect.target)
        about = replace(about, certain=about.certain and target.certain)
        if len(target_columns) == len(effect.columns):
            self.ask(Orphans(about, effect.columns, target, target_columns))

    def _is_put_off(self, effect: does.RequireCheck | does.RequireReference) -> bool:
        if not effect.valid:
            self.put_off[f"{effect.table}.{effect.name}"] = effect
        return not effect.valid

    def _constraint_taken(self, table: str, relation: Relation, name: str) -> bool:
        live = self.live(relation)
        key = f"{table}.{name}"
        taken = bool(name and live and name in constraint_names(live) and key not in self.changed)
        if taken:
            self.find("already-there", table, f"{table} already has a constraint {name}")
        self.changed.add(key)
        return taken

    def drop_constraint(self, effect: does.DropConstraint) -> None:
        relation = self.relation(effect.table)
        live, key = self.live(relation), f"{effect.table}.{effect.name}"
        known = constraint_names(live) if live else frozenset({effect.name})
        # Names of NOT NULL constraints are not among those that are known here.
        named = effect.name in known or effect.name.endswith("_not_null")
        if not named and key not in self.changed and not effect.if_exists:
            self.find("missing", effect.table, f"{effect.table} has no constraint {effect.name} to drop")
        # A unique constraint's index goes with it.
        self.changed |= {f"{effect.table}.{effect.name}", effect.name}

    def validate_constraint(self, effect: does.ValidateConstraint) -> None:
        """Asked as the constraint would be if it were new."""
        if added := self.put_off.pop(f"{effect.table}.{effect.name}", None):
            _STEPS[type(added)](self, replace(added, valid=True))
            return
        live = self.live(self.relation(effect.table))
        asked = unvalidated_constraint(live, effect.name) if live else None
        key = f"{effect.table}.{effect.name}"
        if asked is not None and key not in self.changed:
            self.changed.add(key)
            _STEPS[type(asked)](self, replace(asked, table=effect.table))

    # rows -----------------------------------------------------------------------------------------------

    def narrow_choices(self, effect: does.NarrowChoices) -> None:
        self.ask(
            choices_question(self.about("choice-removed", self.relation(effect.table), effect.column), effect)
        )

    def writes(self, effect: does.Writes) -> None:
        if not effect.tables:
            self.certain = False
        for table in effect.tables:
            if table in self.relations:
                self.relations[table] = replace(self.relations[table], certain=False)


def choices_question(about: About, effect: does.NarrowChoices) -> Offenders:
    """Rows whose value is no choice any more."""
    text = f"{quoted(effect.column)}::text"
    if effect.removed:
        listed = ", ".join(_literal(value) for value in effect.removed if value is not None)
        return Offenders(about, f"{text} IN ({listed or 'NULL'})")
    listed = ", ".join(_literal(value) for value in (*effect.allowed, "") if value is not None)
    return Offenders(about, f"{text} NOT IN ({listed})")


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "'true'" if value else "'false'"
    return literal(str(value))


def _columns_of(expressions: Iterable[str], relation: Relation) -> str:
    names: dict[str, None] = {}
    for expression in expressions:
        found = names_in(expression) & relation.types.keys()
        plain = plain_name(expression)
        names.update(dict.fromkeys([plain] if plain else sorted(found)))
    return ", ".join(names)


_SHORT_TYPES = {
    "varchar": "character varying",
    "char": "character",
    "int": "integer",
    "int4": "integer",
    "int8": "bigint",
    "int2": "smallint",
    "bool": "boolean",
    "decimal": "numeric",
    "float8": "double precision",
    "float4": "real",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "time": "time without time zone",
}


def _live_type(sql_type: str) -> str:
    """A type as format_type writes it: ``varchar(3)`` is ``character varying(3)``."""
    text = re.sub(r"\s*([(),])\s*", r"\1", " ".join(sql_type.lower().split()))
    head, bracket, rest = text.partition("(")
    array = "[]" if head.endswith("[]") else ""
    head = head.removesuffix("[]")
    return f"{_SHORT_TYPES.get(head, head)}{array}{bracket}{rest}"


def _is_text(sql_type: str) -> bool:
    return _live_type(sql_type).partition("(")[0].removesuffix("[]") in {
        "text",
        "character varying",
        "character",
        "citext",
    }


def _is_array(sql_type: str) -> bool:
    return sql_type.endswith("]")


def _is_number(sql_type: str) -> bool:
    return _live_type(sql_type).partition("(")[0] in {
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "real",
        "double precision",
    }


_STEPS: Mapping[type, Callable[[_Story, Any], None]] = {
    does.CreateTable: _Story.create_table,
    does.DropTable: _Story.drop_table,
    does.RenameTable: _Story.rename_table,
    does.AddColumn: _Story.add_column,
    does.DropColumn: _Story.drop_column,
    does.RenameColumn: _Story.rename_column,
    does.RequireNotNull: _Story.require_not_null,
    does.DropNotNull: _Story.drop_not_null,
    does.FillNulls: _Story.fill_nulls,
    does.ChangeType: _Story.change_type,
    does.RequireUnique: _Story.require_unique,
    does.CreateIndex: _Story.create_index,
    does.DropIndex: _Story.drop_index,
    does.RenameIndex: _Story.rename_index,
    does.RequireCheck: _Story.require_check,
    does.RequireExclusion: _Story.require_exclusion,
    does.RequireReference: _Story.require_reference,
    does.ValidateConstraint: _Story.validate_constraint,
    does.DropConstraint: _Story.drop_constraint,
    does.NarrowChoices: _Story.narrow_choices,
    does.Writes: _Story.writes,
}
