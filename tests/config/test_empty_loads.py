"""Loads without rows, between others: rows are removed only if two loads agree."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from corekit import CorsPolicy, LivePolicy
from tests.config.refreshing import APP, OTHER, SHOP, Loads, Table, allows

LOADS = ("rows", "others", "none", "invalid", "error")


def rows_after(loads: Sequence[str]) -> str | None:
    """Return the row that is in use after some loads, by the table in the documentation."""
    row: str | None = SHOP
    for before, load in zip(("rows", *loads), loads, strict=False):
        if load in ("rows", "others"):
            row = SHOP if load == "rows" else OTHER
        elif load == before == "none":
            row = None
    return row


@pytest.mark.parametrize("first", LOADS)
@pytest.mark.parametrize("second", LOADS)
def test_rows_are_removed_if_two_loads_agree(first: str, second: str) -> None:
    for third in LOADS:
        loads = (first, second, third)
        live, table = LivePolicy(CorsPolicy(allow_origins=[APP])), Table(SHOP)
        with Loads(table, live) as refresher:
            for load in loads:
                table.error = OSError() if load == "error" else None
                table.rows = {"rows": [SHOP], "others": [OTHER], "invalid": ["x"]}.get(load, [])
                refresher.again()
        allowed = [each for each in (SHOP, OTHER) if allows(live, each)]
        assert allowed == [each for each in (rows_after(loads),) if each], loads
