"""Factory files: what is missing in one, where it does not match the models, the text with that added.

A file is read as a syntax tree and changed as text: lines are put in, and what a person wrote is
never touched. Of a docstring the part below its heading is written anew.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db.models import Model

from dbstate.factories.blueprint import Blueprint, blueprint_of
from dbstate.factories.importing import Wanted, with_imports
from dbstate.factories.reading import File, Known, Unreadable, module_of_class
from dbstate.factories.render import (
    INFERRED,
    WIDTH,
    Names,
    class_source,
    inferred_lines,
    literal,
    params_source,
    relation_lines,
    trait_lines,
)

OWN_NAMES = {
    "Any": Wanted("typing", "Any"),
    "EdgeTrait": Wanted("dbstate.factories", "EdgeTrait"),
    "ModelFactory": Wanted("dbstate.factories", "ModelFactory"),
    "SharedSubFactory": Wanted("dbstate.factories", "SharedSubFactory"),
    "Trait": Wanted("dbstate.factories", "Trait"),
    "datetime": Wanted("datetime"),
    "decimal": Wanted("decimal"),
    "uuid": Wanted("uuid"),
}
"""What the classes are written with, beside models."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing in which a file and the models differ."""

    where: str
    """``app.Model`` or ``app.Model.field``."""
    message: str
    added: bool
    """Whether writing the file mends it; else a person has to."""


# new text ----------------------------------------------------------------------------------------------


def render(
    file: File, blueprints: Sequence[Blueprint], names: Names, module: str
) -> tuple[str, list[Mismatch]]:
    """The file's text with all that is missing, and in what it does not match the models.

    ``blueprints`` are in dependency order; classes of models that have none are added at the end.
    """
    edits: list[tuple[int, list[str]]] = []
    removals: set[int] = set()
    found: list[Mismatch] = []
    seen: list[type[Model]] = []
    new: list[str] = []
    by_model = {b.model: b for b in blueprints}
    for known in file.known:
        if known.model is None:
            told = f"{known.node.name} is of a model that is not there"
            found.append(Mismatch(known.written, told, False))
            continue
        blueprint = by_model.get(known.model) or _of_another_app(known.model, blueprints)
        if blueprint is not None:
            found += _stale(file, known, blueprint)
        if blueprint is not None and names.classes.get(known.model) == known.node.name:
            seen.append(known.model)
            if known.infers:
                changes, lines, gone = _grown(file, known, blueprint, names, module)
                found += changes
                edits += lines
                removals |= gone
    for blueprint in [b for b in blueprints if b.model not in seen]:
        name, label = names.classes[blueprint.model], blueprint.model._meta.label
        if name in file.bound:
            message = (
                f"has no factory that can be read: {name} is there, but no class whose Meta names the model"
            )
            found.append(Mismatch(label, message, False))
            continue
        found.append(Mismatch(label, "has no factory", True))
        new.append(class_source(blueprint, names, module, seen))
        seen.append(blueprint.model)
    text = _applied(file.text, edits, removals)
    if new:
        text = text.rstrip("\n") + "\n" if text.strip() else _head(blueprints)
    for source in new:
        text += "\n\n" + source
    text = _with_imports(file, text, names, module)
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise Unreadable(f"{file.path} with what is missing added", error) from error
    return text, found


def _of_another_app(model: type[Model], blueprints: Sequence[Blueprint]) -> Blueprint | None:
    """How a model is made of which the file has a factory, but whose place is another file."""
    seen = blueprints[0].seen
    known = model._meta.db_table in seen.catalog.tables and not model._meta.swapped
    return blueprint_of(seen, model) if known else None


# what does not match -------------------------------------------------------------------------------------


def _stale(file: File, known: Known, blueprint: Blueprint) -> Iterator[Mismatch]:
    """Declarations of what the model does not have (any more)."""
    meta, name_of = blueprint.model._meta, known.node.name
    taken = blueprint.names | {one.name for one in meta.many_to_many} | known.words
    taken |= {accessor for one in meta.related_objects if (accessor := one.get_accessor_name())}
    for name, value in known.declared.items():
        root = name.partition("__")[0]
        if value is None or not root:
            continue
        if root not in taken and not _stands_alone(value):
            yield Mismatch(f"{meta.label}.{name}", f"{name_of} declares a field that is not there", False)
        yield from _no_choice(blueprint, name, value, name_of)
        yield from _nested(file, blueprint, name, value, name_of)
    for trait, value in known.traits.items():
        for word in value.keywords if isinstance(value, ast.Call) else ():
            root = (word.arg or "").partition("__")[0]
            who = f"trait {trait} of {name_of}"
            if root and root not in taken | known.declared.keys():
                yield Mismatch(f"{meta.label}.{root}", f"{who} sets a field that is not there", False)
            yield from _no_choice(blueprint, word.arg or "", word.value, who)


def _stands_alone(value: ast.expr) -> bool:
    """Whether the value may have any name: computed for others, or of what happens after the row is made."""
    words = ("Lazy", "Related", "PostGeneration", "post_generation")
    return isinstance(value, ast.Call) and any(word in ast.unparse(value.func) for word in words)


def _no_choice(blueprint: Blueprint, name: str, value: ast.expr, who: str) -> Iterator[Mismatch]:
    """A plain value that the field's choices do not have."""
    place = blueprint.columns.get(name)
    choices = blueprint.seen.catalog[place[0]].column(place[1]).choices if place else ()
    try:
        given = ast.literal_eval(value)
    except (ValueError, TypeError):
        return
    if choices and given not in (*choices, None, ""):
        label = blueprint.model._meta.label
        yield Mismatch(f"{label}.{name}", f"{who} sets {literal(given)}, which is no choice", False)


def _nested(file: File, blueprint: Blueprint, name: str, value: ast.expr, who: str) -> Iterator[Mismatch]:
    """What a declaration gives to the row that a relation names, and neither it nor its factory has."""
    relation = blueprint.relation.get(name)
    if relation is None or relation.target is None or not isinstance(value, ast.Call) or not value.args:
        return
    factories = {one.node.name for one in file.known}
    if not ast.unparse(value.func).endswith("SubFactory") or ast.unparse(value.args[0]) not in factories:
        return
    # Any factory of the file may be a base of the one that is named.
    own = {word for one in file.known for word in (*one.declared, *one.words)}
    target = blueprint_of(blueprint.seen, relation.target)
    taken = own | target.names
    for word in value.keywords:
        yield from _no_choice(target, word.arg or "", word.value, f"{who}, for {name},")
        root = (word.arg or "").partition("__")[0]
        if root and root not in taken and not root.startswith("edge"):
            where = f"{blueprint.model._meta.label}.{name}__{root}"
            yield Mismatch(where, f"{who} declares a field that is not there", False)


# what is missing -----------------------------------------------------------------------------------------


def _grown(
    file: File, known: Known, blueprint: Blueprint, names: Names, module: str
) -> tuple[list[Mismatch], list[tuple[int, list[str]]], set[int]]:
    """What a class lacks: (mismatches, lines to put in after a line, lines to take out)."""
    before = [m for m in names.classes if _line_of(file, names.classes[m]) < known.node.lineno]
    found: list[Mismatch] = []
    label = blueprint.model._meta.label
    indent, edits, gone = _opened(file, known.node)
    declared = known.declared.keys() | {n.removesuffix("_id") for n in known.declared}
    relations = {
        n: t for n, t in relation_lines(blueprint, names, module, before).items() if n not in declared
    }
    same = {ast.unparse(value) for value in known.traits.values() if value is not None}
    traits = {
        n: t
        for n, t in trait_lines(blueprint, names, module, before).items()
        if n not in known.traits
        and not same & {ast.unparse(a.value) for a in ast.walk(ast.parse(t)) if isinstance(a, ast.Assign)}
    }
    if traits:
        found += [Mismatch(label, f"has no trait {name}", True) for name in traits]
        lines, opened = _with_traits(file, known, traits, indent)
        edits, gone = edits + lines, gone | opened
    if relations:  # after the traits, as the class that holds these may be the last thing in this one
        found += [Mismatch(f"{label}.{n}", "is not declared", True) for n in relations]
        edits.append(
            (_end(known.node), textwrap.indent("\n" + "\n".join(relations.values()), indent).split("\n"))
        )
    changes, lines, removed = _documented(file, known, blueprint, indent)
    return found + changes, edits + lines, gone | removed


def _opened(file: File, node: ast.ClassDef) -> tuple[str, list[tuple[int, list[str]]], set[int]]:
    """What its lines begin with; lines to put in and to take out, for a body on the line of the class."""
    first = node.body[0]
    line = file.text.split("\n")[first.lineno - 1]
    column = len(line.encode()[: first.col_offset].decode())
    if not line[:column].strip():
        return line[:column], [], set()
    outer = line[: len(line) - len(line.lstrip())]
    indent = outer * 2 or "    "
    parted = [line[:column].rstrip(), f"{indent}{line[column:]}"]
    return indent, [(first.lineno, parted)], {first.lineno}


def _with_traits(
    file: File, known: Known, traits: Mapping[str, str], indent: str
) -> tuple[list[tuple[int, list[str]]], set[int]]:
    """Lines to put in after a line, and lines to take out."""
    if known.params is None:
        new = textwrap.indent(params_source(traits), indent).split("\n")
        return [(_end(known.meta or known.node), ["", *new])], set()
    inner, edits, gone = _opened(file, known.params)
    new = textwrap.indent("\n".join(traits.values()), inner).split("\n")
    return [*edits, (_end(known.params), new)], gone


def _documented(
    file: File, known: Known, blueprint: Blueprint, indent: str
) -> tuple[list[Mismatch], list[tuple[int, list[str]]], set[int]]:
    """The docstring's part about inferred fields, written anew where it differs."""
    first, label = known.node.body[0], blueprint.model._meta.label
    if not (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        return [], [], set()
    lines = file.text.split("\n")
    start, end = first.lineno, first.end_lineno or first.lineno
    heading = next((n for n in range(start, end + 1) if lines[n - 1].strip() == INFERRED), None)
    if heading is None:
        return [], [], set()
    wanted = {
        n: f"{indent}{line}" for n, line in inferred_lines(blueprint).items() if n not in known.declared
    }
    wanted |= {
        n: f"{indent}{line}" for n, line in inferred_lines(blueprint).items() if n in blueprint.relation
    }
    stop = heading
    while stop + 1 < end and lines[stop].startswith(f"{indent}    ") and ":" in lines[stop]:
        stop += 1
    there = {line.strip().partition(":")[0]: line for line in lines[heading:stop]}
    order = [n for n in inferred_lines(blueprint) if n in wanted]
    if [*there] == order and all(_same(there[n], wanted[n]) for n in order):
        return [], [], set()
    found = [Mismatch(f"{label}.{n}", "is not described", True) for n in order if n not in there]
    found += [Mismatch(f"{label}.{n}", "is not there any more", True) for n in there if n not in wanted]
    found += [
        Mismatch(f"{label}.{n}", "is described otherwise", True)
        for n in order
        if n in there and not _same(there[n], wanted[n])
    ]
    return found, [(heading, [wanted[n] for n in order])], set(range(heading + 1, stop + 1))


def _same(there: str, wanted: str) -> bool:
    """Whether two lines say the same of a field: its example may be another one."""
    return there.partition(", such as ")[0] == wanted.partition(", such as ")[0]


def _line_of(file: File, name: str) -> int:
    return next((k.node.lineno for k in file.known if k.node.name == name), 1 << 30)


def _end(node: ast.ClassDef) -> int:
    return node.end_lineno or node.lineno


def _applied(text: str, edits: Sequence[tuple[int, list[str]]], removals: set[int]) -> str:
    if not edits and not removals:
        return text
    after: dict[int, list[str]] = {}
    for line, new in edits:
        after.setdefault(line, []).extend(new)
    out: list[str] = []
    for number, old in enumerate(text.split("\n"), start=1):
        if number not in removals:
            out.append(old)
        out += after.get(number, [])
    return "\n".join(out)


# the head of a file --------------------------------------------------------------------------------------


def _head(blueprints: Sequence[Blueprint]) -> str:
    apps = ", ".join(dict.fromkeys(b.model._meta.app_label for b in blueprints))
    told = f'"""Factories of {apps}: each infers the fields that it does not declare from its model.'
    return (
        "\n".join(textwrap.wrap(told, WIDTH)) + "\n\n"
        "Written by dbstate_factories, which adds to it what is new; what you change stays.\n"
        "Each has a trait for each edge row, too: edge_null, edge_max, edge_min, edge_zero,\n"
        "edge_unicode, edge_past, edge_expired.\n"
        '"""\n\nfrom __future__ import annotations\n'
    )


def _with_imports(file: File, text: str, names: Names, module: str) -> str:
    """The text with an import of each name that it uses and does not have."""
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    wanted = [
        Wanted(own.module, own.name, names.own[name])
        for name, own in OWN_NAMES.items()
        if names.own[name] in used - file.sure
    ]
    for model, written in names.models.items():
        bound = written.partition(".")[0]
        if bound in used - file.sure:
            wanted.append(Wanted(module_of_class(model), model.__qualname__.partition(".")[0], bound))
    wanted = list({one.bound: one for one in wanted}.values())
    return with_imports(text, wanted, Path(file.path), module, WIDTH)


def _dotted(own: Wanted) -> str:
    return f"{own.module}.{own.name}" if own.name else own.module


# names -----------------------------------------------------------------------------------------------


def names_of(
    blueprints: Sequence[Blueprint],
    file: File,
    classes: Mapping[type[Model], str],
    elsewhere: Mapping[type[Model], str],
) -> Names:
    """What everything is called in the file, where names that it has stay what they are."""
    own = {}
    for name, one in OWN_NAMES.items():
        there = [bound for bound in file.imported if file.has(bound, _dotted(one))]
        free = (
            name if name not in file.bound else f"Dbstate{name}" if name[0].isupper() else f"dbstate_{name}"
        )
        own[name] = there[0] if there else free
    taken = {*file.bound, *classes.values(), *own.values()}
    models: dict[type[Model], str] = {}
    tops: dict[str, str] = {}
    for model in (blueprint.model for blueprint in blueprints):
        written = [known.written for known in file.known if known.model is model and "." in known.written]
        module = module_of_class(model)
        if not module:
            models[model] = f'"{model._meta.label}"'
        elif written and written[0].partition(".")[0] in file.imported:
            models[model] = written[0]
        else:
            top, dot, inner = model.__qualname__.partition(".")
            place = f"{module}.{top}"
            there = [bound for bound in file.imported if file.has(bound, place)]
            tops.setdefault(place, there[0] if there else _free(top, model, taken | {*tops.values()}))
            models[model] = f"{tops[place]}{dot}{inner}"
    return Names(classes, elsewhere, models, own)


def class_names(blueprints: Sequence[Blueprint], file: File) -> Mapping[type[Model], str]:
    """The class of each model: the file's own where it has one, else ``<Model>Factory``."""
    own = {one.model: one.node.name for one in reversed(file.known) if one.model and not one.abstract}
    models = {name for name in file.imported if file.is_model(name)}
    names: dict[type[Model], str] = {}
    for model in (blueprint.model for blueprint in blueprints):
        taken = models | {*own.values(), *names.values()}
        names[model] = own.get(model) or _free(f"{model.__name__}Factory", model, taken)
    return names


def _free(name: str, model: type[Model], taken: set[str]) -> str:
    """The name, with the app's before it where it is taken."""
    while name in taken:
        name = f"{model._meta.app_label.title().replace('_', '')}{name}"
    return name
