"""Libraries whose managers refuse to answer outside of a scope: the project's code is run for all scopes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

WITHOUT: Mapping[str, str] = {"django_scopes": "scopes_disabled"}
"""Names of the context managers that leave scopes out, by module; used where a project has imported it."""


@contextmanager
def unscoped() -> Iterator[None]:
    """Managers show the rows of all scopes meanwhile."""
    with ExitStack() as stack:
        for module, name in WITHOUT.items():
            if module in sys.modules:
                stack.enter_context(getattr(sys.modules[module], name)())
        yield
