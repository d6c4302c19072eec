"""ManualClock: time that moves only when a test says so."""

from connector_sdk.transport.manual_clock import START_NS, ManualClock

__all__ = ["START_NS", "ManualClock"]
