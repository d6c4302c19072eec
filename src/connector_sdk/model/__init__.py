"""The words of the field, as values: no behaviour beyond validation and rounding."""
