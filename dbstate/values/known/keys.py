"""Samples of keys and certificates; each number gives another one that programs can read.

They protect nothing: the private key is published here, and signatures hold for number 0 alone.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from textwrap import wrap

from dbstate.values.draw import Draw
from dbstate.values.key import MASK
from dbstate.values.meanings import Meaning

CERTIFICATE = b64decode(
    "MIIDLTCCAhWgAwIBAgIIWgAAAAAAAAAwDQYJKoZIhvcNAQELBQAwKzEQMA4GA1UECgwHRXhhbXBsZTEXMBUGA1UEAwwOY2EuZXhh"
    "bXBsZS5vcmcwIBcNMjAwMTAxMDAwMDAwWhgPMjA1MTA3MTIxMTI3NTdaMCsxEDAOBgNVBAoMB0V4YW1wbGUxFzAVBgNVBAMMDmNh"
    "LmV4YW1wbGUub3JnMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA9uyL77hue9pKnsCGX5UZ6+bWlidTfuONrFFuLRlf"
    "BeBVQQ/b4ixpPoqTi2CUDxQlAARPpASIb4gHGwutqDbXsbT8g0gfdyhwiOzIlNCz52hfeRNWSSBs4Dryj43f8oDuxQZwGOBv7D1j"
    "ueCfLIbeTM33kCGrtBKrVofEIoXN4vQW9i6Q3ml2+6SCATC1jA6f+1oQMVgjcjNm5lbyh86ULJEd15R3tTfixZLJ68fj5nBU7VYz"
    "5BR1Wm0Bdm9+a6gWB1UNpIC2erHpckrNnSsfevREhz2xHUnAsjnu/6sogH1SjtqklFtmilqmmAUdHAZ5Q1/zPmthr23s7WhJwvy4"
    "TwIDAQABo1MwUTAdBgNVHQ4EFgQUZzStBcA7tkZHXXd+kh+uaPS3VfkwHwYDVR0jBBgwFoAUZzStBcA7tkZHXXd+kh+uaPS3Vfkw"
    "DwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAkNDoC1mpA7k8Gznlv0jU6GhVR7jknhdFi6lSPoWf/UoRvIbM0CTd"
    "7RkpeP/MpLKM3/c1uAJitLjULKt6EBM4M4b0ZBB8j6dQhqKDz/0Sf3MkGOqZW/1vOdJikC7lgyY5kP/ZSjKooMwo1ETPIlPdmLlC"
    "w1X9C3rNLWDkITKRuytN13H0kkuvJc4iPeMy+QJDSVy0zxfouwSDKWvB2e8Hw6dqeulbOZtA9tMAiyWoxaIn8ZVwFxTO3aGWHbBW"
    "5Mw4DkkLHMHOQCSD5SdJlOXWgZzn7UPATddbnmswWeGipZcL6WDOCYYINdf1u9z6uEyM2njO9xyhUK5ZW9nIR89cwQ=="
)
"""A certificate of its own key (RSA, 2,048 bits), valid from 2020 to 2051."""
REQUEST = b64decode(
    "MIICeDCCAWACAQAwMzEQMA4GA1UECgwHRXhhbXBsZTEfMB0GA1UEAwwWMDAwMDAwMDAwMC5leGFtcGxlLm9yZzCCASIwDQYJKoZI"
    "hvcNAQEBBQADggEPADCCAQoCggEBAPbsi++4bnvaSp7Ahl+VGevm1pYnU37jjaxRbi0ZXwXgVUEP2+IsaT6Kk4tglA8UJQAET6QE"
    "iG+IBxsLrag217G0/INIH3cocIjsyJTQs+doX3kTVkkgbOA68o+N3/KA7sUGcBjgb+w9Y7ngnyyG3kzN95Ahq7QSq1aHxCKFzeL0"
    "FvYukN5pdvukggEwtYwOn/taEDFYI3IzZuZW8ofOlCyRHdeUd7U34sWSyevH4+ZwVO1WM+QUdVptAXZvfmuoFgdVDaSAtnqx6XJK"
    "zZ0rH3r0RIc9sR1JwLI57v+rKIB9Uo7apJRbZopappgFHRwGeUNf8z5rYa9t7O1oScL8uE8CAwEAAaAAMA0GCSqGSIb3DQEBCwUA"
    "A4IBAQDxwRMZ0H9qdiP+xAfvh9BHGNqxP24EBgZVXxGqKkisoOmJP3iuodiBolpl57pluhHcrw48TIKUvfHdvsfk3BgEaAQ2jN54"
    "6mmuQ+iewFreWuqGJwDD6p6oQViLnycDhumfaIqK6yFodpL9BWlsgmxO3paT0axFHpIK2xp9o81Yd5naToHjT9uOxP3YfdcAUSxa"
    "ZHebL1GV4RYLd98ra5GE6Gz6wgwviPpbUdkucQu1ZAhc7iV3ru42Ep2w5mWperpQHf1N4AQTvA8QMnjxr48Rz0TSwsAZKt9CgKj1"
    "TvXxecXRb1fHD7hanmOU8m/r4UULiJAxRsX9XWh/+CsY9XNu"
)
"""A request for a certificate."""
PUBLIC_KEY = b64decode(
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA9uyL77hue9pKnsCGX5UZ6+bWlidTfuONrFFuLRlfBeBVQQ/b4ixpPoqT"
    "i2CUDxQlAARPpASIb4gHGwutqDbXsbT8g0gfdyhwiOzIlNCz52hfeRNWSSBs4Dryj43f8oDuxQZwGOBv7D1jueCfLIbeTM33kCGr"
    "tBKrVofEIoXN4vQW9i6Q3ml2+6SCATC1jA6f+1oQMVgjcjNm5lbyh86ULJEd15R3tTfixZLJ68fj5nBU7VYz5BR1Wm0Bdm9+a6gW"
    "B1UNpIC2erHpckrNnSsfevREhz2xHUnAsjnu/6sogH1SjtqklFtmilqmmAUdHAZ5Q1/zPmthr23s7WhJwvy4TwIDAQAB"
)
"""The same key as everybody may have it."""
PRIVATE_KEY = b64decode(
    "MIIEowIBAAKCAQEA9uyL77hue9pKnsCGX5UZ6+bWlidTfuONrFFuLRlfBeBVQQ/b4ixpPoqTi2CUDxQlAARPpASIb4gHGwutqDbX"
    "sbT8g0gfdyhwiOzIlNCz52hfeRNWSSBs4Dryj43f8oDuxQZwGOBv7D1jueCfLIbeTM33kCGrtBKrVofEIoXN4vQW9i6Q3ml2+6SC"
    "ATC1jA6f+1oQMVgjcjNm5lbyh86ULJEd15R3tTfixZLJ68fj5nBU7VYz5BR1Wm0Bdm9+a6gWB1UNpIC2erHpckrNnSsfevREhz2x"
    "HUnAsjnu/6sogH1SjtqklFtmilqmmAUdHAZ5Q1/zPmthr23s7WhJwvy4TwIDAQABAoIBAAFmiv0ESCcOao1kJZ74n/y963LyCZzu"
    "LsNxubTksGbV27pMp7qJsFA5Iv94Ytux8jE8Gtfm3ZbiLdGX6F1AtgSr7pYBIkSOTVi91xUNXrlQ1uBWqOv+5hZ33yCF3h/FjRUo"
    "Gbyr1wsKzzCin807rA7wYCMxDyegxsDs/AhzjO5oss7UCADzMKpMU0BjqV9xWUt/wBTAIrKXy/wdlPa0ZRpX/wjfauI/HTSgt5nV"
    "q0u2KWBDKmdIJ1d4PlU33TZ7RibdfBSUZ6KtlKX3c3LuHLnMoxMjWlaCzyf9azJBfkkECeVChoYUJHO/CehZH2G/qZ1hmK8gqZK9"
    "o+EoRGX++xkCgYEA/V/MZp/3/S0oN7qj0V60nuep4BV/4cprNoXR3fOSa4PjYjm40DhWVLeI4Vdc/hM8WD7OaflFxklctyRsnX4o"
    "z8ytRUho0RFyFJeE1TFf411d+UXsLXyj7G9ixvC5ht/yDWkh7KqKz36m6CCCoy96yMFmUh+uHVBMy+wgSYdC/+UCgYEA+XuixBUN"
    "QbAAo2/OOqDNgcbGk89Qp3Qajrk4JPj5HTGoNpq6s+1zLjGHBxChttunL6o2kTM8UUpSWfeYppcjzr3hKwvvbdZZhqg+Y/fFtkKW"
    "oY6oFbiGYRPNYwICmdOIk5N+pJcHIXvebhA//FxEwYG0V08FaJgEd0quSy4xDCMCgYEA5SI0U/6IotGqlDNaIGZ4C1hPfNGUk5md"
    "uXHtZ731BPwBrvuqUcsQ744G4FpEQ5UbtmYd/yIpYndHvGvZOdg0ii975rLj72XKeCrKOo5rO89cw6fjPQOBrrjQaD6cWQe++ze/"
    "MSrNW3Ya9MMpwO+YJ2MW6F+z8tiCisvgKv6Cra0CgYAhptOlr1FCcwMjCInAzr/pqW5Psb8nVznd1o4ELrErhu8xrl1Qt865hGS6"
    "RzwI9kfu3f7ORyLztBq3l/Y3QlvKH0KoE8wP/MHGsBr6UQmSNBktYZi6lVFK9ujVWggPx8C8Z0DF4rlLgvHV1stKtwdvMpeozzfj"
    "i93OWXx5F5n2EQKBgF89iQyQLNcoFPX6prQ95GlGrqtiDdl36Ug0QmEiD2VwQHbmXttLlXrBfFhnqivDGxAkljTIp0QVChToa7pf"
    "s0VECWSAmQ34QACxoDSc2500uV71Bv3fHhOP9xML8vicY4PHtzOraH/VH2XkBQ9DSjmVaUDVw6FzOBKy+K7pxgzO"
)
"""The same key as nobody else should have it."""
SERIAL = slice(15, 23)
"""Where the certificate has its serial number, which begins with 0x5a."""
NAME = slice(42, 52)
"""Where the request has ten digits of its name."""
MODULUS = slice(200, 208)
"""Some bytes within the public key's modulus."""


def number(draw: Draw) -> int:
    """The row's own number where values must differ, else one of a few."""
    return draw.row if draw.unique else draw.below(8)


def certificate(number: int) -> bytes:
    """A certificate (X.509, DER)."""
    return replaced(CERTIFICATE, SERIAL, (0x5A << 56 | number & MASK >> 8).to_bytes(8, "big"))


def request(number: int) -> bytes:
    """A request for a certificate (PKCS #10, DER)."""
    return replaced(REQUEST, NAME, f"{number % 10**10:010}".encode())


def public_key(number: int) -> bytes:
    """A public key (DER)."""
    first = int.from_bytes(PUBLIC_KEY[MODULUS], "big")
    return replaced(PUBLIC_KEY, MODULUS, (first + number & MASK).to_bytes(8, "big"))


def replaced(sample: bytes, place: slice, part: bytes) -> bytes:
    """The sample with another part at this place."""
    return sample[: place.start] + part + sample[place.stop :]


def pem(label: str, der: bytes) -> str:
    """``-----BEGIN CERTIFICATE-----`` and so on; no line end at the end, as form fields strip it."""
    lines = "\n".join(wrap(b64encode(der).decode(), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----"


def certificate_text(draw: Draw) -> str:
    """A certificate as text."""
    return pem("CERTIFICATE", certificate(number(draw)))


def request_text(draw: Draw) -> str:
    """A request for a certificate as text."""
    return pem("CERTIFICATE REQUEST", request(number(draw)))


def public_key_text(draw: Draw) -> str:
    """A public key as text."""
    return pem("PUBLIC KEY", public_key(number(draw)))


def private_key_text(draw: Draw) -> str:
    """The private key as text: the same in all rows, for no other can be made up."""
    return pem("PRIVATE KEY", PRIVATE_KEY)


def bare_certificate(draw: Draw) -> str:
    """A certificate as text in one line, as documents of SAML have it."""
    return b64encode(certificate(number(draw))).decode()


def binary_samples(draw: Draw) -> tuple[bytes, ...]:
    """A certificate, a request, a public key; then each as the bytes of its text."""
    at = number(draw)
    texts = (certificate_text(draw), request_text(draw), public_key_text(draw), private_key_text(draw))
    return (
        certificate(at),
        request(at),
        public_key(at),
        *(text.encode() for text in texts),
        *(() if draw.unique else (PRIVATE_KEY,)),
    )


LONGEST = 1_800
"""Columns of fewer characters hold something else: a file's name, a fingerprint."""

KEYS = (
    Meaning("certificate request", request_text, r"(^|_)(csr|(certificate_)?signing_request)(_pem|_text)?$",
            coded=True, inside=True, shortest=LONGEST),
    Meaning("public key", public_key_text, r"(^|_)(public_?key|pub_?key)(_pem|_text)?$|^pem$", coded=True, inside=True,
            shortest=LONGEST),
    Meaning("private key", private_key_text, r"(^|_)private_?key(_pem|_text)?$", coded=True, shortest=LONGEST),
    Meaning("certificate", certificate_text, r"(^|_)(x_?509(_?(cert|certificate))?|(certificate|cert|ca)_pem|"
            r"pem_?(certificate|cert)|tls_cert(ificate)?|ssl_cert(ificate)?|ca_cert(ificate)?)(_text)?$",
            coded=True, inside=True, shortest=LONGEST),
)  # fmt: skip
