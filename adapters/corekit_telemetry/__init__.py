"""Decisions and verdicts in metrics and traces: objects to pass to an adapter.

Those for decisions are for `on_decision`, those for the verdicts of a guard for `on_verdict`.

- `prometheus`: counters, for which ``corekit[prometheus]`` is installed;
- `opentelemetry`: events on spans and counters, for which ``corekit[opentelemetry]`` is.
"""
