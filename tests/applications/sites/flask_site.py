"""A Flask application that has one of everything."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, jsonify, redirect, request, send_file, stream_with_context, url_for

FILES = Path(os.environ["SITE_FILES"])

app = Flask(__name__)
notes: list[str] = []


@app.get("/")
def hello() -> str:
    return "hello from Flask"


@app.post("/json")
def doubled() -> Any:
    return jsonify({key: value * 2 for key, value in request.get_json().items()})


@app.post("/form")
def form() -> Any:
    return jsonify(request.form.to_dict(flat=False))


@app.post("/upload")
def upload() -> Any:
    file = request.files["file"]
    content = file.read()
    return jsonify(name=file.filename, size=len(content), sha256=hashlib.sha256(content).hexdigest())


@app.post("/body")
def body() -> Any:
    """A body without a form: how long, which, and whether the server says where it ends."""
    content = request.get_data()
    return jsonify(
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        terminated=request.environ["wsgi.input_terminated"],
        declared=request.content_length,
    )


@app.get("/stream")
def stream() -> Response:
    def lines() -> Iterator[str]:
        try:
            for number in range(int(request.args.get("count", "3"))):
                yield f"line {number}\n"
        finally:
            notes.append("stream closed")

    return Response(stream_with_context(lines()), mimetype="text/plain")


@app.get("/file")
def file() -> Response:
    return send_file(FILES / "large.bin", conditional=True, mimetype="application/octet-stream")


@app.get("/old")
def old() -> Any:
    return redirect(url_for("hello"), code=302)


@app.get("/who")
def who() -> Any:
    return jsonify(
        address=request.remote_addr,
        external=url_for("hello", _external=True),
        host=request.host,
        arguments=request.args.to_dict(),
    )


@app.get("/caf\u00e9/<name>")
def decoded(name: str) -> str:
    return name


@app.errorhandler(PermissionError)
def forbidden(error: PermissionError) -> tuple[str, int]:
    return f"handled: {error}", 403


@app.get("/forbidden")
def refuse() -> str:
    raise PermissionError("not you")


@app.get("/teapot")
def teapot() -> str:
    abort(418)


@app.get("/broken")
def broken() -> str:
    raise LookupError("the view broke")


@app.get("/notes")
def noted() -> Any:
    return jsonify(notes)
