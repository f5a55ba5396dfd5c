"""The figures of docs/performance.md and the targets of docs/development/performance.md.

Both are written from results.json, so that no figure is typed by hand.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from benchmarks.workloads import BARE, OURS

__all__ = ["RESULTS", "SECTIONS", "Section", "write"]

ROOT: Final = Path(__file__).parent.parent
RESULTS: Final = ROOT / "benchmarks" / "results.json"


@dataclass(frozen=True)
class Section:
    """The part of a page, between two comments, that `render` writes."""

    page: Path
    name: str
    render: Callable[[dict[str, Any]], str]

    def split(self) -> tuple[str, str, str]:
        """Return the page before, in and after the section."""
        begin = f"<!-- {self.name}: written by `make bench-full` -->"
        end = f"<!-- end of {self.name} -->"
        before, _, rest = self.page.read_text().partition(begin)
        written, _, after = rest.partition(end)
        return before + begin, written.strip(), end + after


def write() -> None:
    """Write the sections of all pages from results.json."""
    results = json.loads(RESULTS.read_text())
    for section in SECTIONS:
        before, _, after = section.split()
        section.page.write_text(f"{before}\n\n{section.render(results)}\n\n{after}")


def _render_figures(results: dict[str, Any]) -> str:
    parts = [_render_machine(results)]
    kinds: dict[str, list[str]] = {}
    for name in results["workloads"]:
        kinds.setdefault(name.partition("-")[0], []).append(name)
    for kind, names in kinds.items():
        parts += [f"### {kind}", "\n".join(_render_workloads(results, names))]
    servers = results["servers"]
    parts += ["### Servers", _render_versions(servers), "\n".join(_render_servers(servers["rows"]))]
    parts += ["### nginx in front of uvicorn", "\n".join(_render_edge(servers["edge"]))]
    parts += ["### Building, importing, memory", "\n".join(_render_sizes(results["sizes"]))]
    return "\n\n".join(parts)


def _render_machine(results: dict[str, Any]) -> str:
    machine = results["machine"]
    about = ", ".join(str(machine[key]) for key in machine)
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return _fill(
        f"Measured {results['date']} on {about}; {results['processes']} processes of"
        f" {results['rounds']} rounds. {versions}."
    )


def _fill(text: str) -> str:
    return textwrap.fill(text, width=108, break_on_hyphens=False)


def _render_versions(servers: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in servers["versions"].items())
    return _fill(f"Measured {servers['date']}, {servers['rounds']} rounds. {versions}.")


def _render_workloads(results: dict[str, Any], names: list[str]) -> Iterator[str]:
    columns: list[str] = []
    for name in names:
        for contender in results["workloads"][name]["contenders"]:
            if contender not in (BARE, *columns):
                columns.append(contender)
    yield f"| µs | {' | '.join(columns)} |"
    yield f"|---|{'---:|' * len(columns)}"
    for name in names:
        workload = results["workloads"][name]
        cells = []
        ours = workload["contenders"].get(OURS, {}).get("added")
        for column in columns:
            values = workload["contenders"].get(column)
            if values is None:
                cells.append("")
            elif ours is None or column == OURS:
                cells.append(_number(values["added"] * 1e6))
            else:
                cells.append(f"{_number(values['added'] * 1e6)} ({ours / values['added']:.2f})")
        kind = ", total" if workload["whole"] else ""
        yield f"| {workload['title']}{kind} | {' | '.join(cells)} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _render_servers(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield (
        "| server, application | request | bare | corekit adds | the usual layer adds"
        " | requests per second |"
    )
    yield "|---|---|---:|---:|---:|---:|"
    for row in rows:
        for kind, samples in row["requests"].items():
            other = row["other"]
            bare = median(cpu for cpu, _ in samples[BARE])
            rates = [f"{_rate(samples[name]):,.0f}" for name in (BARE, OURS, other)]
            yield (
                f"| {row['server']}, {row['framework']} | {kind} | {bare:.1f}"
                f" | {_render_added(samples, OURS)} | {_render_added(samples, other)} ({other})"
                f" | {', '.join(rates)} |"
            )


def _render_added(samples: dict[str, list[list[float]]], name: str) -> str:
    """Return the median of what a layer adds in a round, and the quartiles."""
    pairs = zip(samples[name], samples[BARE], strict=True)
    low, middle, high = quantiles([cpu - bare for (cpu, _), (bare, _) in pairs], n=4)
    return f"{middle:.1f} ({low:.1f} to {high:.1f})"


def _rate(samples: list[list[float]]) -> float:
    return median(rate for _, rate in samples)


def _render_edge(requests: dict[str, dict[str, list[list[float]]]]) -> Iterator[str]:
    yield "| request | CORS | µs | requests per second |"
    yield "|---|---|---:|---:|"
    for kind, samples in requests.items():
        for place, found in samples.items():
            low, middle, high = quantiles([cpu for cpu, _ in found], n=4)
            spread = f"{middle:.1f} ({low:.1f} to {high:.1f})"
            yield f"| {kind} | {place} | {spread} | {_rate(found):,.0f} |"


def _render_sizes(sizes: dict[str, Any]) -> Iterator[str]:
    yield "| policy of | time to build | of a set | memory beyond the list | peak |"
    yield "|---|---:|---:|---:|---:|"
    for build in sizes["build"]:
        yield (
            f"| {build['count']:,} {build['kind']} | {build['seconds'] * 1e3:,.2f} ms"
            f" | {build['set_seconds'] * 1e3:,.3f} ms | {build['kept_bytes'] / 1e6:,.2f} MB"
            f" | {build['peak_bytes'] / 1e6:,.2f} MB |"
        )
    yield ""
    times, hostile = sizes["import"], sizes["hostile"]
    yield (
        f"`import corekit` takes {times['added'] * 1e3:.1f} ms of CPU over a bare interpreter"
        f" ({times['bare'] * 1e3:.1f} ms). The wheel has {sizes['wheel_bytes'] / 1e3:.0f} kB."
    )
    yield (
        f"After {hostile['requests']:,} requests from distinct hostile origins,"
        f" {hostile['blocks_more']:,} more blocks of memory are in use."
    )


def _render_targets(results: dict[str, Any]) -> str:
    targets = results["targets"]
    met = sum(row["met"] for row in targets)
    lines = [
        f"{met} of {len(targets)} targets are met.",
        "",
        "| workload | cost | at most | measured | target |",
        "|---|---|---:|---:|---|",
    ]
    for row in targets:
        verdict = "met" if row["met"] else "**missed**"
        against = f"{row['contender']} / {row['baseline']}"
        lines.append(
            f"| {row['workload']} | {against} | {row['limit']} | {row['ratio']:.2f} | {verdict} |"
        )
    return "\n".join(lines)


SECTIONS: Final = (
    Section(ROOT / "docs" / "performance.md", "figures", _render_figures),
    Section(ROOT / "docs" / "development" / "performance.md", "targets", _render_targets),
)


if __name__ == "__main__":
    write()
