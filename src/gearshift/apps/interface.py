"""A loaded application behind the interface that it speaks; each is imported where it is needed."""

from __future__ import annotations

from gearshift.apps.loader import Kind
from gearshift.errors import SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.apps.loader import Application
    from gearshift.observe.error_log import ErrorLog
    from gearshift.settings import Settings


def interface_of(application: Application, settings: Settings, error_log: ErrorLog) -> Any:
    """What a Service calls. Raises SettingError where a setting is for something else than what is served."""
    if application.kind is Kind.RAW:
        return application.target
    _check(application, settings)
    target = application.target
    if settings.traces:
        from gearshift.apps.traces import traced

        target = traced(application)
    if application.kind is Kind.WSGI:
        from gearshift.apps.wsgi.application import WsgiApplication

        # Even where there is one worker, a reload has another beside it for a while.
        return WsgiApplication(target, error_log, bool(settings.workers))
    if application.kind is Kind.ASGI:
        from gearshift.apps.asgi.application import AsgiApplication
        from gearshift.websocket.terms import Terms

        return AsgiApplication(
            target,
            error_log,
            Terms(
                settings.websocket_message,
                settings.websocket_compression,
                settings.websocket_compress_from,
                settings.websocket_ping,
                settings.websocket_patience,
            ),
        )
    from gearshift.apps.native import NativeApplication

    if application.kind is Kind.STATIC:
        from gearshift.apps.static.responder import StaticFiles

        return NativeApplication(StaticFiles(target, settings.listing))
    from gearshift.apps.page.responder import Page

    return NativeApplication(Page(settings.template))


def _check(application: Application, settings: Settings) -> None:
    if settings.template and application.kind is not Kind.PAGE:
        raise SettingError(
            f"--template: found it beside {application.name}, expected it only where nothing else is served"
        )
    if settings.root_path_kept and application.kind not in (Kind.WSGI, Kind.ASGI):
        raise SettingError(
            f"--root-path-kept: found it with {application.name}, expected it with a WSGI or ASGI application only"
        )
    if settings.listing and application.kind is not Kind.STATIC:
        what = application.name if application.kind is not Kind.PAGE else "the built-in page"
        raise SettingError(f"--listing: found it beside {what}, expected it with a folder")
