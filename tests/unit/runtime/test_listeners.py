"""Listeners: in order, isolated, removable."""

from __future__ import annotations

import logging
from typing import NamedTuple

import pytest

from connector_sdk.runtime.listeners import Listeners


class Rang(NamedTuple):
    number: int


class Knocked(NamedTuple):
    number: int


def test_callbacks_hear_their_kind_only_in_the_order_they_came() -> None:
    listeners = Listeners()
    heard: list[tuple[str, object]] = []
    listeners.on(Rang, lambda event: heard.append(("first", event)))
    listeners.on(Rang, lambda event: heard.append(("second", event)))
    listeners.on(Knocked, lambda event: heard.append(("knock", event)))
    listeners.emit(Rang(1))
    listeners.emit(Knocked(2))
    assert heard == [("first", Rang(1)), ("second", Rang(1)), ("knock", Knocked(2))]


def test_one_that_raises_is_counted_said_once_and_the_others_still_hear(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listeners = Listeners()
    heard: list[Rang] = []

    def broken(_: Rang) -> None:
        raise ValueError("a strategy's bug")

    listeners.on(Rang, broken)
    listeners.on(Rang, heard.append)
    with caplog.at_level(logging.ERROR):
        for number in range(3):
            listeners.emit(Rang(number))
    assert len(heard) == 3
    assert listeners.failures == 3
    assert len(caplog.records) == 1
    assert "a strategy's bug" in caplog.text


def test_an_ended_callback_hears_no_more_and_ending_twice_does_nothing() -> None:
    listeners = Listeners()
    heard: list[Rang] = []
    cancel = listeners.on(Rang, heard.append)
    again = listeners.on(Rang, heard.append)
    cancel()
    cancel()
    listeners.emit(Rang(1))
    assert heard == [Rang(1)]
    again()
    assert not listeners.hears(Rang)
    listeners.emit(Rang(2))
    assert heard == [Rang(1)]


def test_coming_and_going_within_an_event_takes_effect_with_the_next() -> None:
    listeners = Listeners()
    heard: list[str] = []

    def once(_: Rang) -> None:
        heard.append("once")
        cancel()
        listeners.on(Rang, lambda _: heard.append("late"))

    cancel = listeners.on(Rang, once)
    listeners.on(Rang, lambda _: heard.append("steady"))
    listeners.emit(Rang(1))
    assert heard == ["once", "steady"]
    listeners.emit(Rang(2))
    assert heard == ["once", "steady", "steady", "late"]
