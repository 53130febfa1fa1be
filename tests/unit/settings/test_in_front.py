"""Settings for what stands in front of the server."""

from __future__ import annotations

import pytest

from gearshift.errors import SettingError
from gearshift.proxy.configured import forwarding_of
from gearshift.settings import Settings


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("trusted_proxies", "10.0.0.1", ("10.0.0.1",)),
        ("trusted_proxies", ["10.0.0.0/8", "::1", "unix"], ("10.0.0.0/8", "::1", "unix")),
        ("trusted_proxies", (), ()),
        ("forwarded_fields", "Forwarded", ("forwarded",)),
        ("forwarded_fields", ["X-Forwarded-For", "x-forwarded-for"], ("x-forwarded-for",)),
        ("root_path", "/shop/", "/shop"),
        ("root_path", "/a/b", "/a/b"),
        ("root_path", "/", ""),
        ("root_path", "", ""),
        ("unix_mode", "660", "660"),
        ("unix_mode", "0o660", "660"),
        ("unix_mode", "0660", "0660"),
        ("unix_owner", "www-data", "www-data"),
        ("unix_owner", ":33", ":33"),
        ("compress", "gzip", ("gzip",)),
        ("compress", ["zstd", "gzip"], ("zstd", "gzip")),
    ],
)
def test_what_is_right(name: str, given: object, value: object) -> None:
    assert Settings.of(**{name: given}).values[name] == value


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("trusted_proxies", "10.0.0.1/8"),  # which of its bits are meant?
        ("trusted_proxies", "localhost"),
        ("trusted_proxies", "*"),
        ("trusted_proxies", "fe80::1%eth0/64"),
        ("trusted_proxies", [7]),
        ("forwarded_fields", ["forwarded", "x-forwarded-for"]),
        ("forwarded_fields", "x-real-ip"),
        ("forwarded_fields", []),
        ("root_path", "shop"),
        ("root_path", "//shop"),
        ("root_path", "/a/../b"),
        ("root_path", "/a b"),
        ("root_path", "/%20"),
        ("unix_mode", "rw"),
        ("unix_mode", "66"),
        ("unix_mode", "888"),
        ("unix_mode", "1777"),
        ("unix_mode", 660),
        ("unix_owner", ":"),
        ("unix_owner", "a:"),
        ("unix_owner", "a:b:c"),
        ("compress", "deflate"),
        ("compress", ["gzip", "gzip"]),
        ("compress_min", -1),
    ],
)
def test_what_is_wrong(name: str, given: object) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.of(**{name: given})
    assert str(caught.value).startswith(f"{name}=: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "flag"),
    [
        ({"proxy_protocol": True}, "--proxy-protocol"),
        ({"forwarded_fields": "forwarded"}, "--forwarded-fields"),
        ({"root_path_kept": True}, "--root-path-kept"),
        ({"root_path_kept": True, "trusted_proxies": "::1"}, "--root-path-kept"),
    ],
)
def test_what_makes_no_sense_alone(settings: dict[str, object], flag: str) -> None:
    with pytest.raises(SettingError) as caught:
        forwarding_of(Settings.of(**settings))
    assert str(caught.value).startswith(f"{flag}: found no --")


def test_what_is_asked_of_proxies() -> None:
    assert forwarding_of(Settings.of()) is None
    only_path = forwarding_of(Settings.of(root_path="/shop"))
    assert only_path is not None
    assert (only_path.names, only_path.prefix, only_path.introduced) == ((), "/shop", False)
    trusting = forwarding_of(
        Settings.of(
            trusted_proxies="unix",
            proxy_protocol=True,
            forwarded_fields="x-forwarded-prefix",
            root_path_kept=True,
        )
    )
    assert trusting is not None
    assert (trusting.names, trusting.kept, trusting.introduced) == ((b"x-forwarded-prefix",), True, True)
    assert trusting.trust.believes("")
