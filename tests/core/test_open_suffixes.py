"""Regular expressions that match every host below a public suffix."""

from __future__ import annotations

import pytest

from corekit import PolicyError
from corekit.compat import RegexCorsPolicy

CASES = [
    (r"https://.*\.com", "'com'"),
    (r"^https://[\w-]+\.github\.io$", "'github.io'"),
    (r"https://my-app.*\.vercel\.app", "'vercel.app'"),
    (r"https://[a-z]+\.vercel\.app", "'vercel.app'"),
    (r"https://.*\.example\.com", None),
    (r"https://app\.example\.com", None),
]


@pytest.mark.parametrize(("regex", "suffix"), CASES)
def test_regex_for_a_public_suffix_is_a_risk_with_credentials(
    regex: str, suffix: str | None
) -> None:
    RegexCorsPolicy(allow_origin_regexes=[regex])
    if suffix is None:
        RegexCorsPolicy(allow_origin_regexes=[regex], allow_credentials=True)
        return
    with pytest.raises(PolicyError) as caught:
        RegexCorsPolicy(allow_origin_regexes=[regex], allow_credentials=True)
    (problem,) = caught.value.problems
    assert (problem.code, problem.subject) == ("public-suffix", "allow_origin_regexes[0]")
    assert suffix in problem.message
    accepted = RegexCorsPolicy(
        allow_origin_regexes=[regex], allow_credentials=True, accept_risks=["public-suffix"]
    )
    assert accepted.accept_risks == ("public-suffix",)


def test_regex_for_any_origin_is_one_problem() -> None:
    with pytest.raises(PolicyError) as caught:
        RegexCorsPolicy(allow_origin_regexes=[r"https://.+"], allow_credentials=True)
    assert [problem.code for problem in caught.value.problems] == ["any-origin-with-credentials"]
