"""Makes text safe for one line of a log or a terminal: whoever sends it cannot end the line or move the
cursor.
"""

from __future__ import annotations


def _table(escape: str) -> list[str]:
    """What each byte becomes: itself if it is printable ASCII and neither quote nor backslash."""
    table = [chr(byte) if 0x20 <= byte < 0x7F else escape.format(byte) for byte in range(256)]
    table[ord('"')] = '\\"'
    table[ord("\\")] = "\\\\"
    return table


PLAIN_TABLE = _table("\\x{:02x}")
# In a JSON string \x is no escape; \u00NN gives back each byte as the code point of its number.
JSON_TABLE = _table("\\u00{:02x}")


def escape_bytes(raw: bytes, table: list[str] = PLAIN_TABLE) -> str:
    """Bytes from a client, between quotes: printable ASCII stays, quotes and backslashes get a backslash,
    all else becomes \\xNN (PLAIN_TABLE) or \\u00NN (JSON_TABLE)."""
    text = raw.decode("latin-1")
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return text.translate(table)


def escape_text(text: str) -> str:
    """Text for people, on one line.

    Any script stays; what does not print (controls, line ends, direction marks) becomes \\xNN or \\uNNNN.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(ord(character)) for character in text)


def _escaped(code: int) -> str:
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
