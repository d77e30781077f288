"""How findings and facts are shown: each function takes plain data and returns text."""

from dbstate.reports.github import render_github
from dbstate.reports.json import SCHEMA_VERSION, render_json
from dbstate.reports.junit import render_junit
from dbstate.reports.sarif import render_sarif
from dbstate.reports.text import check_line, finding_lines, render_text

__all__ = [
    "SCHEMA_VERSION",
    "check_line",
    "finding_lines",
    "render_github",
    "render_json",
    "render_junit",
    "render_sarif",
    "render_text",
]
