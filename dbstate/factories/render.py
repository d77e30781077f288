"""Source text of factories: classes that a team owns, which infer what they do not declare."""

from __future__ import annotations

import keyword
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from inspect import getdoc
from math import isfinite

from django.db.models import Model

from dbstate.catalog import Column
from dbstate.errors import DbstateError
from dbstate.factories.base import ModelFactory
from dbstate.factories.blueprint import Blueprint, Relation
from dbstate.values.meanings import snake

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
    """What the models are called in the file, in quotes by their labels where they cannot be imported."""
    own: Mapping[str, str]
    """What the names of dbstate and the standard library are in the file."""

    def reference(self, model: type[Model], module: str, seen: Sequence[type[Model]]) -> str:
        """How a class names the factory of another model; empty where that has none."""
        if model in self.classes:
            name = self.classes[model]
            if model in seen:
                return name
            return f'"{module}.{name}"' if module else f'f"{{__name__}}.{name}"'
        return f'"{self.elsewhere[model]}"' if model in self.elsewhere else ""


def class_source(blueprint: Blueprint, names: Names, module: str, seen: Sequence[type[Model]]) -> str:
    """The class of one model."""
    named = names.models[blueprint.model]
    body = [docstring(blueprint), f"class Meta:\n    model = {named}"]
    traits = trait_lines(blueprint, names, module, seen)
    if traits:
        body.append(params_source(traits))
    declared = relation_lines(blueprint, names, module, seen)
    if declared:
        body.append("\n".join(declared.values()))
    text = "\n\n".join(body)
    instance = named if named[0] != '"' else names.own["Any"]
    base = f"{names.own['ModelFactory']}[{instance}]"
    head = call(f"class {names.classes[blueprint.model]}", base, end=":")
    return f"{head}\n{textwrap.indent(text, '    ')}\n"


def params_source(traits: Mapping[str, str]) -> str:
    """The class that holds the traits."""
    return "class Params:\n" + textwrap.indent("\n".join(traits.values()), "    ")


def relation_lines(
    blueprint: Blueprint, names: Names, module: str, seen: Sequence[type[Model]]
) -> dict[str, str]:
    """By field, the declaration of each required relation to a model that has a factory."""
    return {
        relation.name: call(f"{relation.name} = {names.own['SharedSubFactory']}", reference, indent=4)
        for relation in blueprint.relations
        if relation.required
        and not hasattr(ModelFactory, relation.name)  # it would stand for the method
        and relation.target is not blueprint.table_model  # which row that is takes more than a factory
        and (reference := _reference(relation, names, module, seen))
    }


def _reference(relation: Relation, names: Names, module: str, seen: Sequence[type[Model]]) -> str:
    if relation.target is None or relation.library or relation.limited:
        return ""  # inferred: which row that is takes more than a factory
    return names.reference(relation.target, module, seen)


def trait_lines(
    blueprint: Blueprint, names: Names, module: str, seen: Sequence[type[Model]]
) -> dict[str, str]:
    """By name, the traits: each choice, each optional relation. Those of edge rows are ModelFactory's own."""
    found: dict[str, str] = {}

    def add(name: str, field: str, value: str, argument: str = "") -> None:
        free, number = name, 1
        while free in found or free in blueprint.names or keyword.iskeyword(free):
            number += 1
            free = f"{name}_{number}"
        found[free] = _trait(f"{free} = {names.own['Trait']}", f"{field}={value}", argument)

    for own in blueprint.own:
        column = blueprint.seen.catalog[own.table].column(own.column)
        for place, choice in enumerate(column.choices[:MOST_TRAITS], start=1):
            if told := literal(choice, names.own):
                add(f"{own.name}_{_word(choice) or place}", own.name, told)
    for relation in blueprint.relations:
        reference = "" if relation.required else _reference(relation, names, module, seen)
        if reference:
            add(f"with_{relation.name}", relation.name, names.own["SharedSubFactory"], reference)
    return found


def _word(choice: object) -> str:
    """What a choice is called in the name of its trait: ``minus_1``, ``1_50``, ``2024_02_29``, ``a_plus``."""
    text = re.sub(r"^-(?=\d)", "minus ", str(choice)).replace("+", " plus ")
    word = re.sub(r"\W+", "_", text.lower())[:_SHOWN].strip("_")
    return word if f"_{word}".isidentifier() else ""


def _trait(head: str, value: str, argument: str) -> str:
    """A trait that sets a field to a value, or to a call with this argument."""
    if not argument:
        return call(head, value, indent=8)
    whole = call(head, f"{value}({argument})", indent=8)
    if "\n" not in whole or len(whole.split("\n")[1]) + 8 <= WIDTH:
        return whole
    return f"{head}(\n{textwrap.indent(call(value, argument, indent=12), '    ')}\n)"


def call(head: str, argument: str, *, indent: int = 0, end: str = "") -> str:
    """``head(argument)`` as formatters have it: on one line where it is not too long."""
    line = f"{head}({argument}){end}"
    if len(line) + indent <= WIDTH:
        return line
    name, assigned, function = head.partition(" = ")
    if assigned and len(head) + 1 + indent > WIDTH >= len(f"    {function}({argument})") + indent:
        return f"{name} = (\n    {function}({argument})\n)"
    return f"{head}(\n    {argument}\n){end}"


def literal(value: object, own: Mapping[str, str] | None = None) -> str:
    """The value as source text, as formatters prefer it; empty for a value that has none.

    ``own`` says what the modules of the standard library are called there.
    """
    if isinstance(value, str):
        quote = "'" if value.count('"') > value.count("'") else '"'
        text = "".join(c if c in "'\"" else repr(c)[1:-1] for c in str(value))
        return quote + text.replace(quote, f"\\{quote}") + quote
    if value is None or isinstance(value, bool | int | float):
        return repr(value) if value is None or isfinite(value) else ""
    module, told = type(value).__module__, repr(value).replace("'", '"')
    if module not in ("datetime", "decimal", "uuid") or "zoneinfo" in told:
        return ""
    name = (own or {}).get(module, module)
    told = told.replace(f"{module}.", f"{name}.")
    return told if told.startswith(f"{name}.") else f"{name}.{told}"


# docstrings ------------------------------------------------------------------------------------------


def docstring(blueprint: Blueprint) -> str:
    """What the model is, and what each inferred field gives."""
    text = "\n".join([_summary(blueprint.model), "", INFERRED, *inferred_lines(blueprint).values()])
    return f'"""{text}\n"""'


def _summary(model: type[Model]) -> str:
    """The first sentence of what the model says of itself, else its name."""
    told = getdoc(model) or ""
    paragraph = "" if told.startswith(f"{model.__name__}(") else told.partition("\n\n")[0]  # Django's own
    sentence = re.split(r"(?<=[.!?])\s+(?=[A-Z])", paragraph, maxsplit=1)[0]
    lines = textwrap.wrap(_escaped(sentence) or f"Makes {model._meta.verbose_name_plural}.", WIDTH - 8)
    text = "\n".join(lines)
    return f" {text}" if text.startswith('"') else text


def _escaped(text: str) -> str:
    """Text as it may stand in a docstring."""
    return text.replace("\\", "\\\\").replace('"""', "'''")


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
            del facts[-1]
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
    return f"    {textwrap.shorten(_escaped(f'{name}: {told}'), WIDTH - 8, placeholder=' …')}"


TOLD = {
    "boolean": "True or False",
    "flag: active": "True unless the row is deleted or over",
    "flag: chosen": "False: at most one row is the chosen one",
    "flag: deleted": "True for a row that is deleted",
    "flag: expired": "True for a row that is over",
    "created": "when the row was made",
    "updated": "when the row was last changed, not before it was made",
    "deleted": "when the row was deleted, None while it is not",
    "start": "when it begins",
    "end": "when it is to end, after it begins",
    "ended": "when it ended, after it began",
    "expires": "until when it is valid, after it begins",
    "future": "a time to come",
    "birth": "a date of birth",
}
"""Meanings whose names say little."""


def _facts(column: Column, meaning: str, unique: bool, value: object) -> Iterator[str]:
    if column.choices:
        yield f"one of {', '.join(str(one) for one in column.choices)}"
        return
    told = TOLD.get(meaning) or (meaning.partition(": ")[2] or meaning).replace("_", " ")
    more = [*_more(column, unique, value)]
    repeats = set(told.lower().split()) <= set(snake(column.field).split("_"))
    if told in ("", "moment", "number", column.kind) or (repeats and not more):
        told = KINDS.get(column.kind, column.kind)
    yield told
    yield from more if "None" not in told else [one for one in more if "None" not in one]


def _more(column: Column, unique: bool, value: object) -> Iterator[str]:
    if unique:
        yield "another in each row"
    if column.kind == "text" and column.max_length:
        yield f"at most {column.max_length} characters"
    if column.null:
        yield "None in some rows"
    if shown := _shown(value):
        yield f"such as {shown}"


KINDS = {
    "date": "a date",
    "datetime": "a date and time",
    "duration": "a length of time",
    "float": "a number",
    "integer": "a whole number",
    "json": "a JSON document",
    "uuid": "a UUID",
}
"""What columns hold of which no more is known."""


def _shown(value: object) -> str:
    if not isinstance(value, str | int | Decimal | float) or isinstance(value, bool) or value == "":
        return ""  # moments depend on the day
    text = literal(value) if isinstance(value, str) else str(value)
    if not text.isascii() or len(text) > _SHOWN or "\n" in text or "\\" in text or '"""' in text:
        return ""
    return text
