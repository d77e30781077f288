"""States of a test's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.apps import AppConfig, apps

from dbstate.states import declaring, discover, discovery


@pytest.fixture(autouse=True)
def own_states() -> Iterator[None]:
    """What a test declares is forgotten after it."""
    discover()
    before = dict(declaring._DECLARED)
    yield
    declaring._DECLARED.clear()
    declaring._DECLARED.update(before)


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Install an application with this text as its states.py."""

    def install(text: str) -> None:
        package = tmp_path / "stateful"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "states.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setitem(apps.app_configs, "stateful", AppConfig.create("stateful"))

    yield install
    for name in ("stateful", "stateful.states"):
        sys.modules.pop(name, None)
    discovery._looked_at.discard("stateful")
