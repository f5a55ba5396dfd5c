"""Fuzz the core's parsers and compare them with the naive models.

Usage: ``python tests/fuzz/fuzz.py -max_total_time=60``, or ``make fuzz TIME=60``. It requires
atheris, from the dependency group `fuzz`; pytest does not collect it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["corekit"]):
    from corekit import CorsPolicy
    from corekit._names import parse_field_names
    from corekit._origins import ANY, OriginPattern, OriginSet, is_serialized_origin

from tests.properties import naive

PATTERNS = ["https://*.example.com", "https://pr-*.a.b", "http://localhost:*", "https://a.b:8443"]
ORIGINS = OriginSet(
    [text for text in PATTERNS if ANY not in text],
    [pattern for text in PATTERNS if (pattern := OriginPattern.parse(text)) is not None],
)
POLICY = CorsPolicy(
    allow_origins=["https://app.example.com"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)


def check_origin(text: str) -> None:
    assert is_serialized_origin(text) == naive.is_origin(text)
    assert (text in ORIGINS) == any(naive.matches(pattern, text) for pattern in PATTERNS)


def check_pattern(text: str) -> None:
    if ANY in text and text != ANY:
        pattern = OriginPattern.parse(text)
        assert (pattern is not None) == naive.is_pattern(text)
        assert pattern is None or str(pattern) == text


def check_request_headers(text: str) -> None:
    names = parse_field_names(text)
    assert names == naive.read_field_names(text)
    decision = POLICY.decide(
        "OPTIONS",
        origin="https://app.example.com",
        request_method=text[:70],
        request_headers=text,
    )
    for _, value in decision.headers:
        assert value.isprintable()


CHECKS = (check_origin, check_pattern, check_request_headers)


def check(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    chosen = CHECKS[provider.ConsumeIntInRange(0, len(CHECKS) - 1)]
    chosen(provider.ConsumeBytes(len(data)).decode("latin-1"))


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
