"""Notes in SQLite: a page, a JSON interface, and an export that is written while it is read."""

import csv
import io
import os
import sqlite3
from collections.abc import Iterator

from flask import (
    Flask,
    Response,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

DATABASE = os.environ.get("NOTES_DATABASE", "notes.db")
TABLE = """CREATE TABLE IF NOT EXISTS note
    (id INTEGER PRIMARY KEY, text TEXT NOT NULL, made TEXT DEFAULT CURRENT_TIMESTAMP)"""

app = Flask(__name__)


def database() -> sqlite3.Connection:
    """This request's connection: every thread of the server has its own."""
    if "database" not in g:
        g.database = sqlite3.connect(DATABASE)
        g.database.row_factory = sqlite3.Row
        g.database.execute(TABLE)
    found: sqlite3.Connection = g.database
    return found


@app.teardown_appcontext
def close_database(error: BaseException | None) -> None:
    connection = g.pop("database", None)
    if connection is not None:
        connection.close()


def add(text: str) -> int | None:
    with database() as connection:
        return connection.execute("INSERT INTO note (text) VALUES (?)", (text,)).lastrowid


@app.get("/")
def page() -> str:
    notes = database().execute("SELECT * FROM note ORDER BY id DESC LIMIT 100").fetchall()
    return render_template("notes.html", notes=notes)


@app.post("/")
def add_by_form() -> AnyResponse:
    add(request.form["text"])
    return redirect(url_for("page"), code=303)


@app.get("/api/notes")
def notes() -> Response:
    return jsonify([dict(row) for row in database().execute("SELECT * FROM note ORDER BY id")])


@app.post("/api/notes")
def add_by_api() -> tuple[Response, int]:
    text = request.get_json()["text"]
    return jsonify(id=add(text), text=text), 201


@app.delete("/api/notes/<int:number>")
def remove(number: int) -> tuple[str, int]:
    with database() as connection:
        gone = connection.execute("DELETE FROM note WHERE id = ?", (number,)).rowcount
    return ("", 204) if gone else ("no such note\n", 404)


@app.get("/notes.csv")
def export() -> Response:
    """Line by line: a million notes need no more memory than one."""

    def lines() -> Iterator[str]:
        for row in database().execute("SELECT id, made, text FROM note ORDER BY id"):
            line = io.StringIO()
            csv.writer(line).writerow(row)
            yield line.getvalue()

    return Response(stream_with_context(lines()), mimetype="text/csv")
