"""A folder without an index, shown as a page, where the user has asked for listings."""

from __future__ import annotations

import os
from pathlib import Path
from time import gmtime, strftime

from gearshift.apps.static.containment import Located, Root, is_served

# Some megabytes of HTML and a tenth of a second: more would hold up the other requests, and nobody reads it.
MOST_ENTRIES = 10_000
_TEMPLATE = Path(__file__).with_name("listing.html").read_text(encoding="utf-8")
_LAST_SECOND = 253402300799.0  # of the year 9999; some file systems have later ones, gmtime() has not
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")  # RFC 3986 2.3
_SLASH = ord("/")


class Entry:
    """One line of a listing."""

    __slots__ = ("is_folder", "modified", "name", "size")

    def __init__(self, name: bytes, status: os.stat_result, is_folder: bool) -> None:
        self.name = name
        self.is_folder = is_folder
        self.size = status.st_size
        self.modified = max(0.0, min(status.st_mtime, _LAST_SECOND))

    def sort_key(self) -> tuple[bool, bytes, bytes]:
        """Folders first, then names without regard to the case of letters."""
        return (not self.is_folder, self.name.lower(), self.name)


def list_folder(root: Root, name: bytes, folder: Located) -> bytes:
    """The page for a folder, as UTF-8. Raises Refused(403) where it may not be read.

    name: relative, empty or ending with a slash.
    It shows what could also be fetched, and nothing else: no dot files, no links that lead out, no FIFOs.
    """
    entries, is_complete = _entries(root, name, folder)
    rows = [_row(b"../", "Parent folder", "folder", "", "")] if name else []
    rows += [_entry_row(entry) for entry in entries]
    note = "" if is_complete else f'<p class="note">Only {MOST_ENTRIES:,} entries are shown.</p>'
    if not entries:
        note = '<p class="note">This folder is empty.</p>'
    page = _TEMPLATE
    # Everything inserted is escaped, so no name can pose as the next placeholder.
    for placeholder, part in (
        ("<!--TITLE-->", _text(b"/" + name)),
        ("<!--CRUMBS-->", _crumbs(name)),
        ("<!--ROWS-->", "\n".join(rows)),
        ("<!--NOTE-->", note),
    ):
        page = page.replace(placeholder, part)
    return page.encode()


def _entries(root: Root, name: bytes, folder: Located) -> tuple[list[Entry], bool]:
    """What is in the folder, sorted, and whether that is all of it."""
    entries: list[Entry] = []
    descriptor = folder.open()
    try:
        with os.scandir(descriptor) as scan:
            for found in scan:
                child = os.fsencode(found.name)
                if not is_served(child):
                    continue
                if len(entries) == MOST_ENTRIES:
                    return sorted(entries, key=Entry.sort_key), False
                # One way to judge a file, here as for a request: links are followed, but not out of the root.
                located = root.locate(name + child)
                if located is None:
                    continue
                with located:
                    if located.is_folder or located.is_file:
                        entries.append(Entry(child, located.status, located.is_folder))
    finally:
        os.close(descriptor)
    return sorted(entries, key=Entry.sort_key), True


def _entry_row(entry: Entry) -> str:
    modified = gmtime(entry.modified)
    exact, readable = strftime("%Y-%m-%dT%H:%M:%SZ", modified), strftime("%Y-%m-%d %H:%M", modified)
    date = f'<time datetime="{exact}">{readable}</time>'
    if entry.is_folder:
        return _row(entry.name + b"/", _text(entry.name + b"/"), "folder", "", date)
    return _row(entry.name, _text(entry.name), "file", _size(entry.size), date)


def _row(address: bytes, label: str, kind: str, size: str, date: str) -> str:
    link = f'<a class="{kind}" href="{_reference(address)}"><bdi>{label}</bdi></a>'
    return f"<tr><td>{link}</td><td>{size}</td><td>{date}</td></tr>"


def _crumbs(name: bytes) -> str:
    """The folders above this one, each a link, and the folder itself."""
    above = name.split(b"/")[:-1]
    crumbs = []
    for depth, segment in enumerate([b"", *above]):
        label = f"<bdi>{_text(segment)}</bdi>" if segment else "Home"
        climb = "../" * (len(above) - depth)
        crumbs.append(
            f'<a href="{climb}">{label}</a>' if climb else f'<span aria-current="page">{label}</span>'
        )
    return " / ".join(crumbs)


def _text(name: bytes) -> str:
    """A name to be read: in UTF-8 if it is any, and no markup."""
    text = name.decode("utf-8", "replace")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _reference(name: bytes) -> str:
    """A name to be followed: percent-encoded, so that no byte of it means anything else."""
    return "".join(chr(byte) if byte in _UNRESERVED or byte == _SLASH else f"%{byte:02X}" for byte in name)


def _size(count: int) -> str:
    """Bytes as people read them, with the exact figure at hand."""
    size, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    digits = f"{size:.0f}" if unit == "B" or size >= 100 else f"{size:.1f}"
    return f'<data value="{count}" title="{count:,} bytes">{digits} {unit}</data>'
