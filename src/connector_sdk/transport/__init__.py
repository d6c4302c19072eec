"""The edge: the only package that opens a socket or reads a clock."""
