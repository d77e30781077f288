"""What third-party libraries need beyond their models' own description."""

from dbstate.adapters.paths import write_paths
from dbstate.adapters.registries import with_registered_names
from dbstate.adapters.trees import Tree, add_to_tree, tree_of

__all__ = ["Tree", "add_to_tree", "tree_of", "with_registered_names", "write_paths"]
