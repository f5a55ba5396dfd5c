"""Decisions and verdicts in metrics and traces: objects to pass to an adapter.

Those for decisions are for `on_decision`, those for the verdicts of a guard for `on_verdict`, and
those for what a candidate would change for `on_difference`. The metrics of the policy in effect, of
look-ups and of loaded origins take the object that they are about.

- `prometheus`: counters and gauges, for which ``corekit[prometheus]`` is installed;
- `opentelemetry`: events on spans, counters and gauges, for which ``corekit[opentelemetry]`` is.
"""
