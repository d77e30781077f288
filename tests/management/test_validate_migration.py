"""The command: its arguments, its exit codes, and what it says of migrations that are applied."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db(transaction=True)


def said(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("validate_migration", *arguments, "--format", "json", stdout=out, stderr=StringIO())
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        call_command("validate_migration", *arguments, stdout=StringIO(), stderr=StringIO())
    assert refused.value.returncode == 2
    return str(refused.value)


def test_an_applied_migration_is_looked_after() -> None:
    told = said("shop", "0042", "--phase", "post")
    assert list(told)[:3] == ["schema_version", "kind", "verdict"]
    assert (told["verdict"], told["migrations"]) == ("safe", ["shop.0042_order_currency"])


def test_without_unapplied_migrations_there_is_nothing_to_say() -> None:
    assert said("--unapplied")["migrations"] == []


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), "no migration is named"),
        (("a", "b", "c"), "3 names are given"),
        (("0042", "--unapplied", "--since", "HEAD"), "two ways"),
        (("0042", "--allow", "nonsense", "--reason", "x"), "no such code"),
        (("0042", "--allow", "rows-lost"), "0 reasons"),
        (("0042", "--timeout", "0"), "it is no time"),
        (("0042", "--sql", __file__), "it is no folder"),
        (("0042", "--sql", ".", "--phase", "pre"), "only a rehearsal"),
        (("0042", "--on", "postgres://x", "--source", "generated"), "says otherwise"),
    ],
)
def test_wrong_arguments_are_refused(arguments: tuple[str, ...], found: str) -> None:
    assert found in refusal(*arguments)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "it is no JSON"),
        ("[]", "it is no object"),
        ('{"bad": 1}', "unknown keys: bad"),
        ('{"pre": [{"name": "x"}]}', "no text 'sql'"),
        ('{"post": [{"sql": "SELECT 1; DROP TABLE x"}]}', "has 2 statements"),
        ('{"expect": {"row_delta": {"shop_order": "1"}}}', "whole numbers"),
        ('{"expect": {"row_delta": {"nowhere": 1}}}', "there is no table 'nowhere'"),
        ('{"expect": {"changed_columns": ["shop_order.nothing"]}}', "no column 'nothing'"),
        ('{"post": [{"sql": "SELECT nothing"}]}', "PostgreSQL says"),
    ],
)
def test_checks_that_cannot_be_used_are_refused(text: str, found: str, tmp_path: Path) -> None:
    file = tmp_path / "checks.json"
    file.write_text(text)
    assert found in refusal("shop", "0042", "--phase", "post", "--checks", str(file))
