from __future__ import annotations

from collections import Counter
from math import prod

from hypothesis import given
from hypothesis import strategies as st

from dbstate.rows.choice import pick, spread

sizes = st.lists(st.integers(1, 7), min_size=1, max_size=4)


@given(sizes)
def test_spread_takes_each_combination_once(sizes):
    combinations = [spread(index, sizes) for index in range(prod(sizes))]
    assert len(set(combinations)) == prod(sizes)
    assert all(0 <= digit < size for c in combinations for digit, size in zip(c, sizes, strict=True))
    assert spread(prod(sizes), sizes) is None


def test_spread_gives_one_parent_many_children_and_one_none():
    first = Counter(spread(index, (10, 10))[0] for index in range(10))
    assert first[0] >= 3
    assert 9 not in first


@given(st.integers(0, 2**64 - 1), st.integers(3, 50))
def test_pick_gives_one_parent_many_children_and_one_none(key, size):
    chosen = Counter(pick(key, index, size) for index in range(10))
    assert chosen[0] >= 3
    assert size - 1 not in chosen
    assert set(chosen) <= set(range(size))


@given(st.integers(0, 2**64 - 1), st.integers(0, 100), st.integers(1, 2))
def test_pick_stays_in_range_for_few_parents(key, index, size):
    assert 0 <= pick(key, index, size) < size
