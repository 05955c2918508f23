"""Installed test suites of other libraries, each test plain and bumped: `python -m tests.suites`.

`plugin` runs in the process of the tests and writes a record of each; `workers` starts such
processes, and again after a crash; `report` judges the records.
"""
