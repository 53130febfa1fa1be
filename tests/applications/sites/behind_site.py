"""The same answer from Flask and from Starlette: who asks, by which scheme, and what the way back is."""

from __future__ import annotations

from typing import Any

from flask import Flask, jsonify, url_for
from flask import request as flask_request
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

flask_app = Flask(__name__)


@flask_app.get("/where")
def where() -> Any:
    return jsonify(
        client=flask_request.remote_addr,
        scheme=flask_request.scheme,
        back=url_for("where", _external=True),
    )


async def starlette_where(request: Request) -> JSONResponse:
    return JSONResponse(
        {
            "client": request.client.host if request.client else None,
            "scheme": request.url.scheme,
            "back": str(request.url_for("where")),
        }
    )


starlette_app = Starlette(routes=[Route("/where", starlette_where, name="where")])
