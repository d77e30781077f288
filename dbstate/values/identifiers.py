"""UUIDs and network addresses made of a row's integers."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

from dbstate.values.draw import Draw
from dbstate.values.key import MASK, group_key, mix, permuted_bits

NETWORKS = (0xC0000200, 0xC6336400, 0xCB007100)
"""The three IPv4 networks for documentation: 192.0.2.0, 198.51.100.0 and 203.0.113.0, /24 each."""
PRIVATE = 0x0A000000
"""10.0.0.0/8, for rows beyond those."""
DOCUMENTATION = 0x20010DB8 << 96
"""2001:db8::/32."""


def row_uuid(draw: Draw) -> UUID:
    """The row's UUID: 62 of its bits are a permutation of the row number."""
    key = mix(group_key(draw.setting.seed, draw.table.label, draw.column.field), draw.salt)
    low = permuted_bits(draw.row, 62, key)
    high = mix(key, draw.row)
    return UUID(int=((high & ~0xF000 | 0x4000) & MASK) << 64 | 1 << 63 | low)


def ipv4(draw: Draw) -> str:
    """An address for documentation; unique ones go on in 10.0.0.0/8."""
    number = draw.row if draw.unique else draw.below(762)
    if number < 762:
        return str(IPv4Address(NETWORKS[number % 3] + 1 + number // 3))
    if number >= 762 + (1 << 24):
        raise IndexError(f"row {draw.row} has no IPv4 address left")
    return str(IPv4Address(PRIVATE + number - 762))


def ipv6(draw: Draw) -> str:
    """An address in 2001:db8::/32."""
    low = draw.row + 1 if draw.unique else draw.below(1 << 48)
    return str(IPv6Address(DOCUMENTATION | draw.below(1 << 16) << 80 | low))
