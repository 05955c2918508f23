"""Prints every table: `python -m tests.bench`."""

from tests.bench import core, native, rewriting

if __name__ == "__main__":
    core.main([])
    print()
    native.main([])
    print()
    rewriting.main()
