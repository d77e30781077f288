"""What third-party libraries need beyond their models' own description."""

from dbstate.adapters.paths import write_paths
from dbstate.adapters.registries import with_registered_names
from dbstate.adapters.scopes import unscoped
from dbstate.adapters.translations import Translated, translated_fields
from dbstate.adapters.trees import Tree, add_to_tree, tree_of

__all__ = [
    "Translated",
    "Tree",
    "add_to_tree",
    "translated_fields",
    "tree_of",
    "unscoped",
    "with_registered_names",
    "write_paths",
]
