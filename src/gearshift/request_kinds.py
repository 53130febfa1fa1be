"""Which requests are alike: those of one method and one path, whose segments with digits in them count as one.

`GET /orders/17` and `GET /orders/18` are of the kind `GET /orders/*`.
"""

import cython
from cython.cimports.gearshift.http.request import Request

SEGMENTS = cython.declare(cython.int, 6)  # of a path; what follows does not tell kinds apart
OFFSET = cython.declare(cython.ulonglong, 14695981039346656037)  # FNV-1a, 64 bits
PRIME = cython.declare(cython.ulonglong, 1099511628211)


def key_of(request: Request) -> cython.ulonglong:
    """FNV-1a over the method and the path, with one value for every segment that has a digit in it."""
    key: cython.ulonglong = OFFSET
    if request.kind != 0:
        return request.kind
    before: cython.ulonglong
    index: cython.uint
    byte: cython.uchar
    segments: cython.int = 0
    for index in range(request.method_length):
        byte = cython.cast(cython.uchar, request.data[request.method_start + index])
        key = (key ^ byte) * PRIME
    before = key
    numbered: cython.bint = False
    for index in range(request.path_length):
        byte = cython.cast(cython.uchar, request.data[request.path_start + index])
        if byte == 47:  # /
            segments += 1
            if segments > SEGMENTS:
                break
            key = (key ^ byte) * PRIME
            before = key
            numbered = False
        elif not numbered:
            if byte >= 48 and byte <= 57:
                numbered = True
                key = (before ^ 42) * PRIME
            else:
                key = (key ^ byte) * PRIME
    request.kind = key if key != 0 else 1
    return request.kind


def name_of(request: Request) -> str:
    """The kind in words: "GET /orders/*"."""
    path = request.path.decode("latin-1")
    segments = path.split("/")[: SEGMENTS + 1]
    shown = [
        "*" if any("0" <= character <= "9" for character in segment) else segment for segment in segments
    ]
    return f"{request.method.decode('latin-1')} {'/'.join(shown)}"
