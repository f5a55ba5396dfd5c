"""The targets in docs/at-the-edge.md, generated from what they say about themselves.

``python -m tests.docs.export_targets`` updates the page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from corekit.export import TARGETS

PAGE: Final = Path(__file__).parents[2] / "docs" / "at-the-edge.md"
BEGIN: Final = "<!-- targets: written by python -m tests.docs.export_targets -->\n"
END: Final = "<!-- end of targets -->\n"


def table() -> str:
    """Return a table with a row for each target."""
    rows = [
        f"| `{each.name}` | {each.requires} | {each.level.value} | {' '.join(each.limits)} |\n"
        for each in TARGETS.values()
    ]
    return f"| target | requires | level | limits |\n|---|---|---|---|\n{''.join(rows)}"


def main() -> None:
    """Update the table in the page."""
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}")


if __name__ == "__main__":
    main()
