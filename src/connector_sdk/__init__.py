"""Connect Python programs to exchanges, correctly."""
