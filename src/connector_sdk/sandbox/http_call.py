"""HttpCall: an HTTP request, as the venue handles requests."""

from __future__ import annotations

from connector_sdk.sandbox.dialect import (
    Dialect,
    Failure,
    Route,
    Throttle,
    VenueAnswer,
    VenueCall,
    VenueRequest,
    VenueView,
)


class HttpCall(VenueCall):
    """One HTTP request, answered by the venue's dialect."""

    def __init__(self, dialect: Dialect, request: VenueRequest) -> None:
        self.client = request.client
        self._dialect = dialect
        self._request = request

    def route(self, venue: VenueView) -> Route:
        """What it is for."""
        return self._dialect.route(self._request, venue)

    def answer(self, venue: VenueView) -> VenueAnswer:
        """Do what it asks for."""
        return self._dialect.answer(self._request, venue)

    def refusal(self, throttle: Throttle, venue: VenueView) -> VenueAnswer:
        """Beyond the rate limit."""
        return self._dialect.refusal(throttle, venue.rules)

    def failure(self, failure: Failure) -> VenueAnswer:
        """The venue fails it."""
        return self._dialect.failure(failure)
