"""Reason phrases: the standard library's registry is the oracle, where it is not behind RFC 9110."""

from http import HTTPStatus

import pytest

from gearshift.http.reasons import REASON_PHRASES

# Renamed by RFC 9110, which the standard library follows since Python 3.13.
RENAMED = {
    413: b"Content Too Large",
    414: b"URI Too Long",
    416: b"Range Not Satisfiable",
    422: b"Unprocessable Content",
}
# RFC 9110 section 15.5.19 reserves 418; the extension framework of 510 is historic.
LEFT_OUT = {418, 510}


@pytest.mark.parametrize("status", sorted(REASON_PHRASES))
def test_a_phrase_is_the_registered_one(status: int) -> None:
    assert REASON_PHRASES[status] == RENAMED.get(status, HTTPStatus(status).phrase.encode())


def test_all_registered_final_statuses_are_there() -> None:
    registered = {int(status) for status in HTTPStatus if status >= 200}
    assert registered - set(REASON_PHRASES) == LEFT_OUT
