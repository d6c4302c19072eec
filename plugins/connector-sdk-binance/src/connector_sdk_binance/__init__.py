"""Binance spot, translated."""
