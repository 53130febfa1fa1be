"""Kinds of settings for what stands in front of the server: proxies, what they tell, and the path they put it at."""

from __future__ import annotations

from gearshift.settings.declaration import Several, Text

FORWARDED = "forwarded"
X_FORWARDED = (
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
)


class Networks(Several):
    """Addresses of peers: an IP address, a network, or the word unix for those over Unix sockets."""

    metavar = "NETWORK"
    commas = True

    @property
    def expected(self) -> str:
        return "an address, a network such as 10.0.0.0/8, or unix"

    def check(self, text: str) -> None:
        if text == "unix":
            return
        from ipaddress import ip_network

        try:
            ip_network(text)
        except ValueError:
            raise self.wrong(text) from None


class ForwardingFields(Several):
    """Names of the fields by which a proxy tells of its client: forwarded alone, or some of the X-Forwarded- ones."""

    metavar = "FIELD"
    commas = True

    @property
    def expected(self) -> str:
        return f"{FORWARDED} alone, or of {', '.join(X_FORWARDED)}"

    def from_value(self, value: object) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name.lower() for name in super().from_value(value)))
        if FORWARDED in names and len(names) > 1:
            raise self.wrong(value)  # a proxy that writes the one lets clients write the other
        return names

    def check(self, text: str) -> None:
        if text.lower() not in (FORWARDED, *X_FORWARDED):
            raise self.wrong(text)


class RootPath(Text):
    """A path without a slash at its end; "" is the root."""

    metavar = "PATH"

    @property
    def expected(self) -> str:
        return "a path such as /shop, of visible ASCII characters without % ? # and empty or dotted parts"

    def from_value(self, value: object) -> str:
        text = super().from_value(value)
        if text:
            from gearshift.proxy.nodes import is_prefix

            if not is_prefix(text):
                raise self.wrong(text)
        return text.rstrip("/")


class FileMode(Text):
    """Permissions in octal, as chmod has them; "" leaves them to the umask."""

    metavar = "MODE"

    @property
    def expected(self) -> str:
        return "three octal digits such as 660"

    def from_value(self, value: object) -> str:
        text = super().from_value(value)
        digits = text.removeprefix("0o") if text.startswith("0o") else text
        if text and not (
            digits.isascii() and digits.isdigit() and len(digits) in (3, 4) and set(digits) <= set("01234567")
        ):
            raise self.wrong(value)
        if len(digits) == 4 and digits[0] != "0":
            raise self.wrong(value)
        return digits


class Owner(Text):
    """USER, USER:GROUP or :GROUP, by name or number; "" leaves it to whoever runs the server."""

    metavar = "USER[:GROUP]"

    @property
    def expected(self) -> str:
        return "USER, USER:GROUP or :GROUP, by name or number"

    def from_value(self, value: object) -> str:
        text = super().from_value(value)
        user, colon, group = text.partition(":")
        if text and (not (user or group) or (colon and not group) or ":" in group):
            raise self.wrong(value)
        return text


class Codings(Several):
    """Content codings, each once."""

    metavar = "CODING"
    commas = True

    @property
    def expected(self) -> str:
        return "of zstd, br and gzip, each once"

    def from_value(self, value: object) -> tuple[str, ...]:
        codings = super().from_value(value)
        if len(set(codings)) < len(codings):
            raise self.wrong(value)
        return codings

    def check(self, text: str) -> None:
        if text not in ("zstd", "br", "gzip"):
            raise self.wrong(text)
