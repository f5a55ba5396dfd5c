"""Count the mutants of mutmut that the tests killed, for each module.

Reads the lines of `mutmut results --all true` and prints a table. Mutants that were not tried do
not count; their number is printed. `make mutation` runs this.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

KILLED = frozenset({"killed", "timeout", "segfault"})
NOT_TRIED = "not checked"
_result = re.compile(r"\s*(\S+?)\.x\S*__mutmut_\d+: (.+)").fullmatch


def table(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of the table."""
    tried: Counter[str] = Counter()
    killed: Counter[str] = Counter()
    skipped = 0
    for line in lines:
        if match := _result(line.rstrip("\n")):
            module, status = match.groups()
            skipped += status == NOT_TRIED
            tried[module] += status != NOT_TRIED
            killed[module] += status in KILLED
    for module in sorted(tried):
        if tried[module]:
            yield _line(module, tried[module], killed[module])
    yield _line("total", tried.total(), killed.total())
    if skipped:
        yield f"{skipped} more mutants were not tried"


def _line(module: str, tried: int, killed: int) -> str:
    score = 100 * killed / tried if tried else 0.0
    return f"{module:24} {tried:5} mutants, {tried - killed:3} survived: {score:6.2f} %"


if __name__ == "__main__":
    print("\n".join(table(sys.stdin)))
