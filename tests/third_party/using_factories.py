"""Create a row with each factory of a file, in the project in whose process this runs.

``using_factories.py MODULE`` prints as JSON what is wrong: one line per factory whose rows are not made,
or not valid once they are read again.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from collections.abc import Iterator

import django
from django.core.exceptions import ValidationError
from django.db import connection, transaction

ROWS = 2


def problems(factory: type) -> Iterator[str]:
    """What is wrong with rows of one factory; nothing of them stays."""
    from dbstate.adapters import unscoped

    try:
        with unscoped(), transaction.atomic():
            rows = factory.create_batch(ROWS)
            connection.check_constraints()
            for row in rows:
                type(row)._base_manager.get(pk=row.pk).full_clean()
            transaction.set_rollback(True)
    except ValidationError as error:
        yield f"full_clean: {error}"
    except Exception as error:
        yield f"{type(error).__name__}: {error}"


def main(module: str) -> None:
    django.setup()
    from dbstate import ModelFactory

    warnings.simplefilter("ignore")
    found = vars(importlib.import_module(module)).values()
    classes = [one for one in found if isinstance(one, type) and issubclass(one, ModelFactory)]
    factories = [one for one in classes if not one._meta.abstract]
    told = {one._meta.model._meta.label: [*problems(one)] for one in factories}
    json.dump({"made": len(factories), "problems": {n: t for n, t in told.items() if t}}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
