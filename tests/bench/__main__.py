"""Prints every table: `python -m tests.bench`."""

from tests.bench import core, rewriting

if __name__ == "__main__":
    core.main()
    print()
    rewriting.main()
