"""`refresh()`: what each load does to a policy, and what is logged."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any, Final

import pytest

from corekit import CorsPolicy, LivePolicy
from corekit_config import loaded_origins, refresh, refresh_async
from tests.clock import Clock
from tests.config.refreshing import APP, OTHER, SHOP, Loads, Records, Table, allows, lines


@pytest.fixture
def live() -> LivePolicy:
    return LivePolicy(CorsPolicy(allow_origins=[APP], allow_credentials=True))


@pytest.fixture(autouse=True)
def at_info(caplog: Records) -> Iterator[None]:
    caplog.set_level(logging.INFO, "corekit")
    yield
    assert not loaded_origins._refreshed


def test_rows_extend_the_policy(live: LivePolicy, caplog: Records) -> None:
    table = Table(SHOP)
    with Loads(table, live) as loads:
        assert [allows(live, each) for each in (APP, SHOP, OTHER)] == [True, True, False]
        (line,) = lines(caplog, logging.INFO)
        assert line.startswith(f"CORS: rows were loaded for policy {live.fingerprint}: 1 ")
        assert line.endswith(": 1 in all, 1 added, 0 removed.")
        table.rows = [OTHER]
        loads.again()
        assert [allows(live, each) for each in (APP, SHOP, OTHER)] == [True, False, True]
        assert (loads.refresher.size, live.generation) == (1, 3)
        (line,) = lines(caplog, logging.INFO)
        assert line.endswith(f": 1 in all, 1 added ({OTHER!r}), 1 removed ({SHOP!r}).")
        # Requests may still use the old rows, which the next load frees.
        assert {row for table in loads.refresher._origins._unused for row in table} == {SHOP}
        loads.again()
        assert loads.refresher._origins._unused == []
    assert allows(live, OTHER)


def test_equal_rows_replace_nothing(live: LivePolicy, caplog: Records) -> None:
    table = Table(SHOP, OTHER)
    with Loads(table, live) as loads:
        before = live.policy
        caplog.clear()
        for rows in ([OTHER, SHOP], [SHOP, OTHER, SHOP]):
            table.rows = rows
            loads.again()
        assert live.policy is before
        assert live.generation == 2
        assert caplog.records == []


def test_changes_in_the_log_are_bounded(live: LivePolicy, caplog: Records) -> None:
    table = Table(SHOP)
    with Loads(table, live) as loads:
        table.rows = [f"https://tenant-{number}.example" for number in range(500)]
        caplog.clear()
        loads.again()
    (line,) = lines(caplog, logging.INFO)
    assert line.count("tenant-") == 10
    assert "500 added" in line


def test_first_load_has_to_succeed(live: LivePolicy) -> None:
    table = Table()
    table.error = OSError("no database")
    before = live.policy
    with pytest.raises(OSError, match="no database"):
        refresh(table, live)
    assert live.policy is before


def test_first_load_may_fail_if_it_is_not_required(live: LivePolicy, caplog: Records) -> None:
    table = Table(SHOP)
    table.error = OSError("no database")
    with Loads(table, live, required=False) as loads:
        assert lines(caplog, logging.ERROR) == [
            "CORS: origins could not be loaded; there are none from before."
        ]
        assert (loads.refresher.size, loads.refresher.age) == (0, None)
        assert allows(live, APP)
        table.error = None
        loads.again()
        assert allows(live, SHOP)
        assert lines(caplog, logging.INFO)[0] == "CORS: origins are loaded again."


def test_load_of_equal_rows_makes_them_younger(
    live: LivePolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(1_000)
    with Loads(Table(SHOP), live) as loads:
        monkeypatch.setattr(loads.refresher._origins._loads, "_clock", clock)
        before = live.policy
        loads.again()
        clock.now += 5
        decision = live.policy.policy_for("/").decide("GET", origin=SHOP)  # type: ignore[union-attr]
        assert decision.snapshot is not None
        assert decision.snapshot.age == loads.refresher.age == 5
        assert live.policy is before


def test_later_failure_keeps_the_rows(
    live: LivePolicy, caplog: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Table(SHOP)
    with Loads(table, live) as loads:
        before = live.policy
        table.error = OSError("no database")
        loaded_at = loads.refresher._origins._loads._last
        assert loaded_at is not None
        with monkeypatch.context() as patch:
            patch.setattr(loads.refresher._origins._loads, "_clock", lambda: loaded_at + 90.4)
            loads.again()
            assert loads.refresher.age == pytest.approx(90.4)
        assert live.policy is before
        (record,) = (each for each in caplog.records if each.levelno == logging.ERROR)
        assert record.getMessage() == (
            "CORS: origins could not be loaded; those from before stay (1, 90 seconds old)."
        )
        assert record.exc_info is not None
        assert record.exc_info[1] is table.error
        table.error = None
        caplog.clear()
        loads.again()
        assert lines(caplog, logging.INFO) == ["CORS: origins are loaded again."]
        loads.again()
        assert lines(caplog, logging.INFO) == []


def test_failure_in_the_middle_keeps_all_rows(live: LivePolicy) -> None:
    def load() -> Iterator[str]:
        yield OTHER
        if fails:
            raise OSError

    fails: list[bool] = []
    with Loads(load, live) as loads:
        before = live.policy
        fails.append(True)
        loads.again()
        assert live.policy is before


BAD: Final = ("http://shop-1.example", "https://*.example.org", "*", "https://shop-1.example/", 7)


CODES: Final = (
    "insecure-origin",
    "pattern-in-rows",
    "pattern-in-rows",
    "non-canonical-origin",
    "wrong-type",
)


def test_bad_rows_are_left_out_and_reported(live: LivePolicy, caplog: Records) -> None:
    table = Table(SHOP, *BAD)
    with Loads(table, live) as loads:
        assert loads.refresher.size == 1
        assert not allows(live, "https://evil.example")
        (line,) = lines(caplog, logging.WARNING)
        title, *rows = line.splitlines()
        assert title == "CORS: rows that are not valid were left out: 5."
        for index, (row, value, code) in enumerate(zip(rows, BAD, CODES, strict=True), 1):
            assert row.startswith(f"  - rows[{index}] = {value!r}: ")
            assert row.endswith(f" [{code}]")
        loads.again()
        assert lines(caplog, logging.WARNING) == []
        table.rows = [SHOP, *BAD[1:]]
        loads.again()
        assert len(lines(caplog, logging.WARNING)) == 1
        table.rows = [SHOP]
        loads.again()
        assert lines(caplog, logging.WARNING) == []


def test_report_of_bad_rows_is_bounded(live: LivePolicy, caplog: Records) -> None:
    with Loads(Table(SHOP, *(f"x{number}" for number in range(500))), live):
        (line,) = lines(caplog, logging.WARNING)
    assert line.startswith("CORS: rows that are not valid were left out: 500.")
    assert len(line.splitlines()) == 12
    assert line.endswith("\n  - and 490 more")


def test_risks_and_patterns_need_a_permission(live: LivePolicy) -> None:
    table = Table("http://shop-1.example", "https://*.example.org", "https://*.co.uk")
    arguments = {"accept_risks": ["insecure-origin"], "allow_patterns": True}
    with Loads(table, live, **arguments) as loads:
        assert allows(live, "http://shop-1.example")
        assert allows(live, "https://x.example.org")
        assert not allows(live, "https://x.co.uk")
        assert loads.refresher.size == 2


@pytest.mark.parametrize(
    ("policy", "origins"),
    [(CorsPolicy.deny_all(), "no origins"), (CorsPolicy(allow_origins=["*"]), "any origin")],
)
def test_rows_without_effect_are_reported_once(
    policy: CorsPolicy, origins: str, caplog: Records
) -> None:
    live = LivePolicy(policy)
    table = Table(SHOP)
    with Loads(table, live) as loads:
        line = (
            f"CORS: rows have no effect, since policy {policy.fingerprint} allows {origins}. List"
            " your own origin there."
        )
        assert lines(caplog, logging.WARNING) == [line]
        table.rows = [SHOP, OTHER]
        loads.again()
        assert lines(caplog, logging.WARNING) == []
        live.replace(CorsPolicy(allow_origins=[APP]))
        loads.again()
        assert allows(live, OTHER)
        assert "have no effect" not in caplog.text
        live.replace(policy)
        caplog.clear()
        loads.again()
        assert lines(caplog, logging.WARNING) == [line]


def test_empty_table_counts_if_two_loads_agree(live: LivePolicy, caplog: Records) -> None:
    table = Table(SHOP)
    with Loads(table, live) as loads:
        table.rows = []
        caplog.clear()
        loads.again()
        assert allows(live, SHOP)
        (line,) = lines(caplog, logging.ERROR)
        assert line.startswith("CORS: the load has no rows; those from before stay (1, 0 seconds")
        table.rows = [SHOP]
        loads.again()
        table.rows = []
        loads.again()
        assert allows(live, SHOP)
        caplog.clear()
        loads.again()
        assert not allows(live, SHOP)
        assert allows(live, APP)
        (line,) = lines(caplog, logging.WARNING)
        assert ": 0 in all, 0 added, 1 removed" in line


def test_empty_table_at_first_is_an_answer(live: LivePolicy, caplog: Records) -> None:
    table = Table()
    with Loads(table, live) as loads:
        assert len(lines(caplog, logging.WARNING)) == 1
        table.rows = [SHOP]
        loads.again()
        assert allows(live, SHOP)


def test_rows_of_which_none_is_valid_replace_nothing(live: LivePolicy, caplog: Records) -> None:
    table = Table(SHOP)
    with Loads(table, live) as loads:
        table.rows = [f"{SHOP}/", "*"]
        for _ in range(3):
            loads.again()
        assert allows(live, SHOP)
        errors = lines(caplog, logging.ERROR)
        assert len(errors) == 3
        assert errors[0].startswith(
            "CORS: no row of the load is valid; those from before stay (1, "
        )


class Model:
    """A row of an ORM."""

    def __init__(self) -> None:
        self.origin = SHOP


def _sqlite_row() -> Any:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute("SELECT 'x' AS origin").fetchone()


OBJECTS: Final = {
    "tuple": ((SHOP,), "A cursor yields tuples: yield row[0]."),
    "list": ([SHOP], "Yield the item with the origin, such as row[0]."),
    "dict": ({"origin": SHOP}, "Yield the column with the origin, such as row['origin']."),
    "row": (_sqlite_row(), "Yield the column with the origin, such as row['origin']."),
    "bytes": (SHOP.encode(), "Decode it: yield row.decode()."),
    "null": (None, "Leave out rows without an origin, such as NULL."),
    "model": (Model(), "Yield the attribute with the origin, such as row.origin."),
    "number": (7, "Use a string."),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_first_load_needs_a_valid_row(name: str, live: LivePolicy) -> None:
    row, hint = OBJECTS[name]
    before = live.policy
    with pytest.raises(ValueError, match=r"^No row of the load is valid, of 1\.\n") as caught:
        refresh(Table(row), live)
    assert hint in str(caught.value)
    assert live.policy is before


def test_first_load_without_a_valid_row_is_logged(live: LivePolicy, caplog: Records) -> None:
    table = Table((SHOP,), (OTHER,))
    with Loads(table, live, required=False) as loads:
        for _ in range(2):
            assert "A cursor yields tuples" in caplog.text
            assert lines(caplog, logging.ERROR) == [
                "CORS: origins could not be loaded; there are none from before."
            ]
            loads.again()
        assert loads.refresher.age is None
        table.rows = [SHOP]
        loads.again()
        assert allows(live, SHOP)


def test_rows_of_which_none_is_valid_after_no_rows(live: LivePolicy, caplog: Records) -> None:
    table = Table()
    with Loads(table, live) as loads:
        table.rows = [(SHOP,)]
        loads.again()
        (line,) = lines(caplog, logging.ERROR)
        assert line.startswith("CORS: no row of the load is valid; those from before stay (0, ")


@pytest.mark.parametrize("rows", ["https://a.example", b"x", {SHOP: 1}, None, 7])
def test_rows_are_an_iterable_of_strings(rows: Any, live: LivePolicy) -> None:
    table = Table()
    table.rows = rows
    with pytest.raises(TypeError, match=r"^load returned a .*Return or yield strings"):
        refresh(table, live)


def test_arguments_are_checked(live: LivePolicy) -> None:
    async def load() -> list[str]:
        return [SHOP]

    async def generate() -> AsyncIterator[str]:
        yield SHOP

    cases: tuple[tuple[Any, Any, dict[str, Any], type[Exception], str], ...] = (
        (load, live, {}, TypeError, "load is an async function. Use refresh_async()."),
        (generate, live, {}, TypeError, "load is an async function. Use refresh_async()."),
        ([SHOP], live, {}, TypeError, "load is of type list. Pass a function, w"),
        (generate(), live, {}, TypeError, "load is of type async_generator. Pass a function, w"),
        (Table(), live.policy, {}, TypeError, "live is of type CorsPolicy"),
        (Table(), live, {"every": 0}, ValueError, "every is 0. Pass seconds above 0."),
        (Table(), live, {"accept_risks": "x"}, TypeError, "Pass a list: ['x']."),
        (Table(), live, {"accept_risks": None}, TypeError, "of type NoneType. Pass a list."),
        (Table(), live, {"accept_risks": ["x"]}, ValueError, "accept_risks has 'x'."),
        (Table(), live, {"path": "/"}, ValueError, "omit path in refresh()"),
    )
    for function, holder, arguments, kind, message in cases:
        with pytest.raises(kind) as caught:
            refresh(function, holder, **arguments)
        assert message in str(caught.value)
    with pytest.raises(TypeError, match=r"^load is of type list\. Pass a function, without"):
        refresh_async([SHOP], live)  # type: ignore[arg-type]
