"""Tests, beside what they prove."""
