"""A Django project in one file, as a WSGI and an ASGI application."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.views.static import serve

FILES = Path(os.environ["SITE_FILES"])

settings.configure(
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
    ],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    LOGGING={
        "version": 1,
        "handlers": {"console": {"class": "logging.StreamHandler"}},
        "loggers": {"django.request": {"handlers": ["console"], "level": "ERROR"}},
    },
)
django.setup()
notes: list[str] = []


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello from Django", content_type="text/plain")


def form(request: HttpRequest) -> HttpResponse:
    """The token of the form, then the form's fields."""
    if request.method == "GET":
        return JsonResponse({"token": get_token(request)})
    return JsonResponse({name: request.POST.getlist(name) for name in sorted(request.POST)})


def upload(request: HttpRequest) -> HttpResponse:
    """What arrived of a multipart form with a file."""
    file = request.FILES["file"]
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return JsonResponse(
        {"name": file.name, "size": file.size, "sha256": digest.hexdigest(), "title": request.POST["title"]}
    )


def _pieces(count: int) -> Iterator[bytes]:
    try:
        for number in range(count):
            yield b"piece %d\n" % number
    finally:
        notes.append("stream closed")


async def _async_pieces(count: int) -> AsyncIterator[bytes]:
    for piece in _pieces(count):
        await asyncio.sleep(0)
        yield piece


def stream(request: HttpRequest) -> StreamingHttpResponse:
    many = int(request.GET.get("count", "3"))
    pieces = _async_pieces(many) if hasattr(request, "scope") else _pieces(many)
    return StreamingHttpResponse(pieces, content_type="text/plain")


def _breaking() -> Iterator[bytes]:
    yield b"before it broke\n"
    raise LookupError("the stream broke")


async def _async_breaking() -> AsyncIterator[bytes]:
    for piece in _breaking():
        yield piece


def broken_stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_async_breaking() if hasattr(request, "scope") else _breaking())


def file(request: HttpRequest) -> FileResponse:
    return FileResponse((FILES / "large.bin").open("rb"), as_attachment=True, filename="large.bin")


def count_visits(request: HttpRequest) -> JsonResponse:
    request.session["visits"] = request.session.get("visits", 0) + 1
    response = JsonResponse({"visits": request.session["visits"]})
    response.set_cookie("flavour", "oat and raisin", httponly=True)
    response.set_cookie("size", "large")
    return response


def broken(request: HttpRequest) -> HttpResponse:
    raise LookupError("the view broke")


async def wait(request: HttpRequest) -> HttpResponse:
    await asyncio.gather(asyncio.sleep(0.01), asyncio.sleep(0.01))
    return HttpResponse("waited")


async def hold(request: HttpRequest) -> HttpResponse:
    """Waits for longer than anybody should; notes that it was cancelled."""
    notes.append("held")
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        notes.append("cancelled")
        raise
    return HttpResponse("nobody waited")


def who(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {
            "address": request.META["REMOTE_ADDR"],
            "absolute": request.build_absolute_uri("/somewhere?x=1"),
            "path": request.path,
            "query": request.GET.dict(),
            "secure": request.is_secure(),
            "header": request.headers.get("X-Given"),
        }
    )


def noted(request: HttpRequest) -> JsonResponse:
    gc.collect()  # an asynchronous generator that was given up is closed when it is collected
    return JsonResponse(notes, safe=False)


urlpatterns = [
    path("", hello),
    path("form", form),
    path("upload", upload),
    path("stream", stream),
    path("broken-stream", broken_stream),
    path("file", file),
    path("visits", count_visits),
    path("broken", broken),
    path("wait", wait),
    path("hold", hold),
    path("who/<path:rest>", lambda request, rest: who(request)),
    path("notes", noted),
    path("static/<path:path>", serve, {"document_root": FILES}),
]
# Uploads are posted by programs that have no token.
upload.csrf_exempt = True  # type: ignore[attr-defined]

wsgi = get_wsgi_application()
asgi = get_asgi_application()
