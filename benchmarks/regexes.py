"""Measure how long it takes to judge a regular expression of origins, when a policy is built.

Run ``python -m benchmarks.regexes``. It is CPU time, the median of some turns, without the first
one, which reads the public suffix list and builds the automata of all origins.
"""

from __future__ import annotations

import re
from itertools import product
from statistics import median
from time import thread_time
from typing import Final

from corekit._regexes import find_problems

TURNS: Final = 15
USUAL: Final = (
    r"https://app\.example\.com",
    r"^https?://(localhost|127\.0\.0\.1)(:\d+)?$",
    r"^https://(.*\.)?example\.com(:\d+)?$",
    r"https://[\w-]+-staging\.example\.(com|org|co\.uk)",
    r"https://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+example\.com",
    r"https://.*\.vercel\.app",
    r".*",
)
_WORDS: Final = [*map("".join, product("abcdefgh", repeat=3))]
LARGE: Final = {
    "200 hosts": "|".join(rf"https://host-{number}\.example\.com" for number in range(200)),
    "512 words": rf"https://({'|'.join(_WORDS)})\.example\.com",
    "512 words, repeated": rf"https://({'|'.join(_WORDS)})+\.example\.com",
    "labels with limits": r"https://([a-z]{1,63}\.){1,8}example\.com",
    "300 optional characters": r"https://(.?){300}\.example\.com",
    "many states": r"https://(.*a.{12}|.*b.{14})\.example\.com",
}


def measure(source: str) -> float:
    """Return the seconds that one takes."""
    regex = re.compile(source)
    seconds = []
    for _ in range(TURNS + 1):
        start = thread_time()
        list(find_problems(regex, credentials=True))
        seconds.append(thread_time() - start)
    return median(seconds[1:])


def main() -> None:
    """Print a table."""
    for title, sources in (("usual", {source: source for source in USUAL}), ("large", LARGE)):
        print(f"{title:65} milliseconds")
        for name, source in sources.items():
            print(f"  {name:65} {measure(source) * 1e3:8.1f}")


if __name__ == "__main__":
    main()
