"""The rules in docs/guard.md, generated from the tables of the guard.

``python -m tests.docs.guard_rules`` updates the page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from corekit.guard.rules import HOST_RULES, READ_RULES, WEBSOCKET_RULES, WRITE_RULES, Rule

PAGE: Final = Path(__file__).parents[2] / "docs" / "guard.md"
BEGIN: Final = "<!-- rules: written by python -m tests.docs.guard_rules -->\n"
END: Final = "<!-- end of rules -->\n"

TABLES: Final[dict[str, tuple[Rule, ...]]] = {
    "Host, if `hosts` is given: before all others, for every method": HOST_RULES,
    'Writes, with `writes="judge"`': WRITE_RULES["judge"],
    'Handshakes, with `websockets="judge"`': WEBSOCKET_RULES["judge"],
    'Reads, with `reads="enforce"`': READ_RULES["enforce"],
    'Reads, with `reads="isolate"`': READ_RULES["isolate"],
}


def tables() -> str:
    """Return a table for each option, with a row for each rule."""
    return "\n".join(_table(title, rules) for title, rules in TABLES.items())


def _table(title: str, rules: tuple[Rule, ...]) -> str:
    lines = [f"{title}:", "", "| condition | response | reason |", "|---|---|---|"]
    lines += [_row(rule) for rule in rules]
    return "\n".join(lines) + "\n"


def _row(rule: Rule) -> str:
    condition = (rule.condition.__doc__ or "").removesuffix(".")
    status = "pass" if rule.reason.status is None else str(rule.reason.status)
    return f"| {condition} | {status} | `{rule.reason.name}` |"


def main() -> None:
    """Update the tables in the page."""
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{tables()}\n{END}{after}")


if __name__ == "__main__":
    main()
