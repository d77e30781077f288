"""Source text of factories: classes that a team owns, which infer what they do not declare."""

from __future__ import annotations

import keyword
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from inspect import cleandoc, getdoc

from django.db.models import Model

from dbstate.catalog import Column
from dbstate.errors import DbstateError
from dbstate.factories.blueprint import Blueprint, Relation

WIDTH = 88
"""Columns of a line, as black and ruff format have them."""
INFERRED = "Inferred, as dbstate_factories keeps it up:"
"""Heading of the part of a docstring that is written anew each time."""
MOST_TRAITS = 20
"""Choices of a field that get a trait each."""
_SHOWN = 44


@dataclass(frozen=True, slots=True)
class Names:
    """What the classes are called, and where others are found."""

    classes: Mapping[type[Model], str]
    """Classes of the file, in the order in which they stand there."""
    elsewhere: Mapping[type[Model], str]
    """Dotted paths of factories in other files."""
    models: Mapping[type[Model], str]
    """What the models are called in the file: by their names, where these are not taken by others."""

    def reference(self, model: type[Model], module: str, seen: Sequence[type[Model]]) -> str:
        """How a class names the factory of another model; empty where that has none."""
        if model in self.classes:
            name = self.classes[model]
            return name if model in seen else f'"{module}.{name}"'
        return f'"{self.elsewhere[model]}"' if model in self.elsewhere else ""


def class_source(blueprint: Blueprint, names: Names, module: str, seen: Sequence[type[Model]]) -> str:
    """The class of one model."""
    model = blueprint.model
    named = names.models[model]
    body = [docstring(blueprint), f"class Meta:\n    model = {named}"]
    traits = trait_lines(blueprint, names, module, seen)
    if traits:
        body.append(params_source(traits))
    declared = relation_lines(blueprint, names, module, seen)
    if declared:
        body.append("\n".join(declared.values()))
    text = "\n\n".join(body)
    return f"class {names.classes[model]}(ModelFactory[{named}]):\n{textwrap.indent(text, '    ')}\n"


def params_source(traits: Mapping[str, str]) -> str:
    """The class that holds the traits."""
    return "class Params:\n" + textwrap.indent("\n".join(traits.values()), "    ")


def relation_lines(
    blueprint: Blueprint, names: Names, module: str, seen: Sequence[type[Model]]
) -> dict[str, str]:
    """By field, the declaration of each required relation to a model that has a factory."""
    return {
        relation.name: f"{relation.name} = SharedSubFactory({reference})"
        for relation in blueprint.relations
        if relation.required and (reference := _reference(blueprint, relation, names, module, seen))
    }


def _reference(
    blueprint: Blueprint, relation: Relation, names: Names, module: str, seen: Sequence[type[Model]]
) -> str:
    target = relation.target
    if target is None or relation.library or relation.limited or target is blueprint.model:
        return ""  # inferred: which row that is takes more than a factory
    return names.reference(target, module, seen)


def trait_lines(
    blueprint: Blueprint, names: Names, module: str, seen: Sequence[type[Model]]
) -> dict[str, str]:
    """By name, the traits: each choice, each optional relation. Those of edge rows are ModelFactory's own."""
    found: dict[str, str] = {}
    for own in blueprint.own:
        column = blueprint.seen.catalog[own.table].column(own.column)
        for choice in column.choices[:MOST_TRAITS] if column.kind in ("text", "integer") else ():
            word = re.sub(r"\W+", "_", str(choice).lower()).strip("_")
            name = f"{own.name}_{word}"
            if word and name.isidentifier() and name not in blueprint.names and name not in found:
                found[name] = _call(name, "Trait", f"{own.name}={literal(choice)}")
    for relation in blueprint.relations:
        reference = "" if relation.required else _reference(blueprint, relation, names, module, seen)
        if reference:
            name = f"with_{relation.name}"
            found[name] = _call(name, "Trait", f"{relation.name}=SharedSubFactory({reference})")
    return {name: line for name, line in found.items() if not keyword.iskeyword(name)}


def _call(name: str, function: str, argument: str) -> str:
    line = f"{name} = {function}({argument})"
    if len(line) + 8 <= WIDTH:
        return line
    return f"{name} = {function}(\n    {argument}\n)"


def literal(value: object) -> str:
    """The value as source text, with the quotes that formatters prefer."""
    if isinstance(value, str):
        shown = repr(value)
        return shown if '"' in value or "\\" in shown else f'"{shown[1:-1]}"'
    return repr(value)


# docstrings ------------------------------------------------------------------------------------------


def docstring(blueprint: Blueprint) -> str:
    """What the model is, and what each inferred field gives."""
    text = "\n".join([_summary(blueprint.model), "", INFERRED, *inferred_lines(blueprint).values()])
    return f'"""{text}\n"""'


def _summary(model: type[Model]) -> str:
    told = getdoc(model) or ""
    generated = told.startswith(f"{model.__name__}(")
    first = cleandoc(told).partition("\n")[0] if told and not generated else ""
    first = first.replace("\\", "\\\\").replace('"""', "'''")
    name = str(model._meta.verbose_name)
    return textwrap.shorten(first or f"{name[:1].upper()}{name[1:]}.", WIDTH - 8, placeholder=" …")


def inferred_lines(blueprint: Blueprint) -> dict[str, str]:
    """By field, one line that says what is inferred."""
    found: dict[str, str] = {}
    row = _example(blueprint)
    for own in blueprint.own:
        column = blueprint.seen.catalog[own.table].column(own.column)
        source = blueprint.own_columns[own.table].sources[own.column]
        unique = own.column in blueprint.own_columns[own.table].unique.wide
        facts = [*_facts(column, source.meaning, unique, row.get(own.name))]
        while len(facts) > 1 and len(own.name) + 2 + len(", ".join(facts)) > WIDTH - 12:
            facts.pop()
        found[own.name] = _line(own.name, ", ".join(facts))
    for relation in blueprint.relations:
        if relation.required:
            found[relation.name] = _line(relation.name, f"a row of {_target(relation)}")
        elif not relation.tree:
            found[relation.name] = _line(
                relation.name, f"nothing unless asked for: a row of {_target(relation)}"
            )
    return found


def _example(blueprint: Blueprint) -> Mapping[str, object]:
    try:
        return blueprint.row(dict.fromkeys(blueprint.chain, 0))
    except DbstateError:  # no value can be made: creating says why, a docstring goes without examples
        return {}


def _target(relation: Relation) -> str:
    return "any model" if relation.target is None else relation.target._meta.label


def _line(name: str, told: str) -> str:
    return f"    {textwrap.shorten(f'{name}: {told}', WIDTH - 8, placeholder=' …')}"


def _facts(column: Column, meaning: str, unique: bool, value: object) -> Iterator[str]:
    if column.choices:
        yield f"one of {', '.join(str(one) for one in column.choices)}"
        return
    yield (
        meaning.partition(": ")[2].replace("_", " ") or meaning.replace("_", " ") if meaning else column.kind
    )
    if unique:
        yield "another in each row"
    if column.kind == "text" and column.max_length:
        yield f"at most {column.max_length} characters"
    shown = _shown(value)
    if shown:
        yield f"such as {shown}"


def _shown(value: object) -> str:
    if not isinstance(value, str | int | Decimal | float) or isinstance(value, bool) or value == "":
        return ""  # moments depend on the day
    text = literal(value) if isinstance(value, str) else str(value)
    if not text.isascii() or len(text) > _SHOWN or "\n" in text or "\\" in text or '"""' in text:
        return ""
    return text
