"""The Django system checks; each test is named after the id that it is about."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.db import connections
from django.test import override_settings

from dbstate import checks


def found(number: str) -> list[CheckMessage]:
    return [message for message in run_checks(tags=["dbstate"]) if message.id == f"dbstate.{number}"]


def test_nothing_configured_passes() -> None:
    assert run_checks(tags=["dbstate"]) == []


def test_E001_unknown_key() -> None:
    with override_settings(DBSTATE={"ALOW": [], "ROWS": 3}):
        (message,) = found("E001")
    assert "'ALOW'" in message.msg
    assert message.hint == "did you mean 'ALLOW'?"
    assert message.is_serious()


def test_E002_value_of_a_wrong_kind() -> None:
    with override_settings(DBSTATE={"ROWS": "three"}):
        (message,) = found("E002")
    assert "DBSTATE['ROWS'] is 'three' (str)" in message.msg
    assert message.hint == "make it a whole number, 0 or more"


def test_E003_no_dict() -> None:
    with override_settings(DBSTATE=["ALLOW"]):
        (message,) = found("E003")
    assert "['ALLOW'] (list)" in message.msg


def test_E004_unknown_locale() -> None:
    with override_settings(DBSTATE={"LOCALES": ["de_DE", "ja", "ge_DE"]}):
        (message,) = found("E004")
    assert "DBSTATE['LOCALES']" in message.msg
    assert "'ge_DE'" in message.msg
    assert str(message.hint).startswith("did you mean de_DE? ")
    assert message.is_serious()
    with override_settings(DBSTATE={"LOCALES": ["de_DE", "sv_SE"], "ROWS": 2}):
        assert run_checks(tags=["dbstate"]) == []
    with override_settings(DBSTATE={"LOCALES": ["ge_DE"], "ROWS": "x"}):
        assert found("E004") == []


def test_W001_postgresql_without_psycopg_3(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec

    def find_all_but_psycopg(name: str, package: str | None = None) -> Any:
        return None if name == "psycopg" else find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_all_but_psycopg)
    monkeypatch.setattr(connections["default"], "vendor", "postgresql")
    (message,) = found("W001")
    assert "default" in message.msg
    assert "dbstate[postgres]" in str(message.hint)
    assert not message.is_serious()

    monkeypatch.setattr(connections["default"], "vendor", "sqlite")
    assert found("W001") == []


def test_every_check_says_what_to_do() -> None:
    raw = {"ALOW": [], "ROWS": "x"}
    with override_settings(DBSTATE=raw):
        messages = checks.check_settings(None)
    assert len(messages) == 2
    assert all(message.id and message.hint for message in messages)


@pytest.mark.parametrize(
    ("line", "absent"),
    [
        ("import django; django.setup()", ["numpy", "sqlglot", "dbstate.values", "dbstate.rehearsal"]),
        ("import dbstate.rehearsal.child", ["numpy", "dbstate.values", "dbstate.rehearsal.validate"]),
    ],
    ids=["start-up of a project", "child process of a rehearsal"],
)
def test_what_is_not_needed_yet_is_not_loaded(line: str, absent: list[str]) -> None:
    code = f"{line}; import sys; print(*({{*sys.modules}} & {{*{absent}}}))"
    settings = {"DJANGO_SETTINGS_MODULE": "example_project.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | settings, capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"
