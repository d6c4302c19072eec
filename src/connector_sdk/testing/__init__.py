"""Shipped to connector authors."""
