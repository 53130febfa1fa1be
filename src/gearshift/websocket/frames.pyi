"""The typed face of frames.py and of the enum in frames.pxd."""

from enum import IntEnum

class Opcode(IntEnum):
    """What a frame is (RFC 6455 section 5.2)."""

    OP_CONTINUATION = 0
    OP_TEXT = 1
    OP_BINARY = 2
    OP_CLOSE = 8
    OP_PING = 9
    OP_PONG = 10

def frame(opcode: int, payload: bytes, first: int = 128) -> bytes: ...
def close_payload(code: int, reason: bytes) -> bytes: ...
def may_be_sent(code: int) -> bool: ...
