"""Factory files: what stands in one, what is missing, and the text with that added.

A file is read as a syntax tree and changed as text: lines are put in, and what a person wrote is
never touched. Of a docstring the part below its heading is written anew.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Model

from dbstate.errors import DbstateError
from dbstate.factories.blueprint import Blueprint, blueprint_of
from dbstate.factories.render import (
    INFERRED,
    WIDTH,
    Names,
    class_source,
    docstring,
    inferred_lines,
    params_source,
    relation_lines,
    trait_lines,
)

OWN_NAMES = ("EdgeTrait", "ModelFactory", "SharedSubFactory", "Trait")


class Unreadable(DbstateError):
    """A factory file that is no Python, or no UTF-8."""

    def __init__(self, path: str, error: SyntaxError | UnicodeDecodeError) -> None:
        said = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)
        super().__init__(f"cannot read {path}: {said}; mend it or move it away, it is as it was")
        self.path = path


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing in which a file and the models differ."""

    where: str
    """``app.Model`` or ``app.Model.field``."""
    message: str
    added: bool
    """Whether writing the file mends it; else a person has to."""


@dataclass(slots=True)
class Known:
    """A class of the file that is a factory of a model."""

    node: ast.ClassDef
    model: str
    """As ``Meta.model`` is written: a name, or ``app.Model``."""
    infers: bool
    """Whether it is a ModelFactory, to which is added."""
    declared: dict[str, ast.stmt] = field(default_factory=dict)
    params: ast.ClassDef | None = None
    traits: dict[str, ast.stmt] = field(default_factory=dict)


@dataclass(slots=True)
class File:
    """A factory file as it is."""

    path: str
    text: str
    tree: ast.Module
    known: list[Known]
    imported: dict[str, str]
    """Dotted origin by the name that it has in the file."""
    bound: frozenset[str]
    """Names of all classes, imports and assignments of the file, wherever."""


def read(path: str, text: str) -> File:
    """What stands in the file; Unreadable when it is no Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise Unreadable(path, error) from error
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    inferring = {"ModelFactory"}
    known = []
    for node in classes:
        if inferring & _bases(node):
            inferring.add(node.name)
        model = _model_of(node)
        if model:
            known.append(_known(node, model, node.name in inferring))
    bound = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    bound |= {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    imported = dict(_imports(tree))
    return File(path, text, tree, known, imported, frozenset(bound | imported.keys()))


def _known(node: ast.ClassDef, model: str, infers: bool) -> Known:
    found = Known(node, model, infers, _assigned(node))
    for one in node.body:
        if isinstance(one, ast.ClassDef) and one.name == "Params":
            found.params, found.traits = one, _assigned(one)
    return found


def _assigned(node: ast.ClassDef) -> dict[str, ast.stmt]:
    found: dict[str, ast.stmt] = {}
    for one in node.body:
        targets = (
            one.targets
            if isinstance(one, ast.Assign)
            else [one.target]
            if isinstance(one, ast.AnnAssign)
            else []
        )
        found |= {target.id: one for target in targets if isinstance(target, ast.Name)}
        if isinstance(one, ast.FunctionDef):
            found[one.name] = one
    return found


def _bases(node: ast.ClassDef) -> set[str]:
    names = set()
    for base in node.bases:
        one = base.value if isinstance(base, ast.Subscript) else base
        names.add(one.attr if isinstance(one, ast.Attribute) else one.id if isinstance(one, ast.Name) else "")
    return names


def _model_of(node: ast.ClassDef) -> str:
    for one in node.body:
        if isinstance(one, ast.ClassDef) and one.name == "Meta":
            named = _assigned(one).get("model")
            value = named.value if isinstance(named, ast.Assign | ast.AnnAssign) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                return value.value
            return ast.unparse(value) if value is not None else ""
    return ""


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            yield from ((a.asname or a.name, f"{node.module}.{a.name}") for a in node.names)
        elif isinstance(node, ast.Import):
            yield from ((a.asname or a.name.partition(".")[0], a.name) for a in node.names)


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
    by_class = {names.classes[b.model]: b for b in blueprints}
    there = {k.node.name for k in file.known}
    for known in file.known:
        blueprint = by_class.get(known.node.name)
        if blueprint is None:
            found += _of_another(file, known, blueprints)
        else:
            found += _stale(file, known, blueprint)
            if known.infers:
                changes, lines, gone = _grown(file, known, blueprint, names, module)
                found += changes
                edits += lines
                removals |= gone
            seen.append(blueprint.model)
    added = [b for b in blueprints if names.classes[b.model] not in there]
    for blueprint in [b for b in added if names.classes[b.model] in file.bound]:
        name = names.classes[blueprint.model]
        message = f"has no factory that can be read: {name} is there, but no class whose Meta names the model"
        found.append(Mismatch(blueprint.label, message, False))
        added.remove(blueprint)
    for blueprint in added:
        found.append(Mismatch(blueprint.label, "has no factory", True))
        seen.append(blueprint.model)
        new.append(class_source(blueprint, names, module, seen[:-1]))
    text = _applied(file.text, edits, removals)
    text = text.rstrip("\n") + "\n" if text.strip() else _head(blueprints)
    for source in new:
        text += "\n\n" + source
    return _with_imports(text, added, names.models), found


def _of_another(file: File, known: Known, blueprints: Sequence[Blueprint]) -> Iterator[Mismatch]:
    """What is wrong with a class that is not the first of its model, or of another app's model."""
    for blueprint in blueprints:
        if known.model in (blueprint.label, _written(file, blueprint.model)):
            yield from _stale(file, known, blueprint)
            return
    others = blueprints[0].seen.apps.get_models() if blueprints else ()
    if not any(known.model in (model._meta.label, _short_of(file, model)) for model in others):
        yield Mismatch(known.model, f"{known.node.name} is of a model that is not there", False)


def _stale(file: File, known: Known, blueprint: Blueprint) -> Iterator[Mismatch]:
    """Declarations of what the model does not have (any more)."""
    many = {one.name for one in blueprint.model._meta.many_to_many}
    outside = {one.get_accessor_name() for one in blueprint.model._meta.related_objects}
    for name, node in known.declared.items():
        used = (
            name.startswith("_") or name in blueprint.names or name in many | outside or name in known.traits
        )
        if not used and isinstance(node, ast.Assign) and _is_field(node.value):
            yield Mismatch(
                f"{blueprint.label}.{name}", f"{known.node.name} declares a field that is not there", False
            )
        yield from _nested(file, known, blueprint, name, node)
    for trait, node in known.traits.items():
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            for word in node.value.keywords:
                name = (word.arg or "").partition("__")[0]
                if (
                    name
                    and name not in blueprint.names
                    and name not in many | outside | known.declared.keys()
                ):
                    yield Mismatch(
                        f"{blueprint.label}.{name}",
                        f"trait {trait} of {known.node.name} sets a field that is not there",
                        False,
                    )


def _nested(file: File, known: Known, blueprint: Blueprint, name: str, node: ast.stmt) -> Iterator[Mismatch]:
    """What a declaration gives to the row that a relation names, and neither it nor its factory has."""
    relation = blueprint.relation.get(name)
    value = node.value if isinstance(node, ast.Assign) else None
    if relation is None or relation.target is None or not isinstance(value, ast.Call) or not value.args:
        return
    factories = {one.node.name: one for one in file.known}
    if not ast.unparse(value.func).endswith("SubFactory") or ast.unparse(value.args[0]) not in factories:
        return
    # Any factory of the file may be a base of the one that is named.
    own = {word for one in file.known for word in (*one.declared, *one.traits)}
    taken = own | blueprint_of(blueprint.seen, relation.target).names
    for word in value.keywords:
        root = (word.arg or "").partition("__")[0]
        if root and root not in taken and not root.startswith("edge"):
            where = f"{blueprint.label}.{name}__{root}"
            yield Mismatch(where, f"{known.node.name} declares a field that is not there", False)


def _is_field(value: ast.expr) -> bool:
    """Whether an assigned value stands for a field: an excluded or computed one is the person's own."""
    return not (isinstance(value, ast.Call) and "Lazy" in ast.unparse(value.func))


def _grown(
    file: File, known: Known, blueprint: Blueprint, names: Names, module: str
) -> tuple[list[Mismatch], list[tuple[int, list[str]]], set[int]]:
    """What a class lacks: (mismatches, lines to put in after a line, lines to take out)."""
    before = [m for m in names.classes if _line_of(file, names.classes[m]) < known.node.lineno]
    found: list[Mismatch] = []
    edits: list[tuple[int, list[str]]] = []
    indent = _indent(file, known.node)
    declared = known.declared.keys() | {n.removesuffix("_id") for n in known.declared}
    relations = {
        n: t for n, t in relation_lines(blueprint, names, module, before).items() if n not in declared
    }
    traits = {n: t for n, t in trait_lines(blueprint, names, module, before).items() if n not in known.traits}
    if traits:
        found += [Mismatch(blueprint.label, f"has no trait {name}", True) for name in traits]
        edits.append(_with_traits(file, known, traits, indent))
    if relations:  # after the traits, as the class that holds these may be the last thing in this one
        found += [Mismatch(f"{blueprint.label}.{n}", "is not declared", True) for n in relations]
        edits.append(
            (_end(known.node), textwrap.indent("\n" + "\n".join(relations.values()), indent).split("\n"))
        )
    changes, lines, gone = _documented(file, known, blueprint, indent)
    return found + changes, edits + lines, gone


def _indent(file: File, node: ast.ClassDef) -> str:
    """What the lines of the class's body begin with: spaces or tabs."""
    first = node.body[0]
    return file.text.split("\n")[first.lineno - 1][: first.col_offset]


def _with_traits(file: File, known: Known, traits: Mapping[str, str], indent: str) -> tuple[int, list[str]]:
    if known.params is not None:
        inner = _indent(file, known.params)
        return _end(known.params), textwrap.indent("\n".join(traits.values()), inner).split("\n")
    meta = next(one for one in known.node.body if isinstance(one, ast.ClassDef) and one.name == "Meta")
    return _end(meta), ["", *textwrap.indent(params_source(traits), indent).split("\n")]


def _documented(
    file: File, known: Known, blueprint: Blueprint, indent: str
) -> tuple[list[Mismatch], list[tuple[int, list[str]]], set[int]]:
    """The docstring's part about inferred fields, written anew where it differs."""
    first = known.node.body[0]
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
    found = [Mismatch(f"{blueprint.label}.{n}", "is not described", True) for n in order if n not in there]
    found += [
        Mismatch(f"{blueprint.label}.{n}", "is not there any more", True) for n in there if n not in wanted
    ]
    found += [
        Mismatch(f"{blueprint.label}.{n}", "is described otherwise", True)
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
    return (
        f'"""Factories of {apps}: each infers the fields that it does not declare from its model.\n\n'
        "Written by dbstate_factories, which adds to it what is new; what you change stays.\n"
        "Each has a trait for each edge row, too: edge_null, edge_max, edge_min, edge_zero,\n"
        "edge_unicode, edge_past, edge_expired.\n"
        '"""\n\nfrom __future__ import annotations\n'
    )


def _with_imports(text: str, blueprints: Sequence[Blueprint], models: Mapping[type[Model], str]) -> str:
    """The text with an import of each name that it uses and does not have."""
    tree = ast.parse(text)
    have = {name for name, _ in _imports(tree)}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    needed = [name for name in OWN_NAMES if name in used - have]
    third = [f"from dbstate.factories import {', '.join(needed)}"] if needed else []
    by_module: dict[str, list[str]] = {}
    for blueprint in blueprints:
        model, name = blueprint.model, models[blueprint.model]
        if name in used - have:
            short = model.__name__
            by_module.setdefault(model.__module__, []).append(name if name == short else f"{short} as {name}")
    own = [line for module in sorted(by_module) for line in _from(module, sorted(by_module[module]))]
    blocks = [block for block in (third, own) if block]
    if not blocks:
        return text
    at = max((n.end_lineno or 0 for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)), default=0)
    if at == 0 and tree.body and isinstance(tree.body[0], ast.Expr):
        at = tree.body[0].end_lineno or 0
    lines = text.split("\n")
    fresh = [line for block in blocks for line in ("", *block)]
    if have - {"annotations"}:
        fresh = [line for line in fresh if line]
    return "\n".join([*lines[:at], *fresh, *lines[at:]])


def _from(module: str, names: Sequence[str]) -> list[str]:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return [line]
    return [f"from {module} import (", *(f"    {name}," for name in names), ")"]


__all__ = ["File", "Mismatch", "Unreadable", "docstring", "read", "render"]


def model_names(blueprints: Sequence[Blueprint], file: File) -> Mapping[type[Model], str]:
    """What each model is called in the file: ``OrderLine`` where another one is ``Line`` already."""
    taken = {*file.imported, *(known.node.name for known in file.known), *OWN_NAMES}
    names: dict[type[Model], str] = {}
    for blueprint in blueprints:
        model = blueprint.model
        name = _short_of(file, model)
        if not name:
            name = model.__name__
            if name in taken:
                name = f"{_prefix(model)}{name}"
            while name in taken:
                name += "Model"
        taken.add(name)
        names[model] = name
    return names


def _prefix(model: type[Model]) -> str:
    return model._meta.app_label.title().replace("_", "")


def class_names(blueprints: Sequence[Blueprint], file: File) -> Mapping[type[Model], str]:
    """The class of each model: the file's own where it has one, else ``<Model>Factory``."""
    taken: dict[str, type[Model]] = {}
    names: dict[type[Model], str] = {}
    by_model = {known.model: known.node.name for known in reversed(file.known)}
    for blueprint in blueprints:
        model = blueprint.model
        own = by_model.get(blueprint.label) or by_model.get(_written(file, model))
        name = own or f"{model.__name__}Factory"
        if name in taken:
            name = f"{_prefix(model)}{name}"
        taken[name] = model
        names[model] = name
    return names


def _written(file: File, model: type[Model]) -> str:
    """How the file's classes name a model; empty where its name is another one's there."""
    name = model.__name__
    return _short_of(file, model) or ("" if name in file.imported else name)


def _short_of(file: File, model: type[Model]) -> str:
    """The name under which the file has imported a model; empty where it has not."""
    for name, origin in file.imported.items():
        if origin == f"{model.__module__}.{model.__name__}":
            return name
    for name, origin in file.imported.items():
        place, _, short = origin.rpartition(".")
        if short == model.__name__ and f"{model.__module__}.".startswith(f"{place}."):
            return name  # a package that has the models of its modules
        if origin.endswith("models") and any(k.model == f"{name}.{model.__name__}" for k in file.known):
            return f"{name}.{model.__name__}"
    return ""
