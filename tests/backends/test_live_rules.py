"""What a database knows of a table besides its models."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django.db import connection
from dbstate.introspection import read_catalog
from dbstate.backends import backend_for


def test_explore(db: None) -> None:
    catalog = read_catalog(connection)
    backend = backend_for(connection)
    import time
    t=time.perf_counter()
    live = {t.name: backend.with_live_rules(connection, t) for t in catalog}
    print(len(live), time.perf_counter()-t)
    for t in catalog:
        for f in fields(t):
            a, b = getattr(t, f.name), getattr(live[t.name], f.name)
            if a != b and f.name == "columns":
                for x, y in zip(a, b, strict=True):
                    for g in fields(x):
                        if getattr(x, g.name) != getattr(y, g.name):
                            print(t.name, x.name, g.name, getattr(x, g.name), "->", getattr(y, g.name))
            elif a != b:
                for x in a:
                    if x not in b: print(t.name, "-", x)
                for y in b:
                    if y not in a: print(t.name, "+", y)
    assert 0
