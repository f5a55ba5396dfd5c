"""The troubleshooting page has every entry of the catalog, as the catalog has it."""

from __future__ import annotations

from corekit.explain import ERRORS, MESSAGES
from tests.docs.troubleshooting import BEGIN, END, PAGE, table


def test_the_table_is_the_catalogue() -> None:
    text = PAGE.read_text()
    shown = text.partition(BEGIN)[2].partition(END)[0]
    assert shown.strip() == table().strip()


def test_every_entry_has_a_row_with_its_messages_and_its_mend() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    by_name = {row[1].strip("`"): row for row in rows if len(row) == 4}
    assert by_name.keys() - {"name"} == ERRORS.keys()
    for name, entry in ERRORS.items():
        said, _, cause, mend = by_name[name]
        assert cause.replace("\\", "") == entry.message
        assert mend.removesuffix(" |").replace("\\", "") == entry.hint
        for messages in MESSAGES.values():
            for sentence in messages.get(name, ()):
                assert sentence.replace("{}", "…") in said
