"""Pipelined requests are answered in order, each once, up to the first that ends the connection (RFC 9112 9.3.2)."""

from __future__ import annotations

import pytest

from tests.support.answers import read_all
from tests.support.servers import Running
from tests.support.wire import chunked, request

HUNDRED = b"".join(request(f"/hello/{number}") for number in range(100))


def mixed(number: int) -> tuple[bytes, bytes, bytes]:
    """A request, its method and the body of its answer."""
    word = b"body %d" % number
    kinds = (
        (request(f"/hello/{number}"), b"GET", b"hello"),
        (request(f"/echo/{number}", method="POST", body=word), b"POST", word),
        (
            request(f"/echo/{number}", "Transfer-Encoding: chunked", method="PUT")
            + chunked(word[:2], word[2:]),
            b"PUT",
            word,
        ),
        (request(f"/hello/{number}", method="HEAD"), b"HEAD", b""),
        (request(f"/stream/{number}"), b"GET", b"onetwothree"),
        (request(f"/empty/{number}", method="DELETE"), b"DELETE", b""),
        (request(f"/status/{number}?204"), b"GET", b""),
        (request(f"/bare/{number}", "Connection: keep-alive"), b"GET", b""),
    )
    return kinds[number % len(kinds)]


def test_a_hundred_in_one_send(site: Running) -> None:
    with site.connect() as wire:
        wire.send(HUNDRED)
        for _ in range(100):
            answer = wire.answer()
            assert (answer.status, answer.body) == (200, b"hello")
        assert wire.ask(request()).body == b"hello"
    assert site.probe.finished[:100] == [f"/hello/{number}" for number in range(100)]


@pytest.mark.parametrize("send", ["whole", "split", "half-closed"])
def test_mixed_methods_with_bodies(send: str, site: Running) -> None:
    requests = [mixed(number) for number in range(100)]
    data = b"".join(sent for sent, _, _ in requests)
    with site.connect() as wire:
        if send == "split":
            wire.send_split(data, seed=7, pieces=60)
        else:
            wire.send(data)
        if send == "half-closed":
            wire.half_close()
        else:
            wire.send(request("/hello/last", "Connection: close"))
        answers = wire.read_to_end().answers(*(method for _, method, _ in requests))
    if send != "half-closed":
        assert answers.pop().body == b"hello"
    assert [answer.body for answer in answers] == [body for _, _, body in requests]
    assert {answer.status for answer in answers} == {200, 204}


@pytest.mark.parametrize("good", [1, 2, 10, 99])
def test_an_error_in_the_middle(good: int, site: Running) -> None:
    with site.connect() as wire:
        wire.send(b"".join(request(f"/hello/{number}") for number in range(good)) + b"BAD\r\n\r\n" + HUNDRED)
        answers = wire.read_to_end().answers()
    assert [answer.status for answer in answers] == [200] * good + [400]
    assert [answer.closes for answer in answers] == [False] * good + [True]
    assert len(site.probe.started) == good


def test_a_bad_body_in_the_middle(site: Running) -> None:
    bad = request("/echo", "Transfer-Encoding: chunked", method="POST") + b"5\r\nhelloXX0\r\n\r\n"
    with site.connect() as wire:
        wire.send(request("/echo", method="POST", body=b"first") + bad + request("/hello/behind"))
        answers = wire.read_to_end().answers()
    assert [answer.status for answer in answers] == [200, 400]
    assert answers[0].body == b"first"
    assert site.probe.finished == ["/echo"]


def test_close_in_the_middle(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/hello/1") + request("/stream/2", "Connection: close") + HUNDRED)
        answers = wire.read_to_end().answers()
    assert [answer.body for answer in answers] == [b"hello", b"onetwothree"]
    assert answers[1].closes
    assert site.probe.started == ["/hello/1", "/stream/2"]


def test_an_application_error_in_the_middle_is_answered_in_its_place(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/hello/1") + request("/raise/2") + request("/hello/3", "Connection: close"))
        answers = wire.read_to_end().answers()
    assert [answer.status for answer in answers][:2] == [200, 500]
    # The connection may be kept or closed behind a complete 500; what it announces must be what it does.
    assert len(answers) == (2 if answers[1].closes else 3)


def test_the_next_waits_for_the_one_before(site: Running) -> None:
    with site.connect() as wire:
        wire.send(request("/gate/1") + request("/hello/2") + request("/hello/3"))
        # A request on another connection could overtake on engines that have a thread for it; on this one none may.
        site.probe.gate.set()
        assert [wire.answer().status for _ in range(3)] == [200, 200, 200]
    assert site.probe.started == ["/gate/1", "/hello/2", "/hello/3"]


def test_large_answers_in_order(site: Running) -> None:
    sizes = [300_000, 0, 1, 65_536, 700_000, 65_537]
    data = b"".join(request(f"/large/{size}?{size}") for size in sizes)
    with site.connect() as wire:
        ending = wire.ask_to_end(data, half_close=True)
    answers = ending.answers()
    assert [len(answer.body) for answer in answers] == sizes


def test_large_bodies_in_order(site: Running) -> None:
    bodies = [b"%d" % number * 50_000 for number in range(10)]
    data = b"".join(request("/echo", method="POST", body=body) for body in bodies)
    with site.connect() as wire:
        ending = wire.ask_to_end(data, half_close=True)
    assert [answer.body for answer in ending.answers()] == bodies


def test_more_requests_than_answers_are_read(site: Running) -> None:
    """A client that sends and sends without reading is held back and then served whole."""
    count = 3000
    data = b"".join(request(f"/large/{number}?2000") for number in range(count - 1))
    with site.connect(receive_buffer=8192) as wire:
        ending = wire.ask_to_end(data + request("/hello/last", "Connection: close"))
    answers = read_all(ending.data)
    assert len(answers) == count
    assert answers[-1].body == b"hello"


def test_pieces_that_split_requests_anywhere(site: Running) -> None:
    pair = request("/echo", method="POST", body=b"one") + request("/echo", method="POST", body=b"two")
    for place in range(1, len(pair)):
        with site.connect() as wire:
            wire.send_pieces((pair[:place], pair[place:]))
            assert [wire.answer().body, wire.answer().body] == [b"one", b"two"]
