"""Integers from names and row numbers: the same in every process, in plain Python and in numpy."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from math import gcd
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.uint64]

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
FIRST = 0xBF58476D1CE4E5B9
SECOND = 0x94D049BB133111EB


def mix(key: int, number: int) -> int:
    """64 well-stirred bits of key and number (splitmix64); for one key no two numbers give the same."""
    state = (key + (number + 1) * GOLDEN) & MASK
    state = ((state ^ (state >> 30)) * FIRST) & MASK
    state = ((state ^ (state >> 27)) * SECOND) & MASK
    return state ^ (state >> 31)


def mix_array(key: int | Integers, number: int | Integers) -> Integers:
    """``mix`` of each key, or each number: one of both is uint64 of any shape, which the result has, too."""
    if isinstance(number, int):
        state: Integers = np.add(key, np.uint64((number + 1) * GOLDEN & MASK))
    else:
        state = (number + _ONE) * _GOLDEN
        state += np.uint64(key & MASK) if isinstance(key, int) else key
    state ^= state >> _30
    state *= _FIRST
    state ^= state >> _27
    state *= _SECOND
    state ^= state >> _31
    return state


_ONE, _30, _27, _31 = map(np.uint64, (1, 30, 27, 31))
_GOLDEN, _FIRST, _SECOND = map(np.uint64, (GOLDEN, FIRST, SECOND))


def text_key(text: str) -> int:
    """64 bits of a text."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


@lru_cache(maxsize=65_536)
def group_key(seed: int, label: str, group: str) -> int:
    """The key of one group of columns in one table."""
    return mix(text_key(f"{label}\x1f{group}"), seed & MASK)


def permuted(number: int, size: int, key: int) -> int:
    """A permutation of range(size), chosen by key; any ``size`` numbers in a row give each place once."""
    return (number * stride(size) + key) % size


@lru_cache(maxsize=4096)
def stride(size: int) -> int:
    """A step near the golden section of ``size`` that visits all of range(size)."""
    step = size * 6_180_339_887 // 10**10 | 1
    while gcd(step, size) != 1:
        step += 2
    return step


def permuted_bits(number: int, bits: int, key: int) -> int:
    """A permutation of range(2**bits), stirred so that neighbours look unrelated; ``bits`` >= 2."""
    mask = (1 << bits) - 1
    half = bits // 2 + 1
    state = (number * (FIRST | 1) + key) & mask
    state ^= state >> half
    state = (state * (SECOND | 1)) & mask
    return state ^ (state >> half)
