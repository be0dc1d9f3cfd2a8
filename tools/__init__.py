"""Checks and generators of the repository itself; never shipped."""
