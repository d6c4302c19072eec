"""The abstract base classes that a new exchange subclasses, and what a strategy may call."""
