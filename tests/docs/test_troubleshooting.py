"""The troubleshooting page has every error, as the error reference has it."""

from __future__ import annotations

from corekit.explain import ERRORS
from tests.docs.troubleshooting import BEGIN, END, PAGE, table


def test_the_table_is_up_to_date() -> None:
    text = PAGE.read_text()
    shown = text.partition(BEGIN)[2].partition(END)[0]
    assert shown.strip() == table().strip()


def test_every_error_has_a_row_with_its_texts() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    by_name = {row[1].strip("`"): row for row in rows if len(row) == 4}
    assert by_name.keys() - {"name"} == ERRORS.keys()
    for name, error in ERRORS.items():
        printed, _, message, hint = by_name[name]
        assert message.replace("\\", "") == error.message
        assert hint.removesuffix(" |").replace("\\", "") == error.hint
        for messages in error.console.values():
            for text in messages:
                assert text.replace("{}", "…").strip() in printed
