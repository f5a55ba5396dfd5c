"""Return the problems of a configuration that is rejected, or of what is left out of it."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from corekit import CorsPolicy, PolicyError, PolicyWarning, Problem

APP = "https://app.example.com"


def problems_of(**arguments: Any) -> list[Problem]:
    """Return the problems of a policy with these arguments; the default origin is `APP`."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", PolicyWarning)
        with pytest.raises((PolicyError, PolicyWarning)) as caught:
            CorsPolicy(**{"allow_origins": [APP], **arguments})
    assert isinstance(caught.value, PolicyError | PolicyWarning)
    severity = "error" if isinstance(caught.value, PolicyError) else "warning"
    assert {problem.severity for problem in caught.value.problems} == {severity}
    return list(caught.value.problems)


def codes_of(**arguments: Any) -> list[str]:
    return [problem.code for problem in problems_of(**arguments)]


def problem_of(**arguments: Any) -> Problem:
    (problem,) = problems_of(**arguments)
    return problem
