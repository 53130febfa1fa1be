"""Where spans go: what the OTEL_* variables say, unless the program that runs the server has said it already.

The names of exporters are those of OpenTelemetry's plug-ins; sampler, resource, batches and the exporters themselves
read their variables on their own. https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

import os

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider, set_tracer_provider

from gearshift.errors import WrongValueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

VARIABLE = "OTEL_TRACES_EXPORTER"
PLUGINS = "opentelemetry_traces_exporter"
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
OTLP = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}


def provide() -> None:
    """Sees to it that spans are exported. Raises WrongValueError where a variable names what isn't there."""
    if not isinstance(get_tracer_provider(), ProxyTracerProvider):
        return  # the program's own
    exporters = [_exporter(name) for name in exporter_names()]
    provider = TracerProvider()
    for exporter in exporters:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    set_tracer_provider(provider)


def exporter_names() -> list[str]:
    """As plug-ins are called. By default OTLP, as OpenTelemetry has it; "none" is for no exporter."""
    said = os.environ.get(VARIABLE, "").strip() or "otlp"
    return [_plugin_name(name.strip()) for name in said.split(",") if name.strip() != "none"]


def _plugin_name(name: str) -> str:
    if name != "otlp":
        return name
    for variable in PROTOCOLS:
        protocol = os.environ.get(variable, "").strip()
        if protocol:
            if protocol not in OTLP:
                raise WrongValueError(variable, repr(protocol), f"one of {', '.join(OTLP)}")
            return OTLP[protocol]
    return OTLP["http/protobuf"]


def _exporter(name: str) -> SpanExporter:
    from importlib.metadata import entry_points

    for plugin in entry_points(group=PLUGINS, name=name):
        exporter: SpanExporter = plugin.load()()
        return exporter
    known = sorted(plugin.name for plugin in entry_points(group=PLUGINS))
    raise WrongValueError(VARIABLE, repr(name), f"an exporter that is installed: {', '.join(known)}")
