"""The code of docs/factories.md and of the README's section on factories runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dbstate.factories import factory_for, new_test

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "factories.md").read_text(encoding="utf-8")
SECTION = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Factories that nobody wrote")[2]
README = SECTION.partition("\n## ")[0]


@pytest.mark.django_db
@pytest.mark.parametrize("text", [DOCS, README], ids=["docs/factories.md", "README.md"])
def test_the_code_runs(text, db):
    new_test()
    names: dict[str, object] = {"__name__": "example"}
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "example", "exec"), names)
    tests = [name for name in names if name.startswith("test_")]
    for name in tests:
        function = names[name]
        function(**({"db": db} if name == "test_total" else {}))
    assert tests or "CustomerFactory" in names
    if "CustomerFactory" in names:
        assert names["CustomerFactory"].create(swiss=True).preferred_currency == "CHF"


@pytest.mark.django_db
def test_optional_relations_are_made_on_request():
    (call,) = re.findall(r"`(factory_for\(\S+\)\.create\(mother__name=.*?\))`", DOCS)
    assert eval(call, {"factory_for": factory_for}).mother.name == "Ada"
    assert factory_for("zoo.Mammal").create().mother is None
