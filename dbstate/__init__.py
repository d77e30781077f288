"""Any state of a Django project's database, on demand."""

from dbstate.derived import derive
from dbstate.errors import DbstateError
from dbstate.values import meaning

__all__ = ["DbstateError", "derive", "meaning"]
