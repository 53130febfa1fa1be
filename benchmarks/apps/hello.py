"""The smallest answers: what is measured is the server."""

BODY = b"Hello, world!"


def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "13")])
    return [BODY]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("http only")
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"13")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})
