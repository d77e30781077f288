"""Factory files as they are: their classes, the models of these, and the names that are taken."""

from __future__ import annotations

import ast
import io
import symtable
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps.registry import Apps
from django.conf import settings
from django.db.models import Model

from dbstate.errors import DbstateError


class Unreadable(DbstateError):
    """A factory file that is no Python, or not in the encoding that it names."""

    def __init__(self, path: str, error: SyntaxError | ValueError) -> None:
        place = f"line {error.lineno}: " if isinstance(error, SyntaxError) and error.lineno else ""
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        super().__init__(f"cannot read {path}: {place}{said}; mend it or move it away, it is as it was")
        self.path = path


@dataclass(slots=True)
class Known:
    """A class of the file that is a factory of a model."""

    node: ast.ClassDef
    written: str
    """As ``Meta.model`` is written, or that of a base."""
    model: type[Model] | None
    """None where there is no such model."""
    infers: bool
    """Whether it is a ModelFactory, to which is added."""
    abstract: bool
    meta: ast.ClassDef | None
    params: ast.ClassDef | None
    declared: dict[str, ast.expr | None]
    """What is assigned to each name; None for a function."""
    traits: dict[str, ast.expr | None]
    """The same of ``Params``."""
    words: set[str] = field(default_factory=set)
    """Names that its bases of the file declare, its parameters, and what Meta excludes or renames."""


@dataclass(slots=True)
class File:
    """A factory file as it is."""

    path: str
    text: str
    encoding: str
    known: list[Known]
    imported: dict[str, str]
    """Dotted origin by the name that it has in the file, also of imports under an ``if``."""
    sure: frozenset[str]
    """Names of imports that are no part of another statement."""
    bound: frozenset[str]
    """All names of the module: classes, functions, imports, assignments, also those under an ``if``."""

    def has(self, name: str, origin: str) -> bool:
        """Whether the name stands in the file for what is found at this dotted place."""
        there = self.imported.get(name)
        return there == origin or (there is not None and _at(there) is not None and _at(there) is _at(origin))

    def is_model(self, name: str) -> bool:
        """Whether the name stands in the file for a model that it imports."""
        found = _at(self.imported[name])
        return isinstance(found, type) and issubclass(found, Model)


def decoded(path: str, source: bytes) -> tuple[str, str]:
    """Text and encoding of Python source, by Python's own rules; line ends are those that it reads."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        return io.IncrementalNewlineDecoder(None, True).decode(source.decode(encoding), final=True), encoding
    except (SyntaxError, ValueError) as error:
        raise Unreadable(path, error) from error


def read(path: str, source: bytes, module: str, apps: Apps) -> File:
    """What stands in the file of this module; Unreadable when it is no Python."""
    text, encoding = decoded(path, source)
    try:
        tree = ast.parse(text)
        names = symtable.symtable(text, path, "exec").get_symbols()
    except (SyntaxError, ValueError) as error:
        raise Unreadable(path, error) from error
    sure = dict(_imports(tree.body, module))
    imported = {**dict(_imports(ast.walk(tree), module)), **sure}
    bound = frozenset(one.get_name() for one in names if one.is_assigned() or one.is_imported())
    file = File(path, text, encoding, [], imported, frozenset(sure), bound)
    assigned = _assigned(tree)
    inferring = {"ModelFactory"} | {n for n in imported if file.has(n, "dbstate.factories.ModelFactory")}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            bases = _bases(node)
            if inferring & bases:
                inferring.add(node.name)
            above = [one for one in file.known if one.node.name in bases]
            if not above and not any("Factory" in f"{base} {imported.get(base)}" for base in bases):
                continue  # a form, a serializer: they have a Meta with a model, too
            known = _known(node, above, node.name in inferring)
            if known is not None:
                if known.model is None:
                    known.model = _model(known.written, imported, assigned, apps)
                file.known.append(known)
    return file


def _known(node: ast.ClassDef, above: list[Known], infers: bool) -> Known | None:
    inner = {one.name: one for one in node.body if isinstance(one, ast.ClassDef)}
    meta = _assigned(inner["Meta"]) if "Meta" in inner else {}
    value = meta.get("model")
    if value is None and not above:
        return None
    written, model = (above[0].written, above[0].model) if value is None else (ast.unparse(value), None)
    params = inner.get("Params")
    traits = _assigned(params) if params is not None else {}
    words = {*traits, *(word for one in above for word in (*one.declared, *one.words))}
    for name in ("exclude", "rename", "inline_args"):
        given = meta.get(name)
        words |= {n.value for n in ast.walk(given or ast.Tuple([])) if _is_text(n)}  # type: ignore[attr-defined]
    abstract = ast.unparse(meta.get("abstract") or ast.Constant(False)) == "True"
    return Known(
        node, written, model, infers, abstract, inner.get("Meta"), params, _assigned(node), traits, words
    )


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _assigned(node: ast.ClassDef | ast.Module) -> dict[str, ast.expr | None]:
    found: dict[str, ast.expr | None] = {}
    for one in node.body:
        if isinstance(one, ast.Assign):
            found |= {target.id: one.value for target in one.targets if isinstance(target, ast.Name)}
        elif isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.value is not None:
            found[one.target.id] = one.value
        elif isinstance(one, ast.FunctionDef):
            found[one.name] = None
    return found


def _bases(node: ast.ClassDef) -> set[str]:
    names = set()
    for base in node.bases:
        one = base.value if isinstance(base, ast.Subscript) else base
        names.add(one.attr if isinstance(one, ast.Attribute) else one.id if isinstance(one, ast.Name) else "")
    return names


def _imports(nodes: Iterable[ast.AST], module: str) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            place = origin_of(node, module)
            names = [(a.asname or a.name, a.name) for a in node.names if a.name != "*"]
            if len(names) < len(node.names):
                loaded = vars(sys.modules.get(place, ast.Module))
                names += [(n, n) for n in loaded.get("__all__", loaded) if not n.startswith("_")]
            yield from ((bound, f"{place}.{name}") for bound, name in names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)


def origin_of(node: ast.ImportFrom, module: str) -> str:
    """The module that names are imported from, also where it is told relatively to this one."""
    above = module.split(".")[: -node.level] if node.level else []
    return ".".join([*above, *([node.module] if node.module else [])])


# models ----------------------------------------------------------------------------------------------


def module_of_class(model: type[Model]) -> str:
    """The module that a model is imported from: its app's ``models`` where it is there; empty for none."""
    models = getattr(model._meta.app_config, "models_module", None)
    for module in (getattr(models, "__name__", model.__module__), model.__module__):
        if _at(f"{module}.{model.__qualname__}") is model:
            return module
    return ""


def _at(place: str) -> object:
    """What is found at a dotted place of the modules that are loaded; None where nothing is."""
    parts = place.split(".")
    for length in range(len(parts), 0, -1):
        found: Any = sys.modules.get(".".join(parts[:length]))
        if found is not None:
            for part in parts[length:]:
                found = getattr(found, part, None)
            return found
    return None


def _model(
    written: str, imported: Mapping[str, str], assigned: Mapping[str, ast.expr | None], apps: Apps
) -> type[Model] | None:
    """The model that an expression of the file names."""
    node = ast.parse(written, mode="eval").body
    while isinstance(node, ast.Name) and (value := assigned.get(node.id)) and node.id not in imported:
        assigned = {name: one for name, one in assigned.items() if name != node.id}
        node = value
    told = ast.unparse(node)
    if told.endswith(("get_user_model()", "settings.AUTH_USER_MODEL")):
        label = settings.AUTH_USER_MODEL
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("get_model"):
        label = ".".join(str(one.value) for one in node.args if isinstance(one, ast.Constant))
    elif isinstance(node, ast.Constant):
        label = str(node.value)
    else:
        name, dot, rest = told.partition(".")
        found = _at(f"{imported.get(name, '')}{dot}{rest}")
        return found if isinstance(found, type) and issubclass(found, Model) else None
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None
