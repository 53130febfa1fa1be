"""RFC 7541: field blocks that can't be."""

from __future__ import annotations

from tests.conformance.http2.cases.known import USUAL, case, connection_error
from tests.support.http2 import (
    COMPRESSION_ERROR,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PROTOCOL_ERROR,
    Http2Client,
)

BLOCKS = {
    "2.3.3/1 an index beyond the tables": b"\xc6",
    "2.3.3/2 a name's index beyond the tables": b"\x7f\x07\x04test",
    "4.2/1 a table size update behind a field": b"\x3f\xe1\x1f",
    "5.2/1 a Huffman string with more than 7 bits of padding": b"\x00\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff"[
        :14
    ],
    "5.2/2 a Huffman string padded with zeros": b"\x00\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90",
    "5.2/3 a Huffman string with EOS": b"\x00\x85\xf2\xb2\x4a\x84\xff\x87\xff\xff\xff\xff\xff\xff\xff",
    "6.1/1 index 0": b"\x80",
    "6.3/1 a table size beyond the setting": b"\x3f\xe2\x1f",
}
for _name, _bytes in BLOCKS.items():

    def _block(client: Http2Client, name: str = _name, field: bytes = _bytes) -> None:
        usual = USUAL + b"\x41\x09127.0.0.1"
        block = field + usual if name.startswith("6.3") else usual + field
        client.frame(HEADERS, END_STREAM | END_HEADERS, 1, block)
        connection_error(client, COMPRESSION_ERROR, PROTOCOL_ERROR)

    case(f"hpack/{_name}")(_block)
