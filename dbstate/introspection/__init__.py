"""Django models, today's or a migration's historical ones, read into a catalog without a query."""

from dbstate.introspection.models import concrete_models, read_catalog
from dbstate.introspection.naming import NamedChoice, NamedField, NamedModel, read_names

__all__ = ["NamedChoice", "NamedField", "NamedModel", "concrete_models", "read_catalog", "read_names"]
