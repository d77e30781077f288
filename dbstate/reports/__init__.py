"""How findings and facts are shown: each function takes plain data and returns text."""

from dbstate.reports.json import SCHEMA_VERSION, render_json
from dbstate.reports.text import check_line, finding_lines, render_text

__all__ = [
    "SCHEMA_VERSION",
    "check_line",
    "finding_lines",
    "render_json",
    "render_text",
]
