"""The embedded venue: a real exchange on loopback, with faults on demand."""
