"""The examples that the README shows, each served from its folder with the command written there.

On the engine it gets without being told one; the frameworks themselves are tested on all of them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.applications.served import curl, serving
from tests.support.waiting import eventually

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
COMMAND = re.compile(r"`gearshift serve (\S+)`")


def test_every_command_is_tested() -> None:
    """Those of the table, for this file names them again."""
    source = Path(__file__).read_text()
    commands = COMMAND.findall((EXAMPLES / "README.md").read_text())
    assert len(commands) == 5
    for application in commands:
        assert f'"{application}"' in source
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == {
        "django_uploads",
        "flask_notes",
        "fastapi_library",
        "raw_handlers",
        "starlette_clock",
    }


@pytest.mark.parametrize("application", ["uploads.wsgi", "uploads.asgi"])
def test_django_uploads(application: str, tmp_path: Path) -> None:
    content = os.urandom(300_000)
    variables: Mapping[str, str] = {"UPLOADS_FOLDER": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    folder = EXAMPLES / "django_uploads"
    with (
        serving(application, folder=folder, variables=variables) as site,
        site.client(follow_redirects=True) as client,
    ):
        page = client.get("/").text
        assert "There is nothing yet." in page
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token is not None
        page = client.post(
            "/", data={"csrfmiddlewaretoken": token[1]}, files={"file": ("sea & sand.jpg", content)}
        ).text
        assert "You have given 1 file." in page
        link = re.search(r'href="(/files/[^"]+)"', page)
        assert link is not None
        assert client.get(link[1]).content == content
        assert curl(f"{site.url}{link[1]}").body == content
        assert client.get("/files/none").status_code == 404
        assert site.stop() == 0
        assert "Traceback" not in site.err()


def test_flask_notes(tmp_path: Path) -> None:
    variables = {"NOTES_DATABASE": str(tmp_path / "notes.db"), "PYTHONDONTWRITEBYTECODE": "1"}
    folder = EXAMPLES / "flask_notes"
    with (
        serving("notes:app", folder=folder, variables=variables) as site,
        site.client(follow_redirects=True) as client,
    ):
        assert "a &lt;first&gt; note" in client.post("/", data={"text": "a <first> note"}).text
        made = client.post("/api/notes", json={"text": "second"})
        assert (made.status_code, made.json()) == (201, {"id": 2, "text": "second"})
        assert [note["text"] for note in client.get("/api/notes").json()] == ["a <first> note", "second"]
        lines = curl(f"{site.url}/notes.csv").body.decode().splitlines()
        assert [line.split(",")[2] for line in lines] == ["a <first> note", "second"]
        assert [client.delete("/api/notes/1").status_code for _ in range(2)] == [204, 404]
        assert site.stop() == 0
        assert site.err().count("\n") == 1  # that it drains, nothing else


def test_fastapi_library() -> None:
    folder, variables = EXAMPLES / "fastapi_library", {"PYTHONDONTWRITEBYTECODE": "1"}
    with (
        serving("library:app", folder=folder, variables=variables) as site,
        site.client() as client,
    ):
        assert client.get("/").json()["books"] == 1
        assert client.post("/books", json={"title": "", "author": "nobody"}).status_code == 422
        assert client.post("/books", json={"title": "Momo", "author": "Ende"}).json() == {"number": 2}
        assert client.post("/books/2/lend?reader=Ada").json()["lent_to"] == "Ada"
        assert client.post("/books/2/lend?reader=Bob").status_code == 409
        assert client.post("/books/3/lend?reader=Bob").status_code == 404
        eventually(
            lambda: client.get("/letters").json() == ["Dear Ada, enjoy Momo!"], "the letter is written"
        )
        assert "swagger" in client.get("/docs").text.lower()
        assert json.loads(curl(f"{site.url}/books").body)["2"]["title"] == "Momo"
        assert site.stop() == 0
        assert "Traceback" not in site.err()


def test_starlette_clock() -> None:
    folder, variables = EXAMPLES / "starlette_clock", {"PYTHONDONTWRITEBYTECODE": "1"}
    with (
        serving("clock:app", folder=folder, variables=variables) as site,
        site.client() as client,
    ):
        assert "EventSource" in client.get("/").text
        with site.client() as first, site.client() as second:
            with first.stream("GET", "/events") as one, second.stream("GET", "/events") as other:
                watching, also = one.iter_lines(), other.iter_lines()
                ticks = [
                    json.loads(line[6:])
                    for line in (next(watching), *[next(watching) for _ in range(3)])
                    if line
                ]
                assert len(ticks) == 2
                assert json.loads(next(also)[6:])["watchers"] == 2
                assert client.get("/watchers").json() == {"watchers": 2}
            eventually(lambda: client.get("/watchers").json() == {"watchers": 0}, "both have left")
        assert "Traceback" not in site.err()
