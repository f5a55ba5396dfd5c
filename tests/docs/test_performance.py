"""The pages about performance have the figures of the committed results."""

from __future__ import annotations

import json

import pytest

from benchmarks.report import RESULTS, SECTIONS, Section


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_figures_are_the_measured_ones(section: Section) -> None:
    assert section.split()[1] == section.render(json.loads(RESULTS.read_text()))
