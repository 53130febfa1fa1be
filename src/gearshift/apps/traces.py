"""Each request a span of OpenTelemetry's (`--traces`): the loaded application in a wrapping that makes them.

Spans, their attributes and the incoming `traceparent` are the business of opentelemetry-instrumentation-wsgi and
-asgi, exporters that of the OTEL_* variables. All of it comes with the extra `traces` and is imported only for that.
"""

from __future__ import annotations

from gearshift.apps.loader import Kind
from gearshift.errors import MissingExtraError, SettingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gearshift.apps.loader import Application

SETTING = "--traces"


def traced(application: Application) -> Any:
    """The callable of a WSGI or ASGI application, wrapped.

    Raises SettingError for what is no application and for an exporter that isn't there, MissingExtraError without
    the extra.
    """
    if application.kind not in (Kind.WSGI, Kind.ASGI):
        raise SettingError(f"{SETTING}: found {application.name}, expected a WSGI or ASGI application")
    asynchronous = application.kind is Kind.ASGI
    wrapping: Any
    try:
        from gearshift.apps.trace_exporters import provide

        if asynchronous:
            from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware as wrapping
        else:
            from gearshift.apps.wsgi.traced import TracedWsgi as wrapping
    except ImportError as error:
        raise MissingExtraError(SETTING, error.name or "opentelemetry", "traces") from None
    provide()
    if asynchronous:  # a span for every message would be most of a trace
        return wrapping(application.target, exclude_spans=["receive", "send"])
    return wrapping(application.target)
