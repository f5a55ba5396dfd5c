"""How the tests of the core ask for the problems of a configuration."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy, PolicyError, Problem

APP = "https://app.example.com"


def problems_of(**arguments: Any) -> list[Problem]:
    """Build a policy that cannot be built, of `APP` unless told otherwise; return its problems."""
    with pytest.raises(PolicyError) as caught:
        CorsPolicy(**{"allow_origins": [APP], **arguments})
    return list(caught.value.problems)


def codes_of(**arguments: Any) -> list[str]:
    return [problem.code for problem in problems_of(**arguments)]


def problem_of(**arguments: Any) -> Problem:
    (problem,) = problems_of(**arguments)
    return problem
