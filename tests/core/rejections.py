"""Return the problems of an invalid configuration."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy, PolicyError, Problem

APP = "https://app.example.com"


def problems_of(**arguments: Any) -> list[Problem]:
    """Return the problems of a policy with these arguments; the default origin is `APP`."""
    with pytest.raises(PolicyError) as caught:
        CorsPolicy(**{"allow_origins": [APP], **arguments})
    return list(caught.value.problems)


def codes_of(**arguments: Any) -> list[str]:
    return [problem.code for problem in problems_of(**arguments)]


def problem_of(**arguments: Any) -> Problem:
    (problem,) = problems_of(**arguments)
    return problem
