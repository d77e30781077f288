"""Django models, today's or a migration's historical ones, read into a catalog without a query."""

from dbstate.introspection.models import concrete_models, read_catalog

__all__ = ["concrete_models", "read_catalog"]
