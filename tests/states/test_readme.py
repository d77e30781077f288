"""The tests that the README shows, as tests; its state is declared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dbstate import enter
from dbstate.states import declaring

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
DECLARING, TESTS = (block for block in BLOCKS if "@state(" in block or "@pytest.mark.dbstate(" in block)

exec(compile(TESTS, str(README), "exec"), globals())


def test_the_tests_are_there() -> None:
    assert {"test_upgrade", "test_refund"} <= globals().keys()


@pytest.mark.django_db
def test_the_declaration_works() -> None:
    del declaring._DECLARED["user with an active pro subscription exists"]
    exec(DECLARING, {"__name__": __name__})
    assert enter("user with an active pro subscription exists").row.plan.slug == "pro"
