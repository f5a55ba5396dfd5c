"""The table of docs/troubleshooting.md, written from the catalog.

``python -m tests.docs.troubleshooting`` puts it into the page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from corekit.explain import ERRORS, MESSAGES, ErrorInfo

PAGE: Final = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
BEGIN: Final = "<!-- The table is written by python -m tests.docs.troubleshooting -->\n"
END: Final = "<!-- The end of the table -->\n"
SAID: Final = {
    "chromium": "Chromium: `{}`",
    "firefox": "Firefox: `Reason: {}`",
    "webkit": "WebKit: `{}`",
}


def table() -> str:
    """Write the table: a row for each entry."""
    lines = ["| the console says | name | what happened | what to do |", "|---|---|---|---|"]
    lines += [_row(entry) for entry in ERRORS.values()]
    return "\n".join(lines) + "\n"


def _row(entry: ErrorInfo) -> str:
    said = [
        SAID[engine].format(sentence.replace("{}", "…"))
        for engine, sentences in MESSAGES.items()
        for sentence in sentences.get(entry.name, ())
    ]
    words = (sentence.replace("*", "\\*") for sentence in (entry.message, entry.hint))
    return f"| {' | '.join(('<br>'.join(said), f'`{entry.name}`', *words))} |"


def main() -> None:
    """Put the table into the page."""
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}")


if __name__ == "__main__":
    main()
