"""What does not come back, or cannot be applied to rows, in migrations of packages, and why.

By project and migration. A project that is not here was not gone through yet.
"""

from __future__ import annotations

from collections.abc import Mapping

EXPLAINED: Mapping[str, Mapping[str, str]] = {
    "contrib": {},
}
