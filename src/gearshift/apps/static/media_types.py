"""What a file is, by the ending of its name.

The table holds what the web is made of; the standard library's own is asked for the rest, and only then
imported. The files that `mimetypes` would read from the system are left alone: a folder is served alike on
every machine.
"""

from __future__ import annotations

UNKNOWN = b"application/octet-stream"

_TABLE = """
text/html                     html htm
text/css                      css
text/javascript               js mjs cjs
text/plain                    txt text log md5 sha256
text/markdown                 md markdown
text/csv                      csv
text/calendar                 ics
text/vtt                      vtt
text/xml                      xml xsl xslt
text/vcard                    vcf
application/json              json map topojson
application/geo+json          geojson
application/ld+json           jsonld
application/manifest+json     webmanifest
application/xhtml+xml         xhtml
application/atom+xml          atom
application/rss+xml           rss
application/wasm              wasm
application/pdf               pdf
application/rtf               rtf
application/yaml              yaml yml
application/toml              toml
application/sql               sql
application/gzip              gz tgz
application/zstd              zst
application/x-brotli          br
application/zip               zip
application/x-tar             tar
application/x-xz              xz
application/x-bzip2           bz2
application/x-7z-compressed   7z
application/vnd.rar           rar
application/epub+zip          epub
application/java-archive      jar
application/vnd.android.package-archive  apk
application/x-sqlite3         sqlite sqlite3
application/vnd.apache.parquet  parquet
application/msword            doc
application/vnd.ms-excel      xls
application/vnd.ms-powerpoint  ppt
application/vnd.openxmlformats-officedocument.wordprocessingml.document    docx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet          xlsx
application/vnd.openxmlformats-officedocument.presentationml.presentation  pptx
application/vnd.oasis.opendocument.text         odt
application/vnd.oasis.opendocument.spreadsheet  ods
application/vnd.apple.mpegurl m3u8
application/dash+xml          mpd
font/woff2                    woff2
font/woff                     woff
font/ttf                      ttf
font/otf                      otf
image/svg+xml                 svg
image/png                     png
image/apng                    apng
image/jpeg                    jpg jpeg
image/gif                     gif
image/webp                    webp
image/avif                    avif
image/jxl                     jxl
image/heic                    heic
image/bmp                     bmp
image/tiff                    tif tiff
image/x-icon                  ico cur
audio/mpeg                    mp3
audio/mp4                     m4a
audio/aac                     aac
audio/flac                    flac
audio/ogg                     ogg oga opus
audio/wav                     wav
audio/webm                    weba
audio/midi                    mid midi
video/mp4                     mp4 m4v
video/mp2t                    ts
video/webm                    webm
video/ogg                     ogv
video/quicktime               mov
video/x-matroska              mkv
model/gltf+json               gltf
model/gltf-binary             glb
"""
_BY_ENDING: dict[bytes, bytes] = {
    ending.encode(): media_type.encode()
    for media_type, *endings in (line.split() for line in _TABLE.strip().splitlines())
    for ending in endings
}


def media_type_of(name: bytes) -> bytes:
    """The Content-Type of a file of this name, UNKNOWN where the name tells nothing."""
    stem, _, ending = name.rpartition(b"/")[2].rpartition(b".")
    if not stem:
        return UNKNOWN
    ending = ending.lower()
    media_type = _BY_ENDING.get(ending) or _from_the_standard_library(ending)
    # Without a charset, browsers guess one. JSON and XML imply or name theirs (RFC 8259, RFC 7303).
    return media_type + b"; charset=utf-8" if media_type.startswith(b"text/") else media_type


def _from_the_standard_library(ending: bytes) -> bytes:
    import mimetypes  # 2 ms, for endings that are rarely met

    try:
        # Once init() has read the system's files, only a fresh object has the map without them.
        known = mimetypes.MimeTypes().types_map[True] if mimetypes.inited else mimetypes.types_map
        return known.get("." + ending.decode("ascii"), "").encode() or UNKNOWN
    except UnicodeDecodeError:
        return UNKNOWN
