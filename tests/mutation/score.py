"""Count what the tests noticed of the faults that mutmut made, module by module.

Reads the lines of `mutmut results --all true` and prints a table. Faults that were not tried are
counted in no score, and said to be left out. Run by `make mutation`.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

NOTICED = frozenset({"killed", "timeout", "segfault"})
NOT_TRIED = "not checked"
_result = re.compile(r"\s*(\S+?)\.x\S*__mutmut_\d+: (.+)").fullmatch


def table(lines: Iterable[str]) -> Iterator[str]:
    """Make the lines of the table."""
    made: Counter[str] = Counter()
    noticed: Counter[str] = Counter()
    left_out = 0
    for line in lines:
        if match := _result(line.rstrip("\n")):
            module, status = match.groups()
            left_out += status == NOT_TRIED
            made[module] += status != NOT_TRIED
            noticed[module] += status in NOTICED
    for module in sorted(made):
        if made[module]:
            yield _line(module, made[module], noticed[module])
    yield _line("together", made.total(), noticed.total())
    if left_out:
        yield f"{left_out} more faults were left out"


def _line(module: str, made: int, noticed: int) -> str:
    score = 100 * noticed / made if made else 0.0
    return f"{module:24} {made:5} faults, {made - noticed:3} not noticed: {score:6.2f} %"


if __name__ == "__main__":
    print("\n".join(table(sys.stdin)))
