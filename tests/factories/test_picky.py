"""Models that refuse what is not just right, in a project of their own with two databases."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent / "picky"
ROOT = HERE.parents[2]
TRIALS = re.findall(r"^@trial\ndef (\w+)", (HERE / "rows.py").read_text(), re.MULTILINE)


@pytest.fixture(scope="session")
def told() -> dict[str, str]:
    """What went wrong, by trial; all run in one process."""
    path = {"PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT)])}
    command = [sys.executable, "rows.py"]
    done = subprocess.run(
        command, cwd=HERE, env=os.environ | path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", TRIALS)
def test_picky_models(told: dict[str, str], name: str) -> None:
    assert told[name] == "", told[name]
