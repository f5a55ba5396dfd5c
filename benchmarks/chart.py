"""The chart of the documentation: the cost of each contender in the main workloads, as SVG."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from benchmarks.workloads import BARE, OURS

__all__ = ["draw"]

SHOWN: Final = (
    "asgi-no-origin",
    "asgi-allowed",
    "asgi-denied",
    "asgi-vary",
    "asgi-preflight",
    "wsgi-allowed",
    "wsgi-preflight",
    "django-allowed",
    "flask-allowed",
    "quart-allowed",
    "aiohttp-allowed",
)
WIDTH, LABELS, ROW, GAP = 820, 190, 16, 30
COLORS: Final = {OURS: "#2a78d6", "minimum": "#1baf7a", "no-op": "#9a9992"}
OTHERS: Final = "#b8b6ae"
STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#52514e}.t{font-weight:600;fill:#0b0b0b}"
    "@media(prefers-color-scheme:dark){text{fill:#c3c2b7}.t{fill:#fff}}"
)


def draw(results: dict[str, Any]) -> str:
    """Return the results as horizontal bars, with one scale for each workload."""
    machine, versions = results["machine"], results["versions"]
    lines: list[str] = []
    top = 24
    for name in SHOWN:
        if name not in results["workloads"]:
            continue
        workload = results["workloads"][name]
        bars = {
            contender: values["added"] * 1e6
            for contender, values in workload["contenders"].items()
            if contender != BARE
        }
        kind = "total" if workload["whole"] else "added"
        title = f"{name.partition('-')[0].upper()}: {workload['title']} (µs {kind})"
        lines.append(_text(0, top, title, "t"))
        for contender, value in sorted(bars.items(), key=lambda item: item[1]):
            top += ROW
            width = max(1.0, value / max(bars.values()) * (WIDTH - LABELS - 70))
            color = COLORS.get(contender, OTHERS)
            label = f"{contender} {versions.get(contender, '')}".strip()
            lines += [
                _text(8, top + 1, label),
                (
                    f'<rect x="{LABELS}" y="{top - 9}" width="{width:.1f}" height="11" rx="2"'
                    f' fill="{color}"/>'
                ),
                _text(LABELS + width + 6, top + 1, f"{value:.2f}"),
            ]
        top += GAP
    python, processor = machine.get("python_version", ""), machine.get("cpu_model_name", "")
    lines.append(_text(0, top, f"{results['date']}, Python {python}, {processor}"))
    height = top + 12
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="Cost of CORS layers per request"><style>{STYLE}</style>\n'
        + "\n".join(lines)
        + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, style: str = "") -> str:
    named = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{named}>{escape(text)}</text>'
