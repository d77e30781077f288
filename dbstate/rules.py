"""Soft rules that rows keep though no constraint asks for it; values are made by them, audits look for them.

A column plays a role by its name; the rules are about roles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

ROLES: tuple[tuple[str, str], ...] = (
    ("birth", r"(^|_)(birth|dob|birthday|birthdate|born)(_|$)|date_of_birth"),
    ("deleted", r"(^|_)(deleted|removed|trashed|deletion|archived|deactivated)(_|$)"),
    (
        "expires",
        r"(^|_)(expires?|expiry|expiration|expired|valid_(until|to|till|thru)|"
        r"(good|available|active|visible|publish)_(until|to|till)|sunset|live_until)(_|$)",
    ),
    (
        "updated",
        r"(^|_)(updated|modified|changed|edited|last_(update|change|edit|modification|modified|saved?))(_|$)",
    ),
    ("created", r"(^|_)(created?|added|joined|registered|inserted|creation|date_joined|signed_up)(_|$)"),
    (
        "end",
        r"(^|_)(end|ends|ended|ending|finish|finishes|finished|stop|stopped|until|till|to_date|date_to|to_time|"
        r"time_to|closes|closing|check_?out|arrival|completed|to_day|upper)(_|$)|^to$",
    ),
    (
        "start",
        r"(^|_)(start|starts|started|starting|begin|begins|began|beginning|since|from_date|date_from|from_time|"
        r"time_from|from_day|valid_from|(available|active|visible|publish)_from|opens|opening|check_?in|"
        r"departure|lower|go_live)(_|$)|^from$",
    ),
    (
        "future",
        r"(^|_)(due|deadline|next|scheduled?|upcoming|renews?|renewal|retry|expected|estimated|eta|reminder|"
        r"remind|run_at|send_at|planned|appointment|reserved|delivery)(_|$)",
    ),
)
"""(role, pattern of the field name); the first that matches counts."""

STAGES = (
    r"(^|_)(requested|submitted|placed|ordered|issued|opened|booked|drafted|received_order)(_|$)",
    r"(^|_)(approved|accepted|confirmed|verified|assigned|reviewed|paid|authori[sz]ed)(_|$)",
    r"(^|_)(published|posted|activated|launched|processed|captured)(_|$)",
    r"(^|_)(shipped|sent|dispatched|departs|departed|arrives)(_|$)",
    r"(^|_)(delivered|received|arrived|returned)(_|$)",
    r"(^|_)(closed|resolved|leaves|cancell?ed|refunded)(_|$)",
)
"""What happens to things one after the other, where no role says more: names of dates, in order."""

NOT_AFTER_NOW = ("birth", "created", "updated", "start", "deleted")
"""Roles whose dates never lie after the reference date."""


@dataclass(frozen=True, slots=True)
class Order:
    """The date in one role is never after the date in another, in one row."""

    earlier: str
    later: str


ORDERED = (
    Order("birth", "created"),
    Order("created", "updated"),
    Order("created", "start"),
    Order("start", "end"),
    Order("start", "expires"),
    Order("updated", "deleted"),
)

DELETED_FLAG = (
    r"(^|_)is_?(deleted|removed|trashed|archived)$|^(deleted|removed|trashed|archived|soft_deleted)$"
)
"""Names of booleans that are true exactly where a deletion date stands."""

EXPIRED_FLAG = r"(^|_)(is_?)?(expired|lapsed)$"
"""Names of booleans that are true only after the end."""

ACTIVE_FLAG = r"^(is_?)?(active|enabled|alive|live)$"
"""Names of booleans that are false for what is deleted or expired."""

CHOSEN_FLAG = (
    r"^(is_?)?(default|primary|main|current_default)(_|$)|^is_?(preferred|principal|master|root|latest)$|"
    r"_is_default$"
)
"""Names of booleans that are true for one row of many."""

FLAGS = (
    ("deleted", DELETED_FLAG),
    ("expired", EXPIRED_FLAG),
    ("active", ACTIVE_FLAG),
    ("chosen", CHOSEN_FLAG),
)


@lru_cache(maxsize=4096)
def role(name: str) -> str:
    """The role of a date by its name in snake case; empty when it has none."""
    return next((role for role, pattern in ROLES if re.search(pattern, name)), "")


@lru_cache(maxsize=4096)
def stage(name: str) -> int | None:
    """The place among STAGES of a date by its name; None when it has none."""
    return next((place for place, pattern in enumerate(STAGES) if re.search(pattern, name)), None)


@lru_cache(maxsize=4096)
def flag(name: str) -> str:
    """What a boolean of this name says about the row: deleted, expired, active, chosen or nothing."""
    return next((flag for flag, pattern in FLAGS if re.search(pattern, name)), "")


@lru_cache(maxsize=4096)
def named(pattern: str, name: str) -> bool:
    """Whether the pattern occurs in the name."""
    return re.search(pattern, name) is not None
