"""Measurements on real data. Nothing imports this package."""
