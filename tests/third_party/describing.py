"""Print, as JSON, how the project's models and its migrated database differ, and where they contradict."""

from __future__ import annotations

import json

import django

django.setup()

from django.apps import apps  # noqa: E402  # after setup
from django.db import connection  # noqa: E402
from django.db.migrations.loader import MigrationLoader  # noqa: E402

from dbstate.backends import backend_for  # noqa: E402
from dbstate.catalog.diff import diff, drift  # noqa: E402
from dbstate.introspection import read_catalog  # noqa: E402

backend = backend_for(connection)
live = backend.live_catalog(connection)
same = backend.same_expression(connection)
state = MigrationLoader(connection).project_state().apps
told = {
    "differences": [str(one) for one in diff(read_catalog(apps), live, same=same)],
    "drift": [str(one) for one in drift(read_catalog(apps), live, same=same)],
    "drift of the last state": [str(one) for one in drift(read_catalog(state), live, same=same)],
}
print(json.dumps(told))
