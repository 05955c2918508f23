"""Measurements of bumped functions against plain ones; `python -m tests.bench` prints them all.

No test asserts a time: the figures are for people to read and to compare between versions.
"""
