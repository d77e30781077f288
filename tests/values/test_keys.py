"""Samples of keys and certificates."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import pytest

from dbstate.catalog import Column, Kind, Table
from dbstate.errors import DbstateError
from dbstate.values import ColumnValues, Setting, column_values
from dbstate.values.known import keys

SETTING = Setting(seed=1, now=datetime(2025, 6, 1, tzinfo=UTC))


def source(name: str, kind: Kind = "text", *, unique: bool = False, accept: object = None) -> ColumnValues:
    one = Column(name, name, kind, "", judged=accept is not None)
    table = Table("t", "shop.Thing", (one,), ("id",))
    return column_values(table, one, SETTING, unique=unique, accept=accept)  # type: ignore[arg-type]  # test rule


def read(text: str | bytes) -> str:
    """The serial number of a certificate, as OpenSSL reads it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=text)
    (found,) = context.get_ca_certs()
    assert found["subject"] == ((("organizationName", "Example"),), (("commonName", "ca.example.org"),))
    return str(found["serialNumber"])


def test_certificates_can_be_read_and_differ_by_their_number() -> None:
    texts = [str(source("ca_cert", unique=True).realistic(row)) for row in range(300)]
    assert len({read(text) for text in texts}) == 300
    assert read(keys.certificate(2**40)) != read(keys.certificate(0))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("x509cert", "CERTIFICATE"),
        ("public_key", "PUBLIC KEY"),
        ("private_key", "PRIVATE KEY"),
        ("csr", "CERTIFICATE REQUEST"),
    ],
)
def test_they_are_chosen_by_name(name: str, label: str) -> None:
    text = str(source(name).realistic(0))
    assert text.startswith(f"-----BEGIN {label}-----\nMII")
    assert text.endswith(f"=\n-----END {label}-----") or text.endswith(f"\n-----END {label}-----")
    assert max(map(len, text.splitlines())) == 64


def test_public_keys_and_requests_differ() -> None:
    assert len({keys.public_key(number) for number in range(1000)}) == 1000
    assert len({keys.request(number) for number in range(1000)}) == 1000
    assert keys.public_key(9)[-1] % 2 == keys.PUBLIC_KEY[-1] % 2 == 1


def test_they_are_tried_where_bytes_are_refused() -> None:
    def accept(value: object) -> object:
        assert isinstance(value, bytes)
        try:
            read(value)
        except ssl.SSLError as error:
            raise DbstateError(str(error)) from error
        return value

    made = source("blob", "bytes", unique=True, accept=accept)
    assert len({made.realistic(row) for row in range(20)}) == 20
