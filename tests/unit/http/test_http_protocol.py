"""One connection's protocol: bytes in, events out, one after the other."""

import gc
from collections.abc import Callable

import pytest

from gearshift.http.limits import Limits
from gearshift.http.protocol import Protocol
from gearshift.http.refusals import Refusal
from gearshift.http.states import Event, Reading

GET = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: a\r\n"


def told(data: bytes) -> Protocol:
    protocol = Protocol(Limits())
    protocol.receive(data)
    return protocol


def test_a_fresh_one_knows_nothing() -> None:
    protocol = Protocol(Limits())
    assert protocol.reading == Reading.BETWEEN
    assert protocol.refusal == Refusal.NO_REFUSAL
    assert protocol.request is None
    assert protocol.body_piece == b""
    assert protocol.eof is False
    assert protocol.next_event() == Event.NEED_DATA
    assert protocol.buffered() == 0


@pytest.mark.parametrize(
    ("data", "refused_head"),
    [
        (b"HEAD / HTTP/1.1\r\n\r\n", True),
        (b"\r\nHEAD / HTTP/1.1\r\nHost: a\r\nbad name: x\r\n", True),
        (b"GET / HTTP/1.1\r\n\r\n", False),
        (b"head / HTTP/1.1\r\n\r\n", False),
        (b"HEAD * HTTP/1.1\r\n", False),
        (b"HEAD / HTTP/1.1 \r\n", False),
        (b"HEAD\x00", False),
    ],
)
def test_it_knows_a_refused_head_by_its_valid_request_line(data: bytes, refused_head: bool) -> None:
    whole = told(data)
    assert whole.next_event() == Event.REFUSED
    assert whole.refused_head is refused_head
    bytewise = Protocol(Limits())
    for octet in data:
        assert bytewise.next_event() == Event.NEED_DATA
        bytewise.receive(bytes([octet]))
    assert bytewise.next_event() == Event.REFUSED
    assert bytewise.refused_head is refused_head


@pytest.mark.parametrize("limits", [None, 5, {"head": 5}])
def test_it_wants_limits(limits: object) -> None:
    with pytest.raises(TypeError):
        Protocol(limits)  # type: ignore[arg-type]


def test_a_request_without_a_body() -> None:
    protocol = told(GET)
    assert protocol.next_event() == Event.REQUEST
    assert protocol.reading == Reading.COMPLETE
    assert protocol.next_event() == Event.PAUSED
    protocol.finish()
    assert protocol.reading == Reading.BETWEEN
    assert protocol.next_event() == Event.NEED_DATA


def test_the_states_of_a_sized_body() -> None:
    protocol = told(POST + b"Content-Length: 5\r\n\r\n")
    assert protocol.next_event() == Event.REQUEST
    assert protocol.reading == Reading.SIZED_BODY
    assert protocol.next_event() == Event.NEED_DATA
    protocol.receive(b"he")
    assert protocol.next_event() == Event.BODY
    assert protocol.body_piece == b"he"
    assert protocol.next_event() == Event.NEED_DATA
    protocol.receive(b"lloGET")
    assert protocol.next_event() == Event.BODY
    assert protocol.body_piece == b"llo"
    assert protocol.next_event() == Event.END_OF_BODY
    assert protocol.reading == Reading.COMPLETE
    assert protocol.buffered() == 3


def test_the_states_of_a_chunked_body() -> None:
    protocol = Protocol(Limits())
    seen: list[Reading] = []
    for octet in POST + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\nSum: 1\r\n\r\n":
        protocol.receive(bytes([octet]))
        while protocol.next_event() not in (Event.NEED_DATA, Event.PAUSED):
            pass
        if seen[-1:] != [protocol.reading]:
            seen.append(protocol.reading)
    assert seen == [
        Reading.HEAD,
        Reading.CHUNK_SIZE,
        Reading.CHUNK_DATA,
        Reading.CHUNK_END,
        Reading.CHUNK_SIZE,
        Reading.TRAILERS,
        Reading.COMPLETE,
    ]


def test_trailers_are_never_headers() -> None:
    protocol = told(POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nSum: 1\r\n\r\n")
    assert protocol.next_event() == Event.REQUEST
    request = protocol.request
    assert request is not None
    assert protocol.next_event() == Event.END_OF_BODY
    assert request.header(b"sum") is None


def test_a_request_shows_when_its_head_is_whole_and_goes_when_it_is_answered() -> None:
    protocol = told(GET[:-1])
    assert protocol.next_event() == Event.NEED_DATA
    assert protocol.reading == Reading.HEAD
    assert protocol.request is None
    protocol.receive(GET[-1:])
    assert protocol.next_event() == Event.REQUEST
    assert protocol.request is not None
    protocol.finish()
    assert protocol.request is None


def test_a_refused_head_is_never_shown() -> None:
    """Half a head is no request: there are no bytes of it to hand out."""
    protocol = told(b"GET /hello HTTP/1.1\r\nHost: a\r\nbad name: x\r\n\r\n")
    assert protocol.next_event() == Event.REFUSED
    assert protocol.refusal == Refusal.FIELD_NAME
    assert protocol.request is None
    protocol.receive(b"x" * 100000)
    assert protocol.request is None


def test_a_request_whose_body_is_refused_still_tells_its_head() -> None:
    protocol = told(POST + b"Transfer-Encoding: chunked\r\n\r\nx\r\n")
    assert protocol.next_event() == Event.REQUEST
    assert protocol.next_event() == Event.REFUSED
    protocol.receive(b"more")
    assert protocol.request is not None
    assert protocol.request.target == b"/echo"


def test_a_body_piece_lasts_until_the_next_bytes_come() -> None:
    protocol = told(POST + b"Content-Length: 200000\r\n\r\n")
    assert protocol.next_event() == Event.REQUEST
    assert protocol.body_piece == b""
    protocol.receive(b"x" * 1000)
    assert protocol.next_event() == Event.BODY
    assert protocol.body_piece == protocol.body_piece == b"x" * 1000
    protocol.receive(b"y" * 100000)
    assert protocol.body_piece == b""
    assert protocol.next_event() == Event.BODY
    assert protocol.body_piece == b"y" * 100000


def test_only_one_request_is_read_at_a_time() -> None:
    protocol = told(GET + GET.replace(b"hello", b"second"))
    assert protocol.next_event() == Event.REQUEST
    assert protocol.next_event() == Event.PAUSED
    assert protocol.buffered() == len(GET) + 1
    protocol.finish()
    assert protocol.next_event() == Event.REQUEST
    assert protocol.request is not None
    assert protocol.request.target == b"/second"


def test_memory_is_given_back_between_requests() -> None:
    """An idle connection holds no buffer; what a peer sent ahead was freed with it."""
    protocol = told(POST + b"Content-Length: 1000000\r\n\r\n" + b"x" * 1000000)
    assert protocol.buffered() > 1000000
    assert protocol.next_event() == Event.REQUEST
    assert protocol.next_event() == Event.BODY
    assert protocol.next_event() == Event.END_OF_BODY
    protocol.finish()
    protocol.receive(b"")
    assert protocol.buffered() == 0


BLANK_LINES = [
    (b"\r\n", Event.REQUEST, Refusal.NO_REFUSAL),
    (b"\r\n\r\n", Event.REQUEST, Refusal.NO_REFUSAL),
    (b"\r\n\r\n\r\n", Event.REFUSED, Refusal.BLANK_LINES),
    (b"\n", Event.REFUSED, Refusal.BARE_LINE_END),
    (b"\r\r\n", Event.REFUSED, Refusal.METHOD),
]


@pytest.mark.parametrize(("before", "event", "refusal"), BLANK_LINES)
def test_blank_lines_before_a_request(before: bytes, event: Event, refusal: Refusal) -> None:
    protocol = told(before + GET)
    assert protocol.next_event() == event
    assert protocol.refusal == refusal


def test_blank_lines_are_counted_anew_for_each_request() -> None:
    protocol = Protocol(Limits())
    for _ in range(3):
        protocol.receive(b"\r\n\r\n" + GET)
        assert protocol.next_event() == Event.REQUEST
        protocol.finish()


ENDS = [
    (b"", Event.CLOSED, Refusal.NO_REFUSAL),
    (b"\r\n", Event.CLOSED, Refusal.NO_REFUSAL),
    (b"\r", Event.CLOSED, Refusal.NO_REFUSAL),
    (GET[:-1], Event.CLOSED, Refusal.NO_REFUSAL),
    (POST + b"Content-Length: 5\r\n\r\nhell", Event.REFUSED, Refusal.CUT_SHORT),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n", Event.REFUSED, Refusal.CUT_SHORT),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n5", Event.REFUSED, Refusal.CUT_SHORT),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello", Event.REFUSED, Refusal.CUT_SHORT),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", Event.REFUSED, Refusal.CUT_SHORT),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nSum: 1\r\n", Event.REFUSED, Refusal.CUT_SHORT),
]


@pytest.mark.parametrize(("data", "event", "refusal"), ENDS)
def test_where_the_peer_may_stop(data: bytes, event: Event, refusal: Refusal) -> None:
    protocol = told(data)
    protocol.receive_eof()
    assert protocol.eof is True
    while (last := protocol.next_event()) in (Event.REQUEST, Event.BODY):
        pass
    assert last == event
    assert protocol.refusal == refusal
    assert protocol.next_event() == event


def test_a_peer_that_has_finished_still_gets_what_it_asked_for() -> None:
    protocol = told(GET + GET)
    protocol.receive_eof()
    for _ in range(2):
        assert protocol.next_event() == Event.REQUEST
        assert protocol.next_event() == Event.PAUSED
        protocol.finish()
    assert protocol.next_event() == Event.CLOSED
    assert protocol.reading == Reading.ENDED
    assert protocol.refusal == Refusal.NO_REFUSAL


def test_finish_does_not_mend_what_is_broken() -> None:
    protocol = told(b"\x00" + GET)
    assert protocol.next_event() == Event.REFUSED
    protocol.finish()
    assert protocol.reading == Reading.BROKEN
    assert protocol.next_event() == Event.REFUSED


EARLY = [
    (b"\xff", Refusal.METHOD),
    (b"\x16\x03\x01", Refusal.METHOD),
    (b" ", Refusal.METHOD),
    (b"G ET\x00", Refusal.CONTROL_CHARACTER),
    (b"X" * 33, Refusal.METHOD_TOO_LONG),
    (b"GET /" + b"a" * 9000, Refusal.TARGET_TOO_LONG),
    (b"GET / HTTP/1.1\r\n ", Refusal.FIELD_LINE),
    (b"GET / HTTP/1.1\r\nA\x0b", Refusal.CONTROL_CHARACTER),
    (b"GET / HTTP/1.1\r\nA: " + b"b" * 16384, Refusal.FIELD_TOO_LONG),
]


@pytest.mark.parametrize(("data", "refusal"), EARLY, ids=[repr(row[0][:12]) for row in EARLY])
def test_what_cannot_become_a_request_is_refused_before_its_line_ends(data: bytes, refusal: Refusal) -> None:
    protocol = told(data)
    assert protocol.next_event() == Event.REFUSED
    assert protocol.refusal == refusal


def test_the_first_fault_counts_however_the_bytes_come() -> None:
    """Two faults in one line: whichever comes first, not whichever a check happens to look for first."""
    for data, refusal in (
        (b"GET /\x00\n", Refusal.CONTROL_CHARACTER),
        (b"GET / HTTP/1.1\r\nA: b\x00\n", Refusal.CONTROL_CHARACTER),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 16384 + b"\x00\r\n", Refusal.FIELD_TOO_LONG),
        (b"GET / HTTP/1.1\r\n " + b"b" * 16384 + b"\r\n", Refusal.FIELD_LINE),
    ):
        for step in (1, len(data)):
            protocol = Protocol(Limits())
            for at in range(0, len(data), step):
                protocol.receive(data[at : at + step])
                protocol.next_event()
            assert protocol.refusal == refusal


def test_nothing_leaks(resident: Callable[[], int]) -> None:
    """Requests, refusals and ends by the thousand leave nothing behind."""

    def run(times: int) -> None:
        for _ in range(times):
            protocol = told(POST + b"Content-Length: 50000\r\n\r\n" + b"x" * 50000 + GET)
            while protocol.next_event() != Event.PAUSED:
                pass
            told(GET[:-1] + b"\x00").next_event()

    run(100)
    gc.collect()
    before = resident()
    run(1000)
    assert resident() - before < 8 * 1024 * 1024
