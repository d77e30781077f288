"""Columns that keep a tree in its table, for django-mptt, django-treebeard and django-treenode.

Keyed by dotted base class, so that no library is imported. Adjacency lists need nothing: their
parent is an ordinary foreign key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from django.db import DEFAULT_DB_ALIAS

from dbstate.routing import Uses, asked_first

Parents = Sequence[int | None]
"""For each row the index of its parent among these rows; None for a root. Parents come first."""
Lines = Sequence[dict[str, Any]]
"""For each row its values by column."""

FAN_OUT = 3
ROOT_EVERY = 8


class Tree(Protocol):
    """How a table keeps its tree."""

    columns: tuple[str, ...]
    parent: str | None
    """Name of the foreign key to the parent, if there is one."""

    def place(self, parents: Parents, lines: Lines) -> None:
        """Write the tree's columns into the lines: new trees behind those that are there."""

    def settle(self) -> None:
        """After the rows are in the database: let the library put in order what it orders itself."""


def shape(count: int) -> list[int | None]:
    """Parents for rows of a table without a foreign key to the parent."""
    return [
        None if i % ROOT_EVERY == 0 else i - i % ROOT_EVERY + (i % ROOT_EVERY - 1) // FAN_OUT
        for i in range(count)
    ]


def tree_of(model: type[Any], ancestors: Sequence[str], using: str) -> Tree | None:
    """The tree that this model's own table keeps, or None."""
    for dotted in ancestors:
        if dotted in TREES:
            tree = TREES[dotted](model, using)
            fields = [field for field in model._meta.local_fields if field.column in tree.columns]
            return tree if fields else None
    return None


def _children(
    model: type[Any], parents: Parents, lines: Lines, order_by: Sequence[str]
) -> dict[int | None, list[int]]:
    """Rows by parent, siblings in the order of these fields, which the library keeps them in."""
    children: dict[int | None, list[int]] = {}
    for index, parent in enumerate(parents):
        children.setdefault(parent, []).append(index)
    for name in reversed(order_by):
        column = model._meta.get_field(name.removeprefix("-")).column

        def place(index: int, column: str = column) -> tuple[bool, Any]:
            value = lines[index].get(column)
            return (value is None, 0 if value is None else value)

        for siblings in children.values():
            siblings.sort(key=place, reverse=name.startswith("-"))
    return children


def _nested(
    roots: Sequence[int], children: Mapping[int | None, list[int]]
) -> dict[int, tuple[int, int, int, int]]:
    """(left, right, tree, depth) of each row: nested sets, each root a tree of its own.

    J. Celko, "Trees and Hierarchies in SQL" (2004), numbered iteratively.
    """
    numbers: dict[int, tuple[int, int, int, int]] = {}
    for tree, root in enumerate(roots):
        counter = 1
        left: dict[int, tuple[int, int]] = {root: (counter, 0)}
        stack = [(root, iter(children.get(root, ())))]
        while stack:
            node, rest = stack[-1]
            child = next(rest, None)
            counter += 1
            if child is None:
                stack.pop()
                numbers[node] = (left[node][0], counter, tree, left[node][1])
            else:
                left[child] = (counter, left[node][1] + 1)
                stack.append((child, iter(children.get(child, ()))))
    return numbers


@dataclass(slots=True)
class _MPTT:
    """django-mptt: nested sets beside a foreign key to the parent."""

    model: type[Any]
    using: str
    columns: tuple[str, ...] = ()
    parent: str | None = None
    trees: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        meta = self.model._mptt_meta
        names = (meta.left_attr, meta.right_attr, meta.tree_id_attr, meta.level_attr)
        self.columns = tuple(self.model._meta.get_field(name).column for name in names)
        self.parent = meta.parent_attr

    def place(self, parents: Parents, lines: Lines) -> None:
        manager = self.model._tree_manager.using(self.using)
        taken = manager.order_by(f"-{self.model._mptt_meta.tree_id_attr}").values_list(
            self.model._mptt_meta.tree_id_attr, flat=True
        )
        first = (taken.first() or 0) + 1
        order_by = getattr(self.model._mptt_meta, "order_insertion_by", None) or ()
        children = _children(self.model, parents, lines, order_by)
        numbers = _nested(children.get(None, ()), children)
        for index, (left, right, tree, depth) in numbers.items():
            lines[index].update(zip(self.columns, (left, right, first + tree, depth), strict=True))
        self.trees = tuple(range(first, first + len(children.get(None, ()))))

    def settle(self) -> None:
        """Only the new trees: siblings by order_insertion_by, which the library compares itself."""
        if not getattr(self.model._mptt_meta, "order_insertion_by", None):
            return
        for tree in self.trees:
            self.model._tree_manager.db_manager(self.using).partial_rebuild(tree)


@dataclass(slots=True)
class _MaterializedPath:
    """treebeard's MP_Node: the path of steps from the root, its depth, the number of children."""

    model: type[Any]
    using: str
    columns: tuple[str, ...] = ("path", "depth", "numchild")
    parent: str | None = None

    def __post_init__(self) -> None:
        self.columns = tuple(self.model._meta.get_field(name).column for name in self.columns)

    def place(self, parents: Parents, lines: Lines) -> None:
        children = _children(self.model, parents, lines, getattr(self.model, "node_order_by", None) or ())
        steps = self.model.steplen
        roots = self.model._base_manager.using(self.using).filter(depth=1).order_by("-path")
        last = roots.values_list("path", flat=True).first()
        first = self.model._str2int(last[-steps:]) + 1 if last else 1
        waiting: list[tuple[int | None, str, int]] = [(None, "", first)]
        for parent, base, step in waiting:
            depth = len(base) // steps + 1
            for offset, index in enumerate(children.get(parent, ())):
                path = self.model._get_path(base, depth, step + offset)
                count = len(children.get(index, ()))
                lines[index].update(zip(self.columns, (path, depth, count), strict=True))
                waiting.append((index, path, 1))

    def settle(self) -> None:
        """Paths are complete as they are."""


@dataclass(slots=True)
class _NestedSets:
    """treebeard's NS_Node: nested sets without a foreign key."""

    model: type[Any]
    using: str
    columns: tuple[str, ...] = ("lft", "rgt", "tree_id", "depth")
    parent: str | None = None

    def __post_init__(self) -> None:
        self.columns = tuple(self.model._meta.get_field(name).column for name in self.columns)

    def place(self, parents: Parents, lines: Lines) -> None:
        taken = (
            self.model._base_manager.using(self.using).order_by("-tree_id").values_list("tree_id", flat=True)
        )
        first = (taken.first() or 0) + 1
        children = _children(self.model, parents, lines, getattr(self.model, "node_order_by", None) or ())
        for index, (left, right, tree, depth) in _nested(children.get(None, ()), children).items():
            lines[index].update(zip(self.columns, (left, right, first + tree, depth + 1), strict=True))

    def settle(self) -> None:
        """Numbers are complete as they are."""


@dataclass(slots=True)
class _TreeNode:
    """django-treenode: ancestors, levels and orders kept in columns beside a foreign key to the parent."""

    model: type[Any]
    using: str
    columns: tuple[str, ...] = ()
    parent: str | None = "tn_parent"

    def __post_init__(self) -> None:
        kept = {"tn_parent", "tn_priority"}
        fields = [field for field in self.model._meta.fields if field.name.startswith("tn_")]
        self.columns = tuple(field.column for field in fields if field.name not in kept)

    def place(self, parents: Parents, lines: Lines) -> None:
        fields = [field for field in self.model._meta.fields if field.column in self.columns]
        for line in lines:
            line.update({field.column: field.get_default() for field in fields})

    def settle(self) -> None:
        """Let the library compute them from the parents; it does so on the default database alone."""
        if self.using == DEFAULT_DB_ALIAS:
            self.model.update_tree()


TREES: Mapping[str, Callable[[type[Any], str], Tree]] = MappingProxyType(
    {
        "mptt.models.MPTTModel": _MPTT,
        "treebeard.mp_tree.MP_Node": _MaterializedPath,
        "treebeard.ns_tree.NS_Node": _NestedSets,
        "treenode.models.TreeNodeModel": _TreeNode,
    }
)
"""Tree keepers by dotted base class."""


_TREEBEARD = frozenset({"treebeard.mp_tree.MP_Node", "treebeard.ns_tree.NS_Node"})


def add_to_tree(
    instance: Any, ancestors: Sequence[str], parent: Any = None, *, using: str = DEFAULT_DB_ALIAS
) -> bool:
    """Write a node by the library's own insertion, below the parent or as a root.

    False, and nothing written, for models whose save() places them: django-mptt's, and all others.
    """
    if not _TREEBEARD & set(ancestors):
        return False
    with asked_first(Uses(using)):  # django-treebeard names no database
        if parent is None:
            type(instance).add_root(instance=instance)
        else:
            parent.add_child(instance=instance)
    return True
