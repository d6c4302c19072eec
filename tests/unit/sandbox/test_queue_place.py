from __future__ import annotations

import pytest

from connector_sdk.sandbox.queue_place import LATE_NS, QueuePlace

MS = 1_000_000
Step = tuple[str, int | None, int | None]


def left_of(place: QueuePlace, *steps: Step) -> list[int]:
    """What each trade among the steps (trade or level, lots, ms) leaves for the order."""
    left: list[int] = []
    for kind, lots, at_ms in steps:
        at_ns = None if at_ms is None else at_ms * MS
        if kind == "level":
            place.level_is(lots, at_ns)
        else:
            left.append(place.traded(lots or 0, at_ns))
    return left


@pytest.mark.parametrize(
    ("told", "steps", "left", "ahead"),
    [
        ("nothing is queued before it", [("trade", 3, 10)], [3], None),
        ("trades take from the front", [("trade", 6, 10), ("trade", 6, 20)], [0, 2], 0),
        ("cancels stood behind", [("level", 12, 10), ("level", 10, 20), ("trade", 4, 30)], [0], 6),
        (
            "unless there is not that much behind",
            [("level", 4, 10), ("trade", 4, 20), ("trade", 1, 30)],
            [0, 1],
            0,
        ),
        ("what is added stands behind", [("level", 90, 10), ("trade", 11, 20)], [1], 0),
        (
            "a trade and its level are one change, the trade told first",
            [("trade", 6, 10), ("level", 4, 15), ("trade", 4, 20), ("trade", 1, 21)],
            [0, 0, 1],
            0,
        ),
        (
            "a trade and its level are one change, the level told first",
            [("level", 4, 15), ("trade", 6, 10), ("trade", 4, 20), ("trade", 1, 21)],
            [0, 0, 1],
            0,
        ),
        (
            "a trade told after two changes of its level",
            [("level", 4, 15), ("level", 3, 115), ("trade", 6, 10), ("trade", 4, 116)],
            [0, 1],
            0,
        ),
        (
            "a trade of the same millisecond as the level is told by it",
            [("level", 4, 15), ("trade", 6, 15), ("trade", 5, 16)],
            [0, 1],
            0,
        ),
        (
            "without times a trade is told by the last change of the level",
            [("level", 4, None), ("trade", 6, None), ("trade", 5, None)],
            [0, 1],
            0,
        ),
        (
            "without times an earlier change of the level is settled by the next",
            [("level", 4, None), ("level", 5, None), ("trade", 5, None)],
            [1],
            0,
        ),
        ("a level that is not known any more", [("level", None, 10), ("trade", 3, 20)], [0], 7),
    ],
    ids=lambda told: told if isinstance(told, str) else "",
)
def test_what_is_left_for_an_order(
    told: str, steps: list[Step], left: list[int], ahead: int | None
) -> None:
    place = QueuePlace(0 if told.startswith("nothing") else 10, 0)
    assert left_of(place, *steps) == left
    assert place.ahead == (0 if ahead is None else ahead)


def test_of_a_level_that_was_not_known_all_is_before_it_once_it_is() -> None:
    place = QueuePlace(None, 0)
    assert place.traded(100, 5) == 0
    place.level_is(8, 10)
    assert place.ahead == 8
    assert left_of(place, ("trade", 9, 20)) == [1]


def test_nothing_is_before_it_once_a_trade_went_through_its_price() -> None:
    place = QueuePlace(10, 0)
    place.level_is(4, 5)
    place.passed()
    assert place.ahead == 0
    assert QueuePlace(None, 0).ahead is None


def test_a_trade_of_before_it_came_is_known() -> None:
    place = QueuePlace(1, 50)
    assert [place.came_after(at_ns) for at_ns in (49, 50, 51, None)] == [True, True, False, False]
    assert not QueuePlace(1, None).came_after(5)


def test_what_is_kept_of_a_level_is_bounded_by_how_late_trades_come() -> None:
    place = QueuePlace(1_000, 0)
    for turn in range(1_000):
        place.level_is(1_000 - turn, turn * LATE_NS // 10)
    assert len(place._told) <= 11
    assert place.ahead == 1
