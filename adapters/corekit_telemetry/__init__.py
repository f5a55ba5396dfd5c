"""Decisions and verdicts in metrics and traces: objects to pass to an adapter.

Those for decisions are for `on_decision`, those for the verdicts of a guard for `on_verdict`, and
those for what a candidate would change for `on_difference`. The gauges of the policy in effect take
the policy.

- `prometheus`: counters and a gauge, for which ``corekit[prometheus]`` is installed;
- `opentelemetry`: events on spans, counters and a gauge, for which ``corekit[opentelemetry]`` is.
"""
