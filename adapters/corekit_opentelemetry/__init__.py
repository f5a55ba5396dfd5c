"""corekit's decisions in traces and metrics: https://opentelemetry.io/docs/languages/python/"""

from .events import OpenTelemetryEvents

__all__ = ["OpenTelemetryEvents"]
