"""Which certificate a name gets."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from gearshift.tls.names import best_match, names_of

CERTIFICATES = [("first.test",), ("shop.test", "*.shop.test"), ("www.shop.test",), ("*.deep.shop.test",)]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("first.test", 0),
        ("FIRST.test", 0),
        ("first.test.", 0),
        ("shop.test", 1),
        ("api.shop.test", 1),
        ("www.shop.test", 2),  # said whole, before one that says it by *
        ("a.deep.shop.test", 3),
        ("a.b.deep.shop.test", -1),  # one label alone
        ("deep.shop.test", 1),
        ("test", -1),
        ("*.shop.test", 1),
        ("", -1),
        (".shop.test", -1),
        ("other.test", -1),
    ],
)
def test_best_match(host: str, expected: int) -> None:
    assert best_match(host, CERTIFICATES) == expected


def test_names_of(tmp_path: Path) -> None:
    authority = trustme.CA()
    path = tmp_path / "cert.pem"
    issued = authority.issue_cert("Shop.test", "*.shop.test", "127.0.0.1", common_name="ignored.test")
    issued.cert_chain_pems[0].write_to_path(str(path))
    assert names_of(str(path)) == ("shop.test", "*.shop.test")
