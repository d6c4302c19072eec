"""What an order is, and when it may be believed. Pure."""
