"""Deciding what a book is, purely: no clock, no socket, no await."""
