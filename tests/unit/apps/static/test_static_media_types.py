from __future__ import annotations

import subprocess
import sys

import pytest

from gearshift.apps.static.media_types import media_type_of


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("INDEX.HTML", "text/html; charset=utf-8"),
        ("app.min.js", "text/javascript; charset=utf-8"),
        ("app.mjs", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("notes.txt", "text/plain; charset=utf-8"),
        ("data.json", "application/json"),
        ("app.js.map", "application/json"),
        ("site.webmanifest", "application/manifest+json"),
        ("logo.svg", "image/svg+xml"),
        ("photo.avif", "image/avif"),
        ("font.woff2", "font/woff2"),
        ("module.wasm", "application/wasm"),
        ("clip.mp4", "video/mp4"),
        ("tune.mid", "audio/midi"),
        ("release.tar.gz", "application/gzip"),
        ("docs.v2/README", "application/octet-stream"),
        ("archive.", "application/octet-stream"),
        (".html", "application/octet-stream"),
        ("x.unknown-ending", "application/octet-stream"),
        ("x.\xff", "application/octet-stream"),
        # not in the table, known to the standard library
        ("sheet.tsv", "text/tab-separated-values; charset=utf-8"),
    ],
)
def test_media_type_of(name, media_type):
    assert media_type_of(name.encode("latin-1")).decode() == media_type


def test_the_standard_library_is_asked_late_and_without_the_systems_files():
    program = (
        "import sys\n"
        "from gearshift.apps.static.media_types import media_type_of\n"
        "assert media_type_of(b'a.html') and 'mimetypes' not in sys.modules\n"
        "media_type_of(b'a.tsv')\n"
        "import mimetypes\n"
        "assert not mimetypes.inited\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
