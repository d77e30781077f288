"""All kinds of traits by name."""

from __future__ import annotations

from collections.abc import Callable

from tests.property import ties, traits
from tests.property.traits import PLAIN, Part, Trait, plain_part

TIED: dict[str, Callable[[str, Trait], Part]] = traits.TIED | ties.WIDER
"""Fields under rules that leave room for as many rows as are wanted."""
NARROW: dict[str, Callable[[str, Trait], Part]] = traits.NARROW | ties.FEW
"""Fields that few rows have room for, or none."""
ONLY_POSTGRESQL = traits.ONLY_POSTGRESQL | {
    "exclusion_of_two",
    "exclusion_of_equals",
    "exclusion_of_moments",
    "check_array",
    "check_span",
}


def part_of(prefix: str, trait: Trait) -> Part:
    """What this trait adds to a model; ``prefix`` makes its names unique in the project."""
    if trait.kind in PLAIN:
        return plain_part(prefix, trait)
    return (TIED | NARROW)[trait.kind](prefix, trait)
