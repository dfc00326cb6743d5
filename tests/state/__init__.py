"""Tests of what is stored, on SQLite and on PostgreSQL."""
