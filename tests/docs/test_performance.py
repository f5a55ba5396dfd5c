"""The page on performance says what the committed results say."""

from __future__ import annotations

import json

from benchmarks.report import BEGIN, END, PAGE, RESULTS, render


def test_no_figure_on_the_page_differs_from_the_measured_one() -> None:
    page = PAGE.read_text()
    _, _, rest = page.partition(BEGIN)
    figures, _, _ = rest.partition(END)
    assert figures.strip() == render(json.loads(RESULTS.read_text()))
