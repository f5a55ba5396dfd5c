"""Every rule of mutation testing applies to the code as it is now."""

from __future__ import annotations

import pytest

from tests.mutation.breaking import Rule, read_rules

RULES = tuple(read_rules())


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_rule_matches_one_place_and_its_mutant_compiles(rule: Rule) -> None:
    code = rule.file.read_text("utf-8")
    assert code.count(rule.before) == 1
    mutant = code.replace(rule.before, rule.after)
    assert mutant != code
    compile(mutant, rule.file.name, "exec")
