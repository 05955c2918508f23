"""Prints every table: `python -m tests.bench`."""

from tests.bench import core, importing, native, rewriting, sizes
from tests.bench.programs import __main__ as programs
from tests.bench.regions import __main__ as regions

if __name__ == "__main__":
    core.main([])
    print()
    native.main([])
    print()
    sizes.main([])
    print()
    importing.main([])
    print()
    rewriting.main()
    print()
    regions.main(["--quick"])
    print()
    programs.main(["--quick"])
