"""The figures of docs/performance.md: written from results.json, so that none is typed by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.workloads import BARE, OURS

__all__ = ["BEGIN", "END", "render", "write"]

ROOT: Final = Path(__file__).parent.parent
RESULTS: Final = ROOT / "benchmarks" / "results.json"
PAGE: Final = ROOT / "docs" / "performance.md"

BEGIN: Final = "<!-- figures: written by `make bench-full` -->"
END: Final = "<!-- end of figures -->"


def write() -> None:
    """Put the figures of results.json into the page, between the two marks."""
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    figures = render(json.loads(RESULTS.read_text()))
    PAGE.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}")


def render(results: dict[str, Any]) -> str:
    """Write all figures as Markdown."""
    parts = [_render_machine(results)]
    worlds: dict[str, list[str]] = {}
    for name in results["workloads"]:
        worlds.setdefault(name.partition("-")[0], []).append(name)
    for world, names in worlds.items():
        parts += [f"### {world}", "\n".join(_render_world(results, names))]
    parts += ["### Servers", "\n".join(_render_servers(results))]
    parts += ["### Building, importing, enduring", "\n".join(_render_sizes(results["sizes"]))]
    parts += ["### Targets", "\n".join(_render_targets(results["targets"]))]
    return "\n\n".join(parts)


def _render_machine(results: dict[str, Any]) -> str:
    machine = results["machine"]
    about = ", ".join(str(machine[key]) for key in machine)
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return (
        f"Measured {results['date']} on {about}; {results['processes']} processes of"
        f" {results['rounds']} rounds. {versions}."
    )


def _render_world(results: dict[str, Any], names: list[str]) -> Iterator[str]:
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
        kind = ", whole" if workload["whole"] else ""
        yield f"| {workload['title']}{kind} | {' | '.join(cells)} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _render_servers(results: dict[str, Any]) -> Iterator[str]:
    yield "| requests per second | bare | corekit | peer |"
    yield "|---|---:|---:|---:|"
    for server, rates in results["servers"].items():
        (peer,) = rates.keys() - {BARE, OURS}
        theirs = f"{rates[peer]:,.0f} ({peer})"
        yield f"| {server} | {rates[BARE]:,.0f} | {rates[OURS]:,.0f} | {theirs} |"


def _render_sizes(sizes: dict[str, Any]) -> Iterator[str]:
    yield "| policy of | built in | a set of them | kept beyond the list | peak |"
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


def _render_targets(targets: list[dict[str, Any]]) -> Iterator[str]:
    met = sum(row["met"] for row in targets)
    yield f"{met} of {len(targets)} are met."
    yield ""
    yield "| workload | cost | at most | measured | |"
    yield "|---|---|---:|---:|---|"
    for row in targets:
        said = "met" if row["met"] else "**missed**"
        against = f"{row['of']} / {row['peer']}"
        yield f"| {row['workload']} | {against} | {row['limit']} | {row['ratio']:.2f} | {said} |"


if __name__ == "__main__":
    write()
