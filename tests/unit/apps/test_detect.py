"""Which interface an application speaks, told by looking at it and never by calling it."""

import functools
import operator
import re
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from gearshift.apps.detect import Interface, detect
from gearshift.errors import SettingError

WSGI, ASGI = Interface.WSGI, Interface.ASGI


def called(*_: object, **__: object) -> Any:
    raise AssertionError("detection must not call the application")


def wsgi(environ, start_response):
    called()


def wsgi_generator(environ, start_response):
    called()
    yield b""


async def asgi(scope, receive, send):
    called()


def asgi_returning_awaitable(scope, receive, send):
    return called()


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


class WsgiInstance:
    def __call__(self, environ, start_response):
        called()

    def method(self, environ, start_response):
        called()

    @staticmethod
    def static(environ, start_response):
        called()

    @classmethod
    def of_class(cls, environ, start_response):
        called()

    @decorated
    def decorated(self, environ, start_response):
        called()


class AsgiInstance:
    async def __call__(self, scope, receive, send):
        called()

    async def method(self, scope, receive, send):
        called()

    @decorated
    async def decorated(self, scope, receive, send):
        called()


class CallableByInstanceAttribute:
    """As Sentry's middleware: `__call__` is a slot that each instance fills."""

    __slots__ = ("__call__",)

    def __init__(self) -> None:
        self.__call__ = self._run

    async def _run(self, scope, receive, send):
        called()


class WsgiClass:
    """PEP 3333's example of a class as an application."""

    def __init__(self, environ, start_response):
        called()

    def __iter__(self):
        yield b""


class AsgiClass:
    """As Starlette's HTTPEndpoint: awaited."""

    def __init__(self, scope, receive, send):
        called()

    def __await__(self):
        yield


class WithTransparentWrapper:
    def __init__(self, wrapped: object) -> None:
        self.__wrapped__ = wrapped

    def __call__(self, *args, **kwargs):
        called()


def with_extra(extra, environ, start_response):
    called()


async def with_extra_keyword(scope, receive, send, *, extra):
    called()


def wsgi_with_options(environ, start_response, debug=False):
    called()


def all_optional_wsgi(environ=None, start_response=None):
    called()


def all_optional_asgi(scope=None, receive=None, send=None):
    called()


def unusual_names(request, respond):
    called()


async def any_arguments(*args):
    called()


@pytest.mark.parametrize(
    ("application", "interface"),
    [
        (wsgi, WSGI),
        (wsgi_generator, WSGI),
        (wsgi_with_options, WSGI),
        (all_optional_wsgi, WSGI),
        (unusual_names, WSGI),
        (lambda environ, start_response: called(), WSGI),
        (decorated(wsgi), WSGI),
        (decorated(decorated(wsgi)), WSGI),
        (WsgiInstance(), WSGI),
        (WsgiInstance().method, WSGI),
        (WsgiInstance().decorated, WSGI),
        (WsgiInstance.static, WSGI),
        (WsgiInstance.of_class, WSGI),
        (WsgiClass, WSGI),
        (functools.partial(with_extra, "x"), WSGI),
        (functools.partial(functools.partial(with_extra), "x"), WSGI),
        (functools.lru_cache(wsgi), WSGI),
        (WithTransparentWrapper(wsgi), WSGI),
        (asgi, ASGI),
        (asgi_returning_awaitable, ASGI),
        (all_optional_asgi, ASGI),
        (any_arguments, ASGI),
        (decorated(asgi), ASGI),
        (AsgiInstance(), ASGI),
        (AsgiInstance().method, ASGI),
        (AsgiInstance().decorated, ASGI),
        (AsgiClass, ASGI),
        (CallableByInstanceAttribute(), ASGI),
        (functools.partial(with_extra_keyword, extra="x"), ASGI),
        (functools.partial(AsgiInstance()), ASGI),
        (WithTransparentWrapper(asgi), ASGI),
    ],
    ids=lambda value: getattr(value, "__qualname__", type(value).__qualname__),
)
def test_applications_are_told_apart(application: object, interface: Interface) -> None:
    assert detect(application, "app") is interface


@pytest.mark.skipif(sys.version_info < (3, 12), reason="inspect.markcoroutinefunction came with 3.12")
def test_a_marked_function_is_a_coroutine_function() -> None:
    import inspect

    def marked(*args):
        called()

    inspect.markcoroutinefunction(marked)  # type: ignore[attr-defined, unused-ignore]
    assert detect(marked, "app") is ASGI


def factory():
    called()


def factory_with_options(config=None, testing=False):
    called()


class NeedsInstance:
    def __call__(self, environ, start_response):
        called()


class Asgi2:
    def __init__(self, scope):
        called()

    async def __call__(self, receive, send):
        called()


def asgi2(scope):
    called()


class Unrelated:
    def __init__(self, left, right):
        called()


class AwaitedWithTwo:
    def __init__(self, left, right):
        called()

    def __await__(self):
        yield


def sync_anything(*args, **kwargs):
    called()


async def coroutine_of_two(environ, start_response):
    called()


async def asynchronous_generator(scope, receive, send):
    called()
    yield


def needs_a_keyword(environ, start_response, *, config):
    called()


def four(a, b, c, d):
    called()


def cyclic() -> Callable[..., object]:
    def wrapper(*args: object) -> None:
        called()

    wrapper.__wrapped__ = wrapper  # type: ignore[attr-defined]
    return wrapper


@pytest.mark.parametrize(
    ("application", "words"),
    [
        (None, "found a NoneType, expected a WSGI or ASGI application"),
        (17, "found an int, expected a WSGI or ASGI application"),
        (SimpleNamespace(), "found a SimpleNamespace, expected a WSGI or ASGI application"),
        (factory, r"found a function that takes no arguments, expected mod:app\(\)"),
        (factory_with_options, r"found a function that takes no arguments, expected mod:app\(\)"),
        (NeedsInstance, r"found a class that takes no arguments, expected mod:app\(\)"),
        (Asgi2, "found an ASGI 2 application, expected ASGI 3"),
        (asgi2, "found an ASGI 2 application, expected ASGI 3"),
        (Unrelated, "this class is WSGI or ASGI, expected --interface"),
        (AwaitedWithTwo, "this class is WSGI or ASGI, expected --interface"),
        (sync_anything, "this function is WSGI or ASGI, expected --interface wsgi or asgi"),
        (coroutine_of_two, "expected --interface"),
        (asynchronous_generator, "expected --interface"),
        (needs_a_keyword, "expected --interface"),
        (functools.partial(asgi, send=None), "this partial is WSGI or ASGI, expected --interface"),
        (four, "expected --interface"),
        (cyclic(), "expected --interface"),
        (mock.Mock(), "this Mock is WSGI or ASGI, expected --interface"),
        (operator.itemgetter(1), "expected --interface"),
        (dict, "expected"),
        (max, "expected --interface"),
    ],
    ids=lambda value: re.sub(r" at 0x\w+| id='\d+'", "", repr(value)),  # the same in every process
)
def test_what_cannot_be_told_is_said_in_words(application: object, words: str) -> None:
    with pytest.raises(SettingError, match=rf"^mod:app: .*{words}"):
        detect(application, "mod:app")


def test_callables_without_code_are_asked_for_their_signature() -> None:
    assert detect(operator.contains, "app") is WSGI  # (a, b, /)


def test_flask() -> None:
    flask = pytest.importorskip("flask")
    app = flask.Flask("x")
    assert detect(app, "app") is WSGI
    assert detect(app.wsgi_app, "app") is WSGI


def test_django() -> None:
    handlers = pytest.importorskip("django.core.handlers.wsgi")
    from django.core.handlers.asgi import ASGIHandler  # type: ignore[import-untyped, unused-ignore]

    # Their initialisers load settings, which detection has no use for.
    assert detect(handlers.WSGIHandler.__new__(handlers.WSGIHandler), "app") is WSGI
    assert detect(ASGIHandler.__new__(ASGIHandler), "app") is ASGI


def test_starlette_and_fastapi() -> None:
    starlette = pytest.importorskip("starlette.applications")
    assert detect(starlette.Starlette(), "app") is ASGI
    fastapi = pytest.importorskip("fastapi")
    assert detect(fastapi.FastAPI(), "app") is ASGI


def test_falcon() -> None:
    falcon = pytest.importorskip("falcon")
    falcon_asgi = pytest.importorskip("falcon.asgi")
    assert detect(falcon.App(), "app") is WSGI
    assert detect(falcon_asgi.App(), "app") is ASGI


def test_what_a_decorator_without_wraps_closes_over_tells() -> None:
    from wsgiref.validate import validator

    def wsgi(environ, start_response):
        return []

    async def asgi(scope, receive, send): ...

    def careless(application):
        def call(*arguments, **named):
            return application(*arguments, **named)

        return call

    def undecided(one, other):
        def call(*arguments):
            return (one or other)(*arguments)

        return call

    assert detect(validator(wsgi), "app") is Interface.WSGI
    assert detect(careless(asgi), "app") is Interface.ASGI
    with pytest.raises(SettingError, match="cannot tell"):
        detect(undecided(wsgi, asgi), "app")
