"""How the instances of one model are made: its own fields, its relations, its rules."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import getattr_static
from operator import itemgetter
from typing import Any, Literal

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Field, Model

from dbstate.adapters import Translated, translated_fields, tree_of
from dbstate.binding import native
from dbstate.catalog import Table
from dbstate.factories import counting
from dbstate.factories.conditions import Rules
from dbstate.factories.described import Described
from dbstate.factories.errors import BadOverride, CannotMake, NoInstances, UnknownField
from dbstate.factories.instances import Constructor, overrides
from dbstate.factories.learned import Learned
from dbstate.factories.setting import current
from dbstate.rows import Assembler, Draft, Exhausted, Stocks
from dbstate.rows.own import OwnColumns
from dbstate.values import NoValue

KEPT = 2_000
"""Rows whose values are kept: tests begin at the same numbers again and again."""
USUAL = Draft(0, "")
"""Of a row that is no edge case nothing is noted."""
VALIDATION = ("validate_unique", "validate_constraints")
Shape = tuple[str, frozenset[str], frozenset[str]]
"""The edge case of a row, what was given of it, and which relations it has."""
POLYMORPHIC = "polymorphic.models.PolymorphicModel"
CONTENT_TYPE = "contenttypes.contenttype"


@dataclass(frozen=True, slots=True)
class Relation:
    """A field that names another row."""

    name: str
    attnames: tuple[str, ...]
    """The attributes that hold the key; for a generic key that of the object id."""
    kind: Literal["foreign", "generic"]
    target: type[Model] | None
    """None for a generic key: any model."""
    target_attnames: tuple[str, ...]
    """The attributes of the target that they hold, in the same order."""
    required: bool
    """Whether a row without it is refused, by the database or by full_clean()."""
    null: bool
    unique: bool
    """One-to-one: each target is named once."""
    limited: bool
    library: bool
    """The target's rows are made by Django or a library: one that is there is named."""
    type_attname: str = ""
    """For a generic key: the content type's attribute."""
    tree: bool = False
    """The parent in the table's own tree."""
    defaults: bool = False
    """Optional, and the model says which row it names by default."""

    @property
    def attname(self) -> str:
        """The first of ``attnames``, which mostly is the only one."""
        return self.attnames[0]

    def key_of(self, named: Model) -> tuple[Any, ...]:
        """What ``attnames`` hold when this row is named."""
        return tuple(getattr(named, name, None) for name in self.target_attnames)


@dataclass(frozen=True, slots=True)
class Own:
    """A field that names no other row, and where its values come from."""

    name: str
    table: str
    column: str
    field: Field[Any, Any]
    file: bool
    kind: str
    plain: bool
    """Whether the value made is the attribute's as it is: no range, nothing that can be changed in place."""


class Blueprint:
    """The compiled description of one model: what a factory reads instead of the catalog."""

    def __init__(self, seen: Described, model: type[Model]) -> None:
        self.seen, self.model = seen, model
        self.table_model: type[Model] = model._meta.concrete_model or model
        self.table = seen.table(self.table_model)
        self.label = self.table.label
        self.chain = tuple(dict.fromkeys(self._chain(self.table_model)))
        """Tables of one row, ancestors first."""
        self.compared = self._is_compared()
        """Whether full_clean() compares each row with those there are: other values may be needed then."""
        self.validates = overrides(model, VALIDATION)
        """Whether the model has rules of its own beside clean()."""
        self.judged = self.compared or self.validates or any(table.has_clean for table in self.tables())
        """Whether full_clean() looks at each row: rules that only it, or the rows there are, can tell."""
        self.cleans = overrides(model, ["clean"])
        """Whether the model has a clean() of its own."""
        self.proven: set[Shape] = set()
        """Shapes of rows of this model of which one has passed full_clean()."""
        self.instance = Constructor(model)
        """Makes an instance of a row's values."""
        self._numbers_of = itemgetter(*self.chain)
        self._learned = Learned(None)
        self._rows: dict[tuple[object, str], dict[str, Any]] = {}

    def _chain(self, model: type[Model]) -> Iterator[str]:
        for parent in model._meta.parents:
            if parent._meta.concrete_model is not model._meta.concrete_model:
                yield from self._chain(parent)
        yield model._meta.db_table

    def is_current(self) -> bool:
        """Whether models, plan facts and the database's rules are those that it was made of."""
        return self.seen.setting is current() and self.seen.blueprints.get(self.model) is self

    @property
    def learned(self) -> Learned:
        """What was learned in this test: its values must not depend on the tests before."""
        if self._learned.test is not counting.current_test():
            self._learned = Learned(counting.current_test())
        return self._learned

    @cached_property
    def is_alone(self) -> bool:
        """Whether a row needs no other one, and no look at what else it holds."""
        needs = self.own_type or self.ties_relations or any(relation.required for relation in self.relations)
        return not (needs or self.translated) and self.seen.using == DEFAULT_DB_ALIAS

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The tables of a row and of all rows without which there is none."""
        found: dict[str, None] = {}

        def need(blueprint: Blueprint) -> None:
            if blueprint.table.name in found:
                return
            found.update(dict.fromkeys(blueprint.chain))
            named = [r.target for r in blueprint.relations if r.required and not r.library]
            for target in named:
                if target is not None and target._meta.db_table in self.seen.catalog.tables:
                    need(blueprint_of(self.seen, target))

        need(self)
        return tuple(found)

    def comes_back(self, relation: Relation) -> bool:
        """Whether a row that is named needs one of this model, and may be named later."""
        target = relation.target
        if target is None or not relation.null or relation.kind != "foreign":
            return False
        if relation.library or issubclass(self.table_model, target):
            return False
        return self.table.name in blueprint_of(self.seen, target).needed

    def tables(self) -> Iterator[Table]:
        """The catalog's tables of the chain."""
        return (self.seen.catalog[name] for name in self.chain)

    def _is_compared(self) -> bool:
        return any(
            any(unique.condition or unique.expressions or unique.date_part for unique in table.uniques)
            or bool(self.own_columns[table.name].digits)
            for table in self.tables()
        )

    # fields ------------------------------------------------------------------------------------------

    @cached_property
    def fields(self) -> tuple[Field[Any, Any], ...]:
        """Fields with a column, those of parents too."""
        return tuple(field for field in self.model._meta.concrete_fields if field.column)

    @cached_property
    def trees(self) -> dict[str, Any]:
        """The trees that the tables of the chain keep, by table."""
        found = {}
        for table in self.tables():
            tree = tree_of(self.seen.binding.model(table.name), table.ancestors, self.seen.using)
            if tree is not None:
                found[table.name] = tree
        return found

    @cached_property
    def ancestors(self) -> tuple[str, ...]:
        """Dotted names of the classes that the model inherits from, by the tables of its chain."""
        return tuple(name for table in self.tables() for name in table.ancestors)

    @cached_property
    def translated(self) -> Translated:
        """Fields of tables of translations that the model takes, by the models of these tables."""
        return translated_fields(self.model, self.ancestors)

    def translation(self, numbers: Mapping[str, int], edge: str) -> dict[str, Any]:
        """Values of the fields that a table of translations keeps: those of its row of this number."""
        found: dict[str, Any] = {}
        for model, names in self.translated:
            other = blueprint_of(self.seen, model)
            row = made_row(other, dict.fromkeys(other.chain, numbers[self.chain[-1]]), edge)
            found |= {name: row[name] for name in names if name in row}
        return found

    @cached_property
    def own_columns(self) -> dict[str, OwnColumns]:
        """Values of the columns that name no row, by table."""
        kept = {(name, column): None for name, tree in self.trees.items() for column in tree.columns}
        return {t.name: OwnColumns(t, (), kept, self.seen.source) for t in self.tables()}

    @cached_property
    def assembler(self) -> Assembler:
        """Row assembly as seeding has it, for a search among other values."""
        made = Assembler(
            self.seen.catalog,
            self.chain,
            seed=self.seen.setting.seed,
            profile="realistic",
            first=dict.fromkeys(self.chain, 0),
            keys={},
            fixed={},
            sources=self.seen.source,
            references=dict.fromkeys(self.chain, ()),
            agreements={},
            stocks=Stocks(),
        )
        made.tables = self.own_columns
        return made

    @cached_property
    def own(self) -> tuple[Own, ...]:
        """The fields that values are made for, in the model's order."""
        found = []
        for field in self.fields:
            table = field.model._meta.db_table
            if table not in self.own_columns or field.column not in self.own_columns[table].sources:
                continue
            kind = self.seen.catalog[table].column(field.column).kind
            plain = kind not in ("range", "array", "json", "hstore", "unknown", "composite", "bytes")
            found.append(Own(field.attname, table, field.column, field, kind == "file", kind, plain))
        return tuple(found)

    @cached_property
    def files(self) -> tuple[Own, ...]:
        """The own fields that name files."""
        return tuple(own for own in self.own if own.file)

    @cached_property
    def by_column(self) -> dict[tuple[str, str], str]:
        """Attribute names by table and column."""
        return {(field.model._meta.db_table, str(field.column)): field.attname for field in self.fields}

    @cached_property
    def columns(self) -> dict[str, tuple[str, str]]:
        """Table and column by attribute name."""
        return {attname: place for place, attname in self.by_column.items()}

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        """The fields that name rows, in the model's order; parent links and own types are not among them."""
        found = [*self._foreign(), *self._generic()]
        return tuple(found)

    @cached_property
    def relation(self) -> Mapping[str, Relation]:
        """Relations by field name and by attribute."""
        by_name = {r.name: r for r in self.relations}
        return by_name | {attname: r for r in self.relations for attname in r.attnames}

    @cached_property
    def relation_keys(self) -> tuple[frozenset[str], ...]:
        """Names of relations that make a unique key by themselves, but for one-to-one keys."""
        names = {place: r.name for r in self.relations for place in self._places(r)}
        found = [
            [names.get((table.name, column)) for column in columns]
            for table in self.tables()
            for columns in [unique.columns for unique in table.uniques] + [table.primary_key]
            if len(columns) > 1
        ]
        return tuple(frozenset(filter(None, key)) for key in found if None not in key)

    def _places(self, relation: Relation) -> Iterator[tuple[str, str]]:
        """Tables and columns of a relation's key."""
        typed = [relation.type_attname] if relation.type_attname else []
        return (self.columns[attname] for attname in (*relation.attnames, *typed))

    @cached_property
    def relations_in_order(self) -> tuple[Relation, ...]:
        """Those to libraries' rows last: which of them fits depends on the others."""
        return tuple(sorted(self.relations, key=lambda relation: relation.library))

    def _foreign(self) -> Iterator[Relation]:
        typed = {(t.name, g.type_column) for t in self.tables() for g in t.generic_keys}
        for table in self.tables():
            for key in table.foreign_keys:
                if key.parent_link or (table.name, key.columns[0]) in typed:
                    continue
                field: Any = self.model._meta.get_field(key.name)
                target = field.remote_field.model
                named = self.seen.catalog.tables.get(key.target)
                bound = self.seen.binding
                tree = self._is_tree(self.trees.get(table.name), field)
                yield Relation(
                    name=field.name,
                    attnames=tuple(bound.field(table.name, c).attname for c in key.columns),
                    kind="foreign",
                    target=target._meta.concrete_model,
                    target_attnames=tuple(one.attname for one in field.foreign_related_fields),
                    required=not (key.null and (key.blank or tree)),
                    null=key.null,
                    unique=key.unique,
                    limited=key.limited,
                    library=bool(named is not None and named.library_filled),
                    tree=tree,
                    defaults=key.null and field.has_default() and len(key.columns) == 1,
                )

    @staticmethod
    def _is_tree(tree: Any, field: Field[Any, Any]) -> bool:
        return tree is not None and tree.parent == field.name

    def _generic(self) -> Iterator[Relation]:
        # By name: their class cannot be imported in a project without content types.
        generic = {key.name for table in self.tables() for key in table.generic_keys}
        fields: list[Any] = [one for one in self.model._meta.private_fields if one.name in generic]
        for field in fields:
            kind: Any = self.model._meta.get_field(field.ct_field)
            number: Any = self.model._meta.get_field(field.fk_field)
            yield Relation(
                name=field.name,
                attnames=(number.attname,),
                kind="generic",
                target=None,
                target_attnames=("pk",),
                required=not ((kind.null and kind.blank) or (number.null and number.blank)),
                null=bool(kind.null),
                unique=False,
                limited=bool(kind.get_limit_choices_to()),
                library=False,
                type_attname=kind.attname,
            )

    @cached_property
    def own_type(self) -> tuple[str, ...]:
        """Attributes that hold the content type of the row's own model, in families of models."""
        found = []
        for table in self.tables():
            family = (
                len(self.chain) > 1
                or POLYMORPHIC in table.ancestors
                or table.name in self.seen.catalog.inherited
            )
            typed = {generic.type_column for generic in table.generic_keys}
            for key in table.foreign_keys:
                target = self.seen.catalog.tables.get(key.target)
                of_types = target is not None and target.label.lower() == CONTENT_TYPE
                if family and of_types and key.columns[0] not in typed:
                    found.append(self.by_column[table.name, key.columns[0]])
        return tuple(found)

    @cached_property
    def names(self) -> frozenset[str]:
        """What may be given: fields, their attributes, generic keys, and properties that can be set."""
        names = {"pk"}
        for field in self.model._meta.get_fields():
            if (
                not (field.auto_created and not field.concrete)
                and not field.many_to_many
                and not _is_computed(field)
            ):
                names |= {field.name, getattr(field, "attname", field.name)}
        names.update(*(found for _, found in self.translated))
        for name in dir(self.model):
            member = getattr_static(self.model, name, None)
            if isinstance(member, property) and member.fset is not None:
                names.add(name)
        return frozenset(names)

    def check_name(self, name: str, *, also: Collection[str] = ()) -> None:
        """UnknownField unless this can be given; ``also`` names of a factory may have been meant."""
        if name in self.names:
            return
        if any(_is_computed(field) and field.name == name for field in self.fields):
            raise BadOverride(f"cannot set {name!r} of {self.label}: the database computes it")
        many = {field.name for field in self.model._meta.many_to_many}
        if name in many | {field.get_accessor_name() for field in self.model._meta.related_objects}:
            raise BadOverride(
                f"cannot set {name!r} of {self.label}: rows of it come after the row; "
                f"say how many with create_with_relations({name}=2)"
            )
        raise UnknownField(self.label, name, {*self.names, *also} - {"pk", name})

    # values ------------------------------------------------------------------------------------------

    def row(self, numbers: Mapping[str, int], edge: str = "") -> dict[str, Any]:
        """A new mapping: the value of each own field of this row, by attribute name.

        Raises Exhausted when a unique key has no more values and NoValue when a column has none.
        """
        key = (self._numbers_of(numbers), edge)
        kept = self._rows.get(key)
        if kept is None:
            kept = self._made(numbers, edge)
            if len(self._rows) < KEPT:
                self._rows[key] = kept
        row = kept.copy()
        for own in self._changeable:
            if row[own.name] is not None:
                row[own.name] = _copied(row[own.name])
        return row

    @cached_property
    def _changeable(self) -> tuple[Own, ...]:
        return tuple(own for own in self.own if not own.plain)

    @cached_property
    def _renamed(self) -> dict[str, dict[str, str | None]]:
        """Attribute names by table and column where they differ; None: the model has no such field."""
        attnames = {(own.table, own.column): own.name for own in self.own}
        return {
            name: {
                column: attnames.get((name, column))
                for column in own_columns.sources
                if attnames.get((name, column)) != column
            }
            for name, own_columns in self.own_columns.items()
        }

    @cached_property
    def _as_made(self) -> OwnColumns | None:
        """The only table of the row, where its columns are the row's attributes as they are made."""
        own = self.own_columns[self.chain[-1]]
        other = len(self.chain) > 1 or self._changeable or self._renamed[self.chain[-1]] or own.own_keys
        return None if other else own

    def row_without(self, given: Collection[str], numbers: Mapping[str, int], edge: str) -> dict[str, Any]:
        """``row`` but for the attributes that are given: for them no value needs to be found."""
        return self._made(numbers, edge, given)

    def _made(self, numbers: Mapping[str, int], edge: str, without: Collection[str] = ()) -> dict[str, Any]:
        draft = Draft(0, edge) if edge else USUAL
        if self._as_made and not without:
            row = self._as_made.values(numbers[self._as_made.table.name], draft)
            if self.rules:
                self.meet_conditions(row, numbers, edge, related=False)
            return row
        row = {}
        for name, own_columns in self.own_columns.items():
            left_out = [
                c for c in own_columns.sources if without and self.by_column.get((name, c)) in without
            ]
            line = own_columns.values(numbers[name], draft, left_out)
            for counted in own_columns.counted(numbers[name]) if not left_out else ():
                line.update(counted)
            renamed = self._renamed[name]
            moved = [(attname, line.pop(column)) for column, attname in renamed.items() if column in line]
            line.update((attname, value) for attname, value in moved if attname is not None)
            row = row | line if row else line
        for own in self._changeable:
            if own.name in row:
                row[own.name] = native(own.field, row[own.name])
        self.meet_conditions(row, numbers, edge, related=False)
        return row

    # conditions --------------------------------------------------------------------------------------

    @cached_property
    def rules(self) -> tuple[Rules, ...]:
        """The CHECKs of each table of the chain that has any."""
        seed = self.seen.setting.seed
        return tuple(Rules(t, self.own_columns[t.name], seed) for t in self.tables() if t.checks)

    @cached_property
    def ties_relations(self) -> bool:
        """Whether a CHECK reads the key to another row."""
        return any(
            rules.referring.intersection(check.columns)
            for rules in self.rules
            for check in rules.table.checks
        )

    @cached_property
    def checked(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """By table the columns that CHECKs read, with their attribute names; () where all agree."""
        read = {
            rules.table.name: {c for group, _ in rules.parts for c in group.columns} for rules in self.rules
        }
        found = {
            table: tuple((c, self.by_column[table, c]) for c in columns if (table, c) in self.by_column)
            for table, columns in read.items()
        }
        return {table: names if any(c != a for c, a in names) else () for table, names in found.items()}

    def checked_line(self, table: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """The row by column, at least those columns that the table's CHECKs read."""
        checked = self.checked[table]
        return {column: row[attname] for column, attname in checked if attname in row} if checked else row

    def meet_conditions(
        self,
        row: dict[str, Any],
        numbers: Mapping[str, int],
        edge: str,
        *,
        given: frozenset[str] = frozenset(),
        related: bool = True,
    ) -> None:
        """Change values that were made (not the ones given) where the row would break a CHECK."""
        for rules in self.rules:
            if not (rules.parts if related else rules.unrelated):
                continue
            line = self.checked_line(rules.table.name, row)
            for group, _ in rules.broken(line, related=related):
                fixed = [name for name in group.columns if self.by_column[rules.table.name, name] in given]
                changes = rules.met(group, line, fixed, numbers[rules.table.name], edge)
                for column, value in (changes or {}).items():
                    field = self.seen.binding.field(rules.table.name, column)
                    row[field.attname] = native(field, value)


def _is_computed(field: Any) -> bool:
    """Whether the column is generated."""
    return bool(getattr(field, "generated", False))


def _copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except (TypeError, copy.Error):
        return value  # an object of a field's own class, such as a parsed certificate: nothing to change in


def made_row(
    blueprint: Blueprint, numbers: Mapping[str, int], edge: str, given: Collection[str] = ()
) -> dict[str, Any]:
    """The own values of a row; CannotMake or NoValue where there are none of those that are not given."""
    try:
        try:
            return blueprint.row(numbers, edge)
        except (Exhausted, NoValue):
            if not given:
                raise
            return blueprint.row_without(given, numbers, edge)
    except Exhausted as exhausted:
        raise CannotMake(blueprint.label, str(exhausted)) from exhausted


def blueprint_of(seen: Described, model: type[Model]) -> Blueprint:
    """The blueprint of a model; NoInstances for a model that has none."""
    concrete = model._meta.concrete_model
    if concrete is None or model._meta.abstract:
        raise NoInstances(model._meta.label, "it is abstract", "name a model that inherits from it")
    if model._meta.swapped:
        raise NoInstances(
            model._meta.label, f"it is swapped out for {model._meta.swapped}", f"use {model._meta.swapped}"
        )
    found: Blueprint | None = seen.blueprints.get(model)
    if found is None:
        if concrete._meta.db_table not in seen.catalog.tables:
            raise NoInstances(
                model._meta.label, "its registry's catalog has no such table", "use the registry's own model"
            )
        found = seen.blueprints[model] = Blueprint(seen, model)
    return found
