"""Tells WSGI from ASGI by looking at an application, never by calling it.

What tells them apart is how they are called: `app(environ, start_response)`, or `await app(scope, receive,
send)`. So the shape of the call is read from the code object behind whatever stands in front of it: instances
with `__call__`, bound methods, functools.partial, decorators. `inspect` would do the same for 20 ms of
start-up; it is asked only about callables without a code object.
"""

from __future__ import annotations

import functools
from enum import Enum
from types import CodeType, FunctionType, MethodType

from gearshift.errors import SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Flags of a code object (dis.COMPILER_FLAG_NAMES).
VARIABLE_ARGUMENTS = 0x04
COROUTINE = 0x80
GENERATORS = 0x20 | 0x200

UNBOUNDED = 1 << 30
DEEPEST_WRAPPING = 50

WSGI_NAMES = ("environ", "env", "start_response")
ASGI_NAMES = ("scope", "receive", "send")


class Interface(Enum):
    WSGI = "wsgi"
    ASGI = "asgi"


class Shape:
    """How something is called.

    required, accepted: fewest and most positional arguments. names: of those arguments.
    coroutine: calling it gives one. generator: calling it gives one, or an asynchronous one.
    """

    __slots__ = ("accepted", "coroutine", "generator", "names", "required")

    def __init__(
        self,
        required: int,
        accepted: int,
        names: tuple[str, ...],
        coroutine: bool = False,
        generator: bool = False,
    ) -> None:
        self.required = required
        self.accepted = accepted
        self.names = names
        self.coroutine = coroutine
        self.generator = generator

    def takes(self, count: int) -> bool:
        return self.required <= count <= self.accepted


def detect(application: object, name: str) -> Interface:
    """The interface of an application.

    name: how the user called it, for errors. Raises SettingError when it is neither, or cannot be told.
    """
    if not callable(application):
        raise SettingError(
            f"{name}: found {_a(application)}, expected a WSGI or ASGI application (a callable)"
        )
    shape = shape_of(application)
    if shape is not None:
        _refuse_what_is_no_application(application, shape, name)
        found = _interface(application, shape)
        if found is not None:
            return found
    raise SettingError(
        f"{name}: cannot tell whether this {_kind(application)} is WSGI or ASGI,"
        " expected --interface wsgi or asgi"
    )


def _interface(application: object, shape: Shape) -> Interface | None:
    if shape.coroutine:
        return Interface.ASGI if shape.takes(3) else None
    if isinstance(application, type):  # its instances are the answers, so they are iterated over (PEP 3333)
        return Interface.WSGI if shape.takes(2) and hasattr(application, "__iter__") else None
    if shape.required == 2:
        return Interface.WSGI
    if shape.required == 3:
        return None if shape.generator else Interface.ASGI
    if shape.takes(2) and any(name in WSGI_NAMES for name in shape.names):
        return Interface.WSGI
    if shape.takes(3) and any(name in ASGI_NAMES for name in shape.names):
        return Interface.ASGI
    return None


def _refuse_what_is_no_application(application: object, shape: Shape, name: str) -> None:
    """Says what something is that looks like no application but like one of the usual mistakes."""
    if shape.takes(1) and not shape.takes(3) and shape.names[:1] == ("scope",):
        raise SettingError(
            f"{name}: found an ASGI 2 application, expected ASGI 3"
            " (asgiref.compatibility.guarantee_single_callable turns one into the other)"
        )
    known = any(name in WSGI_NAMES + ASGI_NAMES for name in shape.names)
    if shape.takes(0) and shape.accepted != UNBOUNDED and not known:
        raise SettingError(
            f"{name}: found a {_kind(application)} that takes no arguments,"
            f" expected {name}() if it makes the application"
        )


def shape_of(application: Any) -> Shape | None:
    """How a callable is called; None when not even `inspect` knows."""
    bound = 0  # positional arguments already given, from the outside in
    named: set[str] = set()  # arguments given by name
    marked = False
    target = application
    for _ in range(DEEPEST_WRAPPING):
        marked = marked or _marked_coroutine(target)
        if isinstance(target, type):
            return _less(_shape_of_class(target, named), bound, named, False)
        if isinstance(target, functools.partial):
            bound += len(target.args)
            named |= set(target.keywords)
            target = target.func
        elif isinstance(target, MethodType):
            bound += 1
            target = target.__func__
        elif hasattr(target, "__code__"):
            shape = _shape_of_code(target, target.__code__, named)
            inner = getattr(target, "__wrapped__", None) or _only_callable_within(target)
            if inner is None or shape.accepted != UNBOUNDED or shape.coroutine:
                return _less(shape, bound, named, marked)
            target = inner  # a decorator's (*args, **kwargs): what it wraps tells
        elif hasattr(target, "__wrapped__"):
            target = target.__wrapped__
        else:
            call = target.__call__
            if not isinstance(call, MethodType | functools.partial) and not hasattr(call, "__code__"):
                return _less(_shape_by_signature(target), bound, named, marked)
            target = call
    return None


def _only_callable_within(function: Any) -> object:
    """What a decorator that forgot functools.wraps() wraps: the one callable that its function closes over; or None.

    wsgiref.validate.validator() is one of them.
    """
    cells = getattr(function, "__closure__", None) or ()
    callables = [cell.cell_contents for cell in cells if callable(_contents(cell))]
    return callables[0] if len(callables) == 1 else None


def _contents(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # it is empty
        return None


def _shape_of_code(function: Any, code: CodeType, named: set[str]) -> Shape:
    """Of a Python function, or of a Cython one, which has a code object too."""
    count = code.co_argcount
    accepted = UNBOUNDED if code.co_flags & VARIABLE_ARGUMENTS else count
    required = count - len(getattr(function, "__defaults__", None) or ())
    given = named.union(getattr(function, "__kwdefaults__", None) or ())
    names = tuple(code.co_varnames[:count])
    keywords_only = code.co_varnames[count : count + code.co_kwonlyargcount]
    if not given.issuperset(keywords_only):
        return Shape(1, 0, names)  # cannot be called with positional arguments alone
    return Shape(required, accepted, names, bool(code.co_flags & COROUTINE), bool(code.co_flags & GENERATORS))


def _shape_of_class(cls: type[Any], named: set[str]) -> Shape | None:
    """Of a class that is itself the application: its instances are iterated over (PEP 3333) or awaited."""
    if "__init__" not in _members(cls) and "__new__" not in _members(cls):
        return Shape(0, 0, ())
    initialiser: Callable[..., Any] = cls.__init__
    code = getattr(initialiser, "__code__", None)
    if code is None:
        return _shape_by_signature(cls)
    shape = _less(_shape_of_code(initialiser, code, named), 1, set(), False)
    if shape is not None and hasattr(cls, "__await__"):
        shape.coroutine = True
    return shape


def _members(cls: type) -> set[str]:
    """What a class or its bases define, `object` left out."""
    return {name for base in cls.__mro__[:-1] for name in vars(base)}


def _shape_by_signature(target: Any) -> Shape | None:
    import inspect

    try:
        parameters = list(inspect.signature(target).parameters.values())
    except (TypeError, ValueError):  # written in C, without a signature
        return None
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        return None
    required = sum(p.default is p.empty for p in positional)
    unbounded = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    names = tuple(p.name for p in positional)
    return Shape(required, UNBOUNDED if unbounded else len(positional), names)


def _less(shape: Shape | None, bound: int, named: set[str], coroutine: bool) -> Shape | None:
    """The shape that is left when some arguments are given already."""
    if shape is None:
        return None
    names = shape.names[bound:]
    required = max(shape.required - bound, 0)
    accepted = shape.accepted if shape.accepted == UNBOUNDED else shape.accepted - bound
    for position, name in enumerate(names):
        if name in named:  # from here on, arguments can only be given by name
            required, accepted, names = min(required, position), position, names[:position]
            break
    return Shape(required, accepted, names, shape.coroutine or coroutine, shape.generator)


def _marked_coroutine(target: object) -> bool:
    """inspect.markcoroutinefunction (3.12), and asyncio's older mark that asgiref still sets."""
    # Both are bare objects; a mock would have any attribute.
    marks = (getattr(target, "_is_coroutine_marker", None), getattr(target, "_is_coroutine", None))
    return any(type(mark) is object for mark in marks)


def _kind(application: object) -> str:
    if isinstance(application, type):
        return "class"
    return "function" if isinstance(application, FunctionType) else type(application).__name__


def _a(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
