"""A graph's models, made real: classes in Django's registry, and tables."""

from __future__ import annotations

import types
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import connections, models, transaction
from django.db.models import F, Q

from tests.property.graphs import (
    Graph,
    Relation,
    either_targets,
    model_name,
    settled,
    through_name,
)
from tests.property.parts import part_of
from tests.property.traits import Part

NAMES = ("{}", "{} with spaces", "{}_UPPER", "{}_größe", "{}'s")


NATURAL: tuple[Callable[..., Any], ...] = (
    partial(models.CharField, max_length=12),
    models.IntegerField,
    models.UUIDField,
    partial(models.SlugField, max_length=20),
)
"""Fields that to_field names, by the position of the model."""


@dataclass(slots=True)
class Built:
    """A graph's models, in the global registry under ``label``."""

    graph: Graph
    label: str
    models: list[type[models.Model]]
    parts: list[list[Part]]
    between: dict[str, type[models.Model]] = field(default_factory=dict)
    tables: list[type[models.Model]] = field(default_factory=list)
    """All models that have a table, in the order in which they can be created."""

    def all_models(self) -> list[type[models.Model]]:
        """Every model with a table, those between many-to-many ends too."""
        found = list(self.tables)
        for model in self.tables:
            found += [f.remote_field.through for f in model._meta.local_many_to_many if _automatic(f)]
        return found

    @property
    def apps(self) -> Any:
        """A registry in which nothing is but these models and content types."""
        return _View(frozenset({self.label, "contenttypes"}))

    @contextmanager
    def in_tables(self, using: str = "default") -> Iterator[None]:
        """The tables while this lasts; everything written meanwhile is undone."""
        connection = connections[using]
        # SQLite can only change tables while it does not look at foreign keys; check_constraints() does.
        loosened = connection.vendor == "sqlite" and connection.disable_constraint_checking()
        try:
            with transaction.atomic(using=using):
                with connection.schema_editor() as editor:
                    for model in self.tables:
                        editor.create_model(model)
                _make_undeferrable(self, using)
                yield
                transaction.set_rollback(True, using=using)
        finally:
            if loosened:
                connection.enable_constraint_checking()
            if connection.vendor == "postgresql" and not connection.in_atomic_block:
                # A server process remembers every table that it ever saw, and looks through them all
                # at each savepoint once many are new: with thousands of graphs that is most of the time.
                connection.close()


class _View:
    """The global registry, of which only some apps can be seen."""

    def __init__(self, labels: frozenset[str]) -> None:
        self._labels = labels

    def get_models(self, **included: bool) -> list[type[models.Model]]:
        return [model for model in apps.get_models(**included) if model._meta.app_label in self._labels]

    def __getattr__(self, name: str) -> Any:
        return getattr(apps, name)


def _automatic(made: Any) -> bool:
    return bool(made.remote_field.through._meta.auto_created)


def _make_undeferrable(built: Built, using: str) -> None:
    """Take from some foreign keys what lets cycles begin; only the database knows it."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    for model in built.tables:
        for made in model._meta.local_fields:
            if not made.name.startswith("undeferrable_"):
                continue
            with connection.cursor() as cursor:
                found = connection.introspection.get_constraints(cursor, model._meta.db_table)
                for name, facts in found.items():
                    if facts["foreign_key"] and facts["columns"] == [made.column]:
                        table = connection.ops.quote_name(model._meta.db_table)
                        quoted = connection.ops.quote_name(name)
                        cursor.execute(f"ALTER TABLE {table} ALTER CONSTRAINT {quoted} NOT DEFERRABLE")


@contextmanager
def build(graph: Graph) -> Iterator[Built]:
    """The graph's models while this lasts, in the global registry as an app of their own."""
    # The same name each time: values are functions of it.
    label = "graph"
    config = _config(label)
    apps.app_configs[label] = config
    try:
        config.import_models()
        yield _Builder(graph, label).build()
    finally:
        del apps.app_configs[label]
        apps.all_models.pop(label, None)
        apps.clear_cache()
        ContentType.objects.clear_cache()


def _config(label: str) -> AppConfig:
    module = types.ModuleType(label)
    module.__file__ = str(Path(__file__))
    config = type("GraphConfig", (AppConfig,), {"label": label, "path": str(Path(__file__).parent)})(
        label, module
    )
    config.apps = apps
    config.default_auto_field = "django.db.models.BigAutoField"
    return config


class _Builder:
    def __init__(self, graph: Graph, label: str) -> None:
        self.graph, self.label = graph, label
        self.built = Built(graph, label, [], [])

    def build(self) -> Built:
        for position in range(len(self.graph.models)):
            self._model(position)
        for position in range(len(self.graph.models)):
            self._throughs(position)
        return self.built

    def _class(self, name: str, bases: tuple[type, ...], members: dict[str, Any], **meta: Any) -> Any:
        meta = {"app_label": self.label, **meta}
        members = {"__module__": __name__, "Meta": type("Meta", (), meta), **members}
        return type(models.Model)(name, bases, members)

    def _model(self, position: int) -> None:
        spec = self.graph.models[position]
        parts = [part_of(f"{position}_{n}", trait) for n, trait in enumerate(spec.traits)]
        members: dict[str, Any] = dict(self._key(position))
        constraints: list[models.BaseConstraint] = []
        together: list[tuple[str, ...]] = []
        for part in parts:
            members |= part.fields
            constraints += part.constraints
            together += part.unique_together
        meta: dict[str, Any] = {"db_table": NAMES[spec.name].format(f"{self.label}_{position}")}
        members |= self._wanted_by_others(position)
        for order, relation in enumerate(settled(self.graph, position)):
            made, rules, more = self._relation(position, order, relation)
            members |= made
            constraints += rules
            meta |= more
        if spec.soft_delete and spec.parent is None:
            members |= _soft_delete()
        bases = (models.Model,) if spec.parent is None else (self.built.models[spec.parent],)
        for constraint in constraints:
            constraint.name = f"{self.label}_{constraint.name}"
        model = self._class(
            model_name(position), bases, members, constraints=constraints, unique_together=together, **meta
        )
        told = [self._clean_of(position, n, one) for n, one in enumerate(settled(self.graph, position))]
        cleaning = [rule for rule in (*(part.clean for part in parts), *told) if rule]
        if cleaning:
            model.clean = _clean(model, cleaning)
        self.built.models.append(model)
        self.built.parts.append(parts)
        self.built.tables.append(model)
        if spec.proxy:
            self._class(f"Proxy{position}", (model,), {}, proxy=True)

    def _to(self, position: int) -> str:
        return f"{self.label}.{model_name(position)}"

    def _key(self, position: int) -> dict[str, Any]:
        spec = self.graph.models[position]
        if spec.parent is not None:
            return {}
        owner = next((r for r in settled(self.graph, position) if r.kind == "key"), None)
        to = self._to(owner.target) if owner else ""
        partner = self._to(either_targets(self.graph, position, owner)[1]) if owner else ""
        everything: dict[str, Callable[[], dict[str, Any]]] = {
            "auto": lambda: {"id": models.BigAutoField(primary_key=True)},
            "small_auto": lambda: {"number": models.SmallAutoField(primary_key=True, db_column="no")},
            "uuid": lambda: {"id": models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)},
            "text": lambda: {"code": models.CharField(max_length=12, primary_key=True)},
            "integer": lambda: {"number": models.PositiveIntegerField(primary_key=True)},
            "composite": lambda: {
                "pk": models.CompositePrimaryKey("shelf", "number"),
                "shelf": models.SmallIntegerField(),
                "number": models.CharField(max_length=10),
            },
            "composite_parent": lambda: {
                "pk": models.CompositePrimaryKey("owner", "day"),
                "owner": models.ForeignKey(to, models.CASCADE, related_name="+"),
                "day": models.DateField(),
            },
            "composite_pair": lambda: {
                "pk": models.CompositePrimaryKey("owner", "partner"),
                "owner": models.ForeignKey(to, models.CASCADE, related_name="+"),
                "partner": models.ForeignKey(partner, models.CASCADE, related_name="+"),
            },
            "one_to_one": lambda: {
                "owner": models.OneToOneField(to, models.CASCADE, primary_key=True, related_name="+")
            },
        }
        return everything[spec.key]()

    def _wanted_by_others(self, position: int) -> dict[str, Any]:
        """Fields that relations to this model read."""
        made: dict[str, Any] = {}
        for other in range(len(self.graph.models)):
            for relation in settled(self.graph, other):
                if relation.target != position:
                    continue
                if relation.kind == "to_field":
                    made[f"natural_{position}"] = NATURAL[position % len(NATURAL)](unique=True)
                if relation.kind in ("limited", "clean_limited"):
                    made[f"is_open_{position}"] = models.BooleanField(default=False)
                    made[f"shade_{position}"] = models.CharField(
                        max_length=5, choices=[("light", "light"), ("dark", "dark")]
                    )
        return made

    def _relation(
        self, position: int, order: int, relation: Relation
    ) -> tuple[dict[str, Any], list[models.BaseConstraint], dict[str, Any]]:
        if relation.kind == "key":
            return {}, [], {}
        name = f"{relation.kind}_{position}_{order}"
        to = f"{self.label}.{model_name(relation.target)}"
        loose = {"null": relation.optional, "blank": relation.optional, "related_name": "+"}
        foreign_key = models.ForeignKey
        many, target = f"many_{position}_{order}", relation.target
        if relation.kind == "through":
            between = f"{self.label}.{through_name(position, order)}"
            made = models.ManyToManyField(
                to, through=between, through_fields=("one", "other"), related_name=f"back_{position}_{order}"
            )
            return {many: made}, [], {}
        if relation.kind == "many_to_many":
            own = (
                {"to": "self", "symmetrical": relation.variant % 2 == 0} if target == position else {"to": to}
            )
            made = models.ManyToManyField(related_name=f"back_{position}_{order}", blank=True, **own)
            return {many: made}, [], {}
        if relation.kind == "generic":
            return _generic(name, relation, loose), [], {}
        if relation.kind == "two_distinct":
            first, second = f"first_{position}_{order}", f"second_{position}_{order}"
            rule = models.CheckConstraint(condition=~Q(**{first: F(second)}), name=f"{name}_ck")
            fields = {n: foreign_key(to, models.CASCADE, related_name="+") for n in (first, second)}
            return fields, [rule], {}
        if relation.kind == "either":
            return self._either(position, order, relation)
        if relation.kind == "generic_unique":
            unique = models.UniqueConstraint(fields=[f"{name}_type", f"{name}_id"], name=f"{name}_uq")
            return _generic(name, relation, loose), [unique], {}
        if relation.kind == "generic_limited":
            only = {"app_label": self.label, "model": model_name(target).lower()}
            return _generic(name, replace(relation, variant=1), loose, limit_choices_to=only), [], {}
        if relation.kind in _TIES:
            return self._tied(position, order, relation)
        if relation.kind == "ordered":
            return {name: foreign_key(to, models.CASCADE, **loose)}, [], {"order_with_respect_to": name}
        options: dict[str, Any] = {
            "foreign_key": {"db_column": f"{name} Key"} if relation.variant == 5 else {},
            "not_self": {},
            "clean_limited": {},
            "proxied": {},
            "asked": {"null": True, "blank": False},
            "one_to_one": {},
            "undeferrable": {},
            "unchecked": {"db_constraint": False},
            "unique_foreign_key": {"unique": True},
            "to_field": {"to_field": f"natural_{target}", "db_column": f"{name}_natural"},
            "limited": {"limit_choices_to": _limits(target)[relation.variant % 4]},
        }[relation.kind]
        if relation.kind == "one_to_one":
            foreign_key = models.OneToOneField
        delete = (models.CASCADE, models.PROTECT, models.DO_NOTHING)[relation.variant % 3]
        if relation.kind == "not_self" and relation.variant % 2:
            rules = [models.CheckConstraint(condition=~Q(**{name: F("pk")}), name=f"{name}_ck")]
            return {name: foreign_key(to, delete, **loose)}, rules, {}
        if relation.kind == "proxied" and self.graph.models[target].proxy:
            to = f"{self.label}.Proxy{target}"
        return {name: foreign_key(to, delete, **loose | options)}, [], {}

    def _tied(
        self, position: int, order: int, relation: Relation
    ) -> tuple[dict[str, Any], list[models.BaseConstraint], dict[str, Any]]:
        """A foreign key under one rule with another column."""
        name = f"{relation.kind}_{position}_{order}"
        beside = f"beside_{position}_{order}"
        loose = {"null": relation.optional, "blank": relation.optional}
        if relation.kind == "status":
            loose = {"null": True, "blank": True}
        one, other = either_targets(self.graph, position, relation)
        if relation.kind == "pair_in_order":
            other, loose = one, {}
        key = models.ForeignKey(
            self._to(one),
            models.CASCADE,
            related_name="+",
            **({} if relation.kind == "unique_pair" else loose),
        )
        made, *rules = _TIES[relation.kind](name, beside, relation, self._to(other), loose)
        return {name: key, beside: made}, rules, {}

    def _clean_of(self, position: int, order: int, relation: Relation) -> Callable[[Any], None] | None:
        """What clean() has to say of a relation."""
        name = f"{relation.kind}_{position}_{order}"
        if relation.kind == "not_self" and not relation.variant % 2:

            def clean(row: Any) -> None:
                if row.pk is not None and getattr(row, f"{name}_id") == row.pk:
                    raise ValidationError({name: "A row is not its own parent."})

            return clean
        if relation.kind == "clean_limited":

            def clean_limited(row: Any) -> None:
                parent = getattr(row, name, None)
                if parent is not None and not getattr(parent, f"is_open_{relation.target}"):
                    raise ValidationError({name: "It is closed."})

            return clean_limited
        return None

    def _either(
        self, position: int, order: int, relation: Relation
    ) -> tuple[dict[str, Any], list[models.BaseConstraint], dict[str, Any]]:
        one, other = f"one_{position}_{order}", f"other_{position}_{order}"
        fields = {
            name: models.ForeignKey(
                f"{self.label}.{model_name(target)}", models.CASCADE, null=True, blank=True, related_name="+"
            )
            for name, target in zip((one, other), either_targets(self.graph, position, relation), strict=True)
        }
        condition = Q(**{f"{one}__isnull": True, f"{other}__isnull": False}) | Q(
            **{f"{one}__isnull": False, f"{other}__isnull": True}
        )
        return fields, [models.CheckConstraint(condition=condition, name=f"{one}_ck")], {}

    def _throughs(self, position: int) -> None:
        for order, relation in enumerate(settled(self.graph, position)):
            if relation.kind != "through":
                continue
            name = through_name(position, order)
            ends = {"one": model_name(position), "other": model_name(relation.target)}
            members: dict[str, Any] = {
                end: models.ForeignKey(f"{self.label}.{model}", models.CASCADE, related_name="+")
                for end, model in ends.items()
            }
            members["since"] = models.DateField()
            members["stars"] = models.PositiveSmallIntegerField(choices=[(n, str(n)) for n in range(1, 6)])
            rules = [models.UniqueConstraint(fields=["one", "other"], name=f"{self.label}_{name}_uq")]
            if relation.variant % 3 == 1:
                members["pk"], rules = models.CompositePrimaryKey("one", "other"), []
            elif relation.variant % 3 == 2:
                members["place"] = models.PositiveSmallIntegerField()
                fields = ["one", "place"]
                rules.append(models.UniqueConstraint(fields=fields, name=f"{self.label}_{name}_place"))
            made = self._class(name, (models.Model,), members, constraints=rules)
            self.built.between[name] = made
            self.built.tables.append(made)


def _with_other(name: str, beside: str, relation: Relation, other: str, loose: dict[str, bool]) -> Any:
    made = models.ForeignKey(other, models.CASCADE, related_name="+", **loose)
    return made, models.UniqueConstraint(fields=[name, beside], name=f"{name}_uq")


def _with_choice(name: str, beside: str, relation: Relation, other: str, loose: dict[str, bool]) -> Any:
    made: Any = (
        models.CharField(max_length=5, choices=[("light", "light"), ("dark", "dark")]),
        models.BooleanField(),
        models.DateField(),
        models.PositiveSmallIntegerField(),
    )[relation.variant % 4]
    return made, models.UniqueConstraint(fields=[name, beside], name=f"{name}_uq")


def _with_flag(name: str, beside: str, relation: Relation, other: str, loose: dict[str, bool]) -> Any:
    rule = models.UniqueConstraint(fields=[name], condition=Q(**{beside: True}), name=f"{name}_uq")
    return models.BooleanField(default=relation.variant % 2 == 0), rule


def _with_status(name: str, beside: str, relation: Relation, other: str, loose: dict[str, bool]) -> Any:
    condition = Q(**{beside: "open", f"{name}__isnull": True}) | Q(
        **{beside: "done", f"{name}__isnull": False}
    )
    made = models.CharField(max_length=4, choices=[("open", "open"), ("done", "done")])
    return made, models.CheckConstraint(condition=condition, name=f"{name}_ck")


def _with_slug(name: str, beside: str, relation: Relation, other: str, loose: dict[str, bool]) -> Any:
    among = models.UniqueConstraint(fields=[name, beside], name=f"{name}_uq")
    roots = models.UniqueConstraint(
        fields=[beside], condition=Q(**{f"{name}__isnull": True}), name=f"{name}_root"
    )
    return models.SlugField(max_length=(6, 50)[relation.variant % 2]), among, roots


def _in_order(name: str, beside: str, relation: Relation, other: str, loose: dict[str, bool]) -> Any:
    rules: list[Any] = [models.CheckConstraint(condition=Q(**{f"{name}__lt": F(beside)}), name=f"{name}_ck")]
    if relation.variant % 2:
        rules.append(models.UniqueConstraint(fields=[name, beside], name=f"{name}_uq"))
    return models.ForeignKey(other, models.CASCADE, related_name="+"), *rules


_TIES: dict[str, Callable[..., Any]] = {
    "unique_pair": _with_other,
    "unique_choice": _with_choice,
    "one_primary": _with_flag,
    "status": _with_status,
    "slug_in_parent": _with_slug,
    "pair_in_order": _in_order,
}
"""What a foreign key is tied to: the other column, and the rule."""


def _generic(name: str, relation: Relation, loose: dict[str, Any], **limits: Any) -> dict[str, Any]:
    kind, key = f"{name}_type", f"{name}_id"
    object_id: models.Field[Any, Any] = (
        models.CharField(max_length=64, null=relation.optional, blank=relation.optional)
        if relation.variant % 2
        else models.PositiveBigIntegerField(null=relation.optional, blank=relation.optional)
    )
    return {
        kind: models.ForeignKey(ContentType, models.CASCADE, **loose, **limits),
        key: object_id,
        name: GenericForeignKey(kind, key, for_concrete_model=relation.variant % 3 != 0),
    }


def _limits(target: int) -> tuple[Any, ...]:
    is_open, shade = f"is_open_{target}", f"shade_{target}"
    return (
        {is_open: True},
        {shade: "dark"},
        Q(**{is_open: False}) & ~Q(**{shade: "dark"}),
        lambda: {is_open: True},
    )


class _Live(models.Manager[Any]):
    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(is_deleted=False)


def _soft_delete() -> dict[str, Any]:
    return {
        "is_deleted": models.BooleanField(default=False),
        "objects": _Live(),
        "everything": models.Manager(),
    }


def _clean(
    model: type[models.Model], rules: Sequence[Callable[[models.Model], None]]
) -> Callable[[Any], None]:
    """clean() of a model: its bases' rules, and its own."""

    def clean(self: Any) -> None:
        super(model, self).clean()
        for rule in rules:
            rule(self)

    return clean
