"""A FastAPI application, with what its users lean on: lifespan, tasks, contexts, threads, streams, disconnects."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.applications.served import PLAIN, Served, Sites, curl
from tests.support.waiting import eventually

UPLOAD = os.urandom(1024) * 5 * 1024
numbers = itertools.count()


@pytest.fixture
def site(engine: str, sites: Sites) -> Served:
    return sites.get("fastapi_site:app", engine)


@pytest.fixture
def client(site: Served) -> Iterator[httpx.Client]:
    with site.client() as client:
        yield client


def noted(client: httpx.Client, text: str) -> None:
    """Waits until the application has noted it."""
    eventually(lambda: text in client.get("/notes").json(), f"{text!r} is noted")


def test_lifespan_state(site: Served, client: httpx.Client) -> None:
    """What the lifespan made reaches every request, and its own tasks go on between them."""
    first = client.get("/").json()
    assert first["greeting"] == "hello from FastAPI"
    eventually(lambda: client.get("/").json()["beats"] > first["beats"] + 2, "the lifespan's task goes on")
    assert json.loads(curl(f"{site.url}/").body)["greeting"] == "hello from FastAPI"


def test_validated_json(site: Served, client: httpx.Client) -> None:
    answer = client.post("/items", json={"name": "red apple", "price": 1.25})
    assert (answer.status_code, answer.json()) == (201, {"name": "Red Apple", "price": 2.5})
    refused = client.post("/items", json={"name": "debt", "price": -1})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "price"]
    curled = curl("--json", '{"name": "pear", "price": 1}', f"{site.url}/items")
    assert (curled.status, json.loads(curled.body)) == (201, {"name": "Pear", "price": 2.0})


def test_its_own_pages(client: httpx.Client) -> None:
    assert client.get("/openapi.json").json()["paths"]["/items"]["post"]
    assert "swagger" in client.get("/docs").text.lower()


def test_upload(site: Served, client: httpx.Client) -> None:
    expected = {"name": "f.bin", "size": len(UPLOAD), "sha256": hashlib.sha256(UPLOAD).hexdigest()}
    assert client.post("/upload", files={"file": ("f.bin", UPLOAD)}).json() == expected
    curled = curl("-F", "file=@-;filename=f.bin", f"{site.url}/upload", given=UPLOAD)
    assert json.loads(curled.body) == expected


@pytest.mark.parametrize("chunked", [False, True])
def test_streamed_upload(chunked: bool, site: Served, client: httpx.Client) -> None:
    sent = client.post("/body", content=iter([UPLOAD]) if chunked else UPLOAD).json()
    assert sent["size"] == len(UPLOAD)
    assert sent["sha256"] == hashlib.sha256(UPLOAD).hexdigest()
    assert sent["pieces"] > 1  # given to the application as it came
    coding = ("-H", "Transfer-Encoding: chunked") if chunked else ()
    curled = curl(*coding, "--data-binary", "@-", f"{site.url}/body", given=UPLOAD)
    assert json.loads(curled.body)["sha256"] == sent["sha256"]


def test_background_task_runs_after_the_answer(client: httpx.Client) -> None:
    name = f"task{next(numbers)}"
    assert client.get(f"/background/{name}").json() == {"started": name}
    assert f"background {name}" not in client.get("/notes").json()
    noted(client, f"background {name}")


def test_stream(site: Served, client: httpx.Client) -> None:
    with client.stream("GET", "/stream?count=1000") as answer:
        assert list(answer.iter_lines()) == [f"line {number}" for number in range(1000)]
    assert curl(f"{site.url}/stream").body == b"line 0\nline 1\nline 2\n"


def test_stream_from_threads(client: httpx.Client) -> None:
    lines = client.get("/thread-stream").text.splitlines()
    assert [line.split()[0] for line in lines] == ["0", "1", "2"]
    assert all("AnyIO worker thread" in line for line in lines)


def test_file_is_sent_by_path(site: Served, sites: Sites, client: httpx.Client) -> None:
    before = site.written()
    answer = client.get("/file")
    assert answer.content == sites.large
    assert answer.headers["Content-Length"] == str(len(sites.large))
    assert site.written() - before >= len(sites.large)  # sendfile
    assert "/file http.response.pathsend" in client.get("/notes").json()
    assert curl(f"{site.url}/file").body == sites.large


def test_part_of_a_file(site: Served, sites: Sites, client: httpx.Client) -> None:
    answer = client.get("/file", headers={"Range": "bytes=1000-1999"})
    assert (answer.status_code, answer.content) == (206, sites.large[1000:2000])
    not_modified = client.get("/file", headers={"If-None-Match": answer.headers["ETag"]})
    assert not_modified.status_code in (200, 304)
    assert curl("--range", "-7", f"{site.url}/file").body == sites.large[-7:]


def test_stream_ends_when_its_client_leaves(client: httpx.Client) -> None:
    name = f"stream{next(numbers)}"
    with client.stream("GET", f"/ticks/{name}") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert list(itertools.islice(answer.iter_lines(), 4)) == ["id: 0", "data: tick", "", "id: 1"]
    noted(client, f"ticks {name} ended")


def test_disconnect_cancels_what_waits_for_it(site: Served, client: httpx.Client) -> None:
    name = f"scope{next(numbers)}"
    with site.client() as other, pytest.raises(httpx.ReadTimeout):
        other.get(f"/scope/{name}", timeout=0.2)
    noted(client, f"scope {name} cancelled")


def test_disconnects_are_no_errors(site: Served, client: httpx.Client) -> None:
    before = len(site.err())
    for _ in range(5):
        name = f"quiet{next(numbers)}"
        with client.stream("GET", f"/ticks/{name}") as answer:
            next(answer.iter_lines())
        noted(client, f"ticks {name} ended")
    with client.stream("GET", "/stream?count=1000000") as answer:
        next(answer.iter_lines())
    client.get("/")
    assert site.err()[before:] == ""


def test_middleware(client: httpx.Client) -> None:
    for path in ("/", "/stream", "/file", "/teapot"):
        assert float(client.get(path).headers["X-Seconds"]) >= 0


def test_function_endpoints_run_in_threads(client: httpx.Client) -> None:
    seen = client.get("/in-thread").json()
    assert "AnyIO worker thread" in seen["thread"]
    assert "AnyIO worker thread" in seen["before"]


def test_context_reaches_tasks_and_threads(site: Served, client: httpx.Client) -> None:
    assert client.get("/on-loop", headers={"X-Name": "ada"}).json()["name"] == "ada"
    assert client.get("/in-thread", headers={"X-Name": "bob"}).json()["name"] == "bob"
    found = client.get("/together", headers={"X-Name": "eve"}).json()["found"]
    assert found == ["second of eve", "first of eve", "third of eve", "fourth of eve"]
    # Nothing of it is left to the next request of the connection, or to another one.
    assert client.get("/on-loop").json()["name"] == "nobody"
    assert json.loads(curl(f"{site.url}/in-thread").body)["name"] == "nobody"


def test_application_runs_in_a_task_of_its_loop(engine: str, client: httpx.Client) -> None:
    seen = client.get("/on-loop").json()
    assert (seen["task"], seen["loop"], seen["shielded"]) == (True, True, "shield")
    assert seen["thread"] == "MainThread"


def test_tasks_that_start_others(client: httpx.Client) -> None:
    assert client.get("/together").json()["results"] == ["first", "second", "fourth"]
    assert client.get("/failing-group").json() == {"caught": "one of them"}


def test_timeouts(client: httpx.Client) -> None:
    assert client.get("/late").json() == {"timed out": "thrice"}


def test_errors_the_application_handles(client: httpx.Client) -> None:
    answer = client.get("/teapot")
    assert (answer.status_code, answer.json()) == (418, {"detail": "short and stout"})
    assert client.get("/nothing").status_code == 404
    assert client.put("/items").status_code == 405


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/broken", 500, "LookupError: the endpoint broke"),
        ("/broken-background", 200, "LookupError: the background broke"),
    ],
)
def test_errors_are_logged_once(
    path: str, status: int, text: str, site: Served, client: httpx.Client
) -> None:
    start = len(site.err())
    assert client.get(path).status_code == status
    assert client.get("/").status_code == 200
    eventually(lambda: text in site.err()[start:], "the error is logged")
    log = site.err()[start:]
    assert log.count("Traceback (most recent call last)") == log.count(text) == 1
    assert f"GET {path}" in log  # which request it was


def test_what_an_endpoint_knows_of_its_request(site: Served, client: httpx.Client) -> None:
    seen = client.get("/who").json()
    assert seen["address"] == "127.0.0.1"
    assert seen["hello"] == f"{site.url}/"
    assert "http.response.pathsend" in seen["extensions"]


def test_concurrent_requests_share_the_loop(site: Served) -> None:
    """Twenty requests that each wait take little longer than one."""

    async def ask() -> float:
        async with httpx.AsyncClient(base_url=site.url, timeout=15, **PLAIN) as client:
            await asyncio.gather(*(client.get("/late") for _ in range(20)))  # connections are made
            began = time.monotonic()
            answers = await asyncio.gather(*(client.get("/late") for _ in range(20)))
            assert [answer.json()["timed out"] for answer in answers] == ["thrice"] * 20
            return time.monotonic() - began

    assert asyncio.run(ask()) < 20 * 0.3 / 2  # one by one, 0.3 s each
