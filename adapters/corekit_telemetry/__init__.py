"""Decisions in metrics and traces: pass an object of these modules to an adapter as `on_decision`.

- `prometheus`: a counter, for which ``corekit[prometheus]`` is installed;
- `opentelemetry`: events on spans and a counter, for which ``corekit[opentelemetry]`` is.
"""
