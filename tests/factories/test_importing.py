"""Imports are put where isort has them, and what a person wrote about them stays."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from dbstate.factories.importing import Wanted, with_imports

ADDED = (
    Wanted("decimal"),
    Wanted("dbstate.factories", "Trait", "Trait"),
    Wanted("shop.models", "Order", "Order"),
    Wanted("shop.models", "Line", "ShopLine"),
)
HEADS = {
    "nothing": "",
    "a docstring": '"""Ours."""\n',
    "comments": "#!/usr/bin/env python\n# coding: utf-8\n",
    "future": "from __future__ import annotations\n",
    "one section": "import factory\n",
    "the last section": "from shop.other import thing\n",
    "all sections": "import os\n\nimport django\n\nfrom shop.models import URL, User\n\nfrom . import b\n",
    "the same name": "import decimal as d\n\nfrom dbstate.factories import (\n    EdgeTrait,\n    Zoo,\n)\n",
    "several lines": "from shop.models import (\n    Address,  # where it goes\n    User,\n    Zone,\n)\n",
    "relative": "from .models import (\n    User,\n)\n",
    "a comment": "from shop.models import User  # who\n",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
def test_the_imports_are_sorted_and_each_line_that_was_there_stays(tmp_path, head):
    (tmp_path / "shop").mkdir()
    for name in ("pyproject.toml", "shop/__init__.py", "shop/models.py", "shop/other.py"):
        (tmp_path / name).touch()
    path = tmp_path / "shop" / "factories.py"
    body = f"{head and chr(10)}x = decimal, Trait, Order, ShopLine\n"
    text = with_imports(f"{head}{body}", ADDED, path, "shop.factories", 88)
    path.write_text(text)
    names = {a.asname or a.name for n in ast.walk(ast.parse(text)) for a in getattr(n, "names", ())}
    assert names >= {"decimal", "Trait", "Order", "ShopLine"}
    for comment in ("# where it goes", "# who"):
        assert (comment in text) == (comment in head)
    assert text.startswith(head) or not head.startswith("#")
    if "." not in head.partition("from ")[2][:1]:  # isort does not merge relative and absolute imports
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=I,E9", str(path)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{text}\n{done.stdout}"


def test_a_line_that_grows_too_long_is_broken():
    long = f"from shop.models import {', '.join(f'Model{n}' for n in range(8))}\n"
    text = with_imports(long, [Wanted("shop.models", "Zone")], Path("x.py"), "x", 88)
    assert text.startswith("from shop.models import (\n    Model0,\n")
    assert text.endswith("    Model7,\n    Zone,\n)\n")


def test_a_last_name_without_a_comma_gets_one():
    head = "from shop.models import (\n    User  # who\n)\n"
    text = with_imports(head, [Wanted("shop.models", "Zone")], Path("x.py"), "x", 88)
    assert text == "from shop.models import (\n    User,  # who\n    Zone,\n)\n"


@pytest.mark.parametrize(
    ("head", "result"),
    [
        ("from shop.models import (A,\n    Z)\n", "from shop.models import (A,\n    M, Z)\n"),
        ("from shop.models import (A,\n    B)\n", "from shop.models import (A,\n    B, M)\n"),
        ("from shop.models import A, \\\n    B\n", "from shop.models import A, \\\n    B, M\n"),
        ("from shop.models import A, \\\n    Z\n", "from shop.models import A, \\\n    M, Z\n"),
        ("from shop.models import A; import b\n", "from shop.models import A, M; import b\n"),
        (
            "if a:\n    from shop.models import M\n",
            "from shop.models import M\n\nif a:\n    from shop.models import M\n",
        ),
    ],
)
def test_a_name_is_put_into_any_layout(head, result):
    found = with_imports(head, [Wanted("shop.models", "M")], Path("x.py"), "x", 88)
    ast.parse(found)
    assert "".join(found.split()) == "".join(result.split())
