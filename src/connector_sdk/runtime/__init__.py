"""Composes the pure parts into what runs."""
