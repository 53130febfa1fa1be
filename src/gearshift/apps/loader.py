"""Turns what the user named into what is served: module:attribute, module:factory(), a folder, or nothing."""

# pathlib would cost every start 6 ms.
# ruff: noqa: PTH100, PTH110, PTH112, PTH118, PTH208
from __future__ import annotations

import os
import sys
from enum import Enum
from types import CoroutineType

from gearshift.apps.detect import Interface, detect
from gearshift.errors import ApplicationLoadError, SettingError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType, TracebackType
    from typing import Any

# What applications are called where nobody says: application in PEP 3333 and Django, app in Flask's and
# FastAPI's guides.
USUAL_NAMES = ("application", "app")

PAGE_NAME = "the built-in page"


class Kind(Enum):
    """What there is to serve."""

    WSGI = "wsgi"
    ASGI = "asgi"
    STATIC = "static"
    PAGE = "page"
    RAW = "raw"


KIND_OF = {Interface.WSGI: Kind.WSGI, Interface.ASGI: Kind.ASGI}


class Application:
    """kind: what it is. target: the callable (WSGI, ASGI), the folder's absolute path (STATIC), None (PAGE).
    name: as shown to users."""

    __slots__ = ("kind", "name", "target")

    def __init__(self, kind: Kind, target: Any, name: str) -> None:
        self.kind = kind
        self.target = target
        self.name = name


def load(text: str, interface: str = "auto") -> Application:
    """The application that a command line or a file names.

    text: "module:attribute", "module:object.attribute", "module:factory()", "module" (its `application` or
    `app`), a folder, or "" for the built-in page. interface: "auto", "wsgi" or "asgi".
    Raises ApplicationLoadError where something is missing or raises, SettingError where it is no application.
    """
    if not text:
        return Application(Kind.PAGE, None, PAGE_NAME)
    if os.path.isdir(text):
        return _folder(text)
    module_name, colon, expression = text.partition(":")
    attribute = expression.removesuffix("()")
    is_file = module_name.endswith(".py") and os.path.exists(module_name)
    if is_file or not _is_dotted_name(module_name) or (colon and not _is_dotted_name(attribute)):
        raise SettingError(_not_a_name(text))
    module = _import(module_name, text)
    if colon:
        target = _attribute(module, attribute, text)
        if expression != attribute:
            target = _made(target, text)
        return _callable(target, interface, text)
    for usual in USUAL_NAMES:
        if hasattr(module, usual):
            return _callable(getattr(module, usual), interface, f"{text}:{usual}")
    raise ApplicationLoadError(f"{text}: module has neither application nor app{_nearest_or_all(module, '')}")


def find(text: str, where: str, known: str) -> object:
    """What "module:attribute" names. where: the setting that names it. known: what it might have been instead.

    Raises as `load`.
    """
    module_name, colon, attribute = text.partition(":")
    if not colon or not _is_dotted_name(module_name) or not _is_dotted_name(attribute):
        raise SettingError(f"{where}: found {text!r}, expected module:Handler or one of {known}")
    return _attribute(_import(module_name, text), attribute, text)


def adopt(application: object, interface: str = "auto") -> Application:
    """The application that a Python program gives.

    application: a callable, text as for `load`, the path of a folder, or None for the built-in page.
    Raises as `load`.
    """
    if application is None:
        return load("")
    if isinstance(application, str):
        return load(application, interface)
    if isinstance(application, os.PathLike):
        path = os.fspath(application)
        if not isinstance(path, str) or not os.path.isdir(path):
            raise SettingError(f"{path!r}: found no such folder, expected a folder of files to serve")
        return Application(Kind.STATIC, os.path.abspath(path), path)
    name = getattr(application, "__qualname__", type(application).__qualname__)
    return _callable(application, interface, name)


def _callable(application: object, interface: str, name: str) -> Application:
    if interface == "auto":
        found = detect(application, name)
    elif callable(application):
        found = Interface(interface)
    else:
        raise SettingError(f"{name}: found {type(application).__name__}, expected a callable")
    return Application(KIND_OF[found], application, name)


def _folder(text: str) -> Application:
    """A folder of files; a package is refused, for its source code would be published by mistake."""
    if _is_dotted_name(text) and os.path.exists(os.path.join(text, "__init__.py")):
        raise SettingError(
            f"{text}: found a folder that is a Python package, expected {text}:attribute to serve"
            f" an application, or ./{text} to publish its files"
        )
    return Application(Kind.STATIC, os.path.abspath(text), text)


def _not_a_name(text: str) -> str:
    """What is wrong with a text that names neither a folder nor module:attribute."""
    path, colon, attribute = text.partition(":")
    if path.endswith(".py") and os.path.exists(path):
        module = os.path.normpath(path).removesuffix(".py").replace(os.sep, ".")
        return f"{text}: found a file, expected {module}:{attribute if colon else USUAL_NAMES[1]}"
    if "/" in path:
        return f"{text}: found no such folder"
    return f"{text}: expected module:attribute, module:factory(), or a folder"


def _import(name: str, text: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        own = _application_frames(error.__traceback__)
        if own is not None:  # the application's own import failed
            raise _raised(f"{text}: importing {name} raised", error, own) from error
        missing = error.name or name
        raise ApplicationLoadError(
            f"{text}: no module named {missing!r} in the current folder or on Python's path"
            f"{did_you_mean(missing, _modules_here())}"
        ) from None
    except (Exception, SystemExit) as error:
        own = _application_frames(error.__traceback__)
        raise _raised(f"{text}: importing {name} raised", error, own) from error


def _attribute(module: ModuleType, dotted: str, text: str) -> object:
    found: object = module
    for part in dotted.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            owner = f"module {module.__name__}" if found is module else f"{type(found).__name__} object"
            raise ApplicationLoadError(
                f"{text}: {owner} has no {part!r}{_nearest_or_all(found, part)}"
            ) from None
    return found


def _made(factory: object, text: str) -> object:
    if not callable(factory):
        raise SettingError(
            f"{text}: found {type(factory).__name__}, expected a function that makes the application"
        )
    try:
        made = factory()
    except (Exception, SystemExit) as error:
        own = _application_frames(error.__traceback__)
        raise _raised(f"{text}: making the application raised", error, own) from error
    if isinstance(made, CoroutineType):
        made.close()  # nobody will await it, of which Python would warn
        raise SettingError(
            f"{text}: found a function that makes a coroutine, expected one that makes the application"
        )
    return made


def _raised(what: str, error: BaseException, own: TracebackType | None) -> ApplicationLoadError:
    """The error that shows the application's own part of a traceback."""
    from traceback import format_exception

    from gearshift.observe.escaping import escape_text

    message = " ".join(str(error).split())
    told = f"{what} {type(error).__name__}" + (f": {message}" if message else "")
    lines = "".join(format_exception(type(error), error, own)).split("\n")
    return ApplicationLoadError(told, "\n".join(map(escape_text, lines)))


def _application_frames(traceback: TracebackType | None) -> TracebackType | None:
    """A traceback from its first frame outside this file and importlib: the application's part of it."""
    import importlib

    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if filename not in (__file__, importlib.__file__) and not filename.startswith("<frozen importlib"):
            return traceback
        traceback = traceback.tb_next
    return None


def _nearest_or_all(owner: object, wanted: str) -> str:
    """The public names nearest to a missing one; where none is near, those that can be called."""
    names = [name for name in dir(owner) if not name.startswith("_")]
    near = did_you_mean(wanted, names)
    if near:
        return near
    made_here = [name for name in names if _may_be_served(owner, name)]
    return f" (it has: {', '.join(made_here[:8])})" if made_here else ""


def _may_be_served(owner: object, name: str) -> bool:
    """Whether an attribute is a callable that its owner made itself, not a class or function it imported."""
    value = getattr(owner, name, None)
    if not callable(value):
        return False
    home = getattr(owner, "__name__", None)
    return not hasattr(value, "__qualname__") or getattr(value, "__module__", home) == home


def _modules_here() -> list[str]:
    """Modules and packages of the current folder: what a missing name may have meant."""
    found = [entry.removesuffix(".py") for entry in os.listdir(os.curdir) if entry.endswith(".py")]
    found += [entry for entry in os.listdir(os.curdir) if os.path.exists(os.path.join(entry, "__init__.py"))]
    return [name for name in found if name not in sys.modules]


def _is_dotted_name(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))
