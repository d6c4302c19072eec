"""Listeners: ordered fan-out of events to callbacks; one that raises never harms another."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar, cast

E = TypeVar("E")

LOG = logging.getLogger(__name__)


class Listeners:
    """Who hears what. Callbacks run at once, in the order they came, inside `emit`.

    Kinds are matched exactly: a callback for a class does not hear its subclasses.
    """

    __slots__ = ("_callbacks", "_failures", "_reported")

    def __init__(self) -> None:
        self._callbacks: dict[type[object], tuple[Callable[[object], None], ...]] = {}
        self._failures = 0
        self._reported: set[int] = set()

    @property
    def failures(self) -> int:
        """How many calls of a callback raised."""
        return self._failures

    def hears(self, kind: type[object]) -> bool:
        """Whether anybody listens for `kind`: who makes an event may spare itself the work."""
        return kind in self._callbacks

    def on(self, kind: type[E], callback: Callable[[E], None]) -> Callable[[], None]:
        """Call `callback` at every event of `kind`; returns a function that ends it.

        A callback may be added or removed while an event is being told: that takes effect with
        the next event.
        """
        entry = cast("Callable[[object], None]", callback)
        self._callbacks[kind] = (*self._callbacks.get(kind, ()), entry)
        registered = [entry]

        def cancel() -> None:
            if registered:
                self._remove(kind, registered.pop())

        return cancel

    def emit(self, event: object) -> None:
        """Tell `event` to everyone who listens for its kind."""
        callbacks = self._callbacks.get(type(event))
        if callbacks is None:
            return
        for callback in callbacks:
            try:
                callback(event)
            # A stranger's code must not stop the feed, nor its other listeners.
            except Exception as error:  # noqa: BLE001
                self._report(callback, event, error)

    def _remove(self, kind: type[object], entry: Callable[[object], None]) -> None:
        left = list(self._callbacks[kind])
        left.remove(entry)
        self._reported.discard(id(entry))
        if left:
            self._callbacks[kind] = tuple(left)
        else:
            del self._callbacks[kind]

    def _report(self, callback: Callable[[object], None], event: object, error: Exception) -> None:
        self._failures += 1
        if id(callback) in self._reported:
            return
        self._reported.add(id(callback))
        kind = type(event).__name__
        LOG.error("listener %r raised at %s; said once", callback, kind, exc_info=error)
