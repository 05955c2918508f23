"""The house: imports point one way, files and functions stay small, dependencies stay two."""

import ast
import graphlib
import re
import sys
import tomllib
from pathlib import Path

import pytest

import alloc_rewrite as alloc

ROOT = Path(alloc.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
NAMES = [str(file.relative_to(ROOT)) for file in FILES]

#: What each part may import of the package, besides itself. A part is a module or a folder; of the
#: Python core's folder its memory and its equivalents are parts of their own, as its sites stand
#: much higher.
MAY_IMPORT = {
    "errors": set(),
    "logs": set(),
    "interpreter": set(),
    "sizes": {"errors"},
    "figures": set(),
    "numpy_facts": set(),
    "numpy_names": set(),
    "_native": set(),
    "pycore.layout": set(),
    "pycore.pages": {"numpy_facts", "sizes"},
    "pycore.blocks": {"pycore.pages", "sizes"},
    "pycore.arena": {"pycore.blocks", "sizes", "errors"},
    "pycore.equivalents": {"pycore.layout", "pycore.pages", "numpy_facts"},
    "cores": {
        "numpy_names",
        "pycore.arena",
        "numpy_facts",
        "sizes",
        "interpreter",
        "figures",
        "_native",
    },
    "threads": {"cores"},
    "compiled": {"logs", "cores", "figures", "sites"},
    "report": set(),
    "buffer": {"cores", "figures", "sizes"},
    "processes": {"errors", "figures", "report", "sizes"},
    "callables": set(),
    "decorated": {"errors"},
    "registry": {"numpy_names", "callables", "pycore.equivalents"},
    "rewrite": {"errors", "logs", "interpreter", "later"},
    "later": set(),
    "judging": {"figures", "later", "logs"},
    "callees": {"callables", "judging", "rewrite", "registry", "numpy_facts"},
    "sites": {"errors", "interpreter"},
    "loops": {
        "compiled",
        "cores",
        "rewrite",
        "logs",
        "errors",
        "interpreter",
        "numpy_facts",
        "numpy_names",
    },
    "pycore": {
        "callables",
        "sites",
        "callees",
        "registry",
        "rewrite",
        "buffer",
        "pycore.arena",
        "pycore.blocks",
        "pycore.layout",
        "pycore.equivalents",
        "numpy_facts",
        "errors",
        "interpreter",
    },
    "native": {
        "callables",
        "sites",
        "callees",
        "judging",
        "registry",
        "rewrite",
        "buffer",
        "compiled",
        "interpreter",
        "loops",
        "cores",
        "numpy_facts",
        "sizes",
        "errors",
    },
    "core_sites": {"numpy_names", "pycore", "native", "callees", "rewrite", "buffer", "cores"},
    "bump": {
        "decorated",
        "cores",
        "core_sites",
        "rewrite",
        "callables",
        "callees",
        "buffer",
        "errors",
    },
    "profile": {
        "errors",
        "report",
        "callables",
        "logs",
        "numpy_names",
        "bump",
        "core_sites",
        "pycore",
        "native",
        "sites",
        "rewrite",
        "registry",
        "callees",
        "pycore.blocks",
        "numpy_facts",
        "sizes",
        "cores",
    },
    "explain": {
        "callables",
        "errors",
        "report",
        "numpy_names",
        "bump",
        "core_sites",
        "sites",
        "rewrite",
        "callees",
        "numpy_facts",
        "cores",
        "interpreter",
    },
    "comparison": {
        "compiled",
        "logs",
        "numpy_facts",
        "numpy_names",
        "report",
        "bump",
        "core_sites",
        "profile",
        "explain",
        "rewrite",
        "callees",
        "buffer",
        "cores",
        "errors",
    },
    "cli": {
        "comparison",
        "explain",
        "profile",
        "report",
        "bump",
        "cores",
        "threads",
    },
    "__main__": {"cli"},
    "pytest_plugin": {"__init__"},
    "ipython": {"comparison", "profile"},
    "__init__": {
        "comparison",
        "report",
        "numpy_names",
        "bump",
        "profile",
        "explain",
        "registry",
        "buffer",
        "compiled",
        "cores",
        "errors",
        "threads",
        "processes",
    },
}


#: What parts import that are only loaded by such a guest.
GUESTS = {"loops": {"llvmlite"}, "pytest_plugin": {"pytest"}, "ipython": {"IPython"}}


def part_of(name):
    """Return the part that a module belongs to, by its name within the package."""
    parts = name.split(".")
    return next(
        (part for n in range(len(parts), 0, -1) if (part := ".".join(parts[:n])) in MAY_IMPORT),
        parts[0],
    )


def name_of(file):
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def imports_of(file):
    """Go over the modules a file imports, as absolute dotted names; not those for types only."""
    package = ["alloc_rewrite", *file.relative_to(ROOT).parts[:-1]]
    tree = ast.parse(file.read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if node.module is None:  # from . import name
                yield from (f"{module}.{alias.name}" for alias in node.names)
            else:
                yield module


def test_every_part_is_known():
    assert {part_of(name_of(file)) for file in FILES} | {"_native"} == set(MAY_IMPORT)


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_imports_point_one_way(file):
    own = part_of(name_of(file))
    for module in imports_of(file):
        parts = module.split(".")
        if parts[0] == "alloc_rewrite":
            other = part_of(".".join(parts[1:]) or "__init__")
            assert other == own or other in MAY_IMPORT[own], f"{own} imports {other}"
        else:
            known = sys.stdlib_module_names | {"numpy", "bytecode"} | GUESTS.get(own, set())
            assert parts[0] in known, module


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_instructions_are_our_own(file):
    # `bytecode` has an `Instr` too: no item is one, so that a test of the type would never hold.
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "bytecode":
            assert not {"Instr", "ConcreteInstr", "*"} & {name.name for name in node.names}


def test_the_table_of_imports_has_no_cycle():
    list(graphlib.TopologicalSorter(MAY_IMPORT).static_order())


def test_modules_have_no_import_cycle():
    modules = {f"alloc_rewrite.{name_of(f)}": f for f in FILES}
    graph = {}
    for name, file in modules.items():
        wanted = set(imports_of(file))
        graph[name] = {m for m in wanted if m in modules and m != name}
    list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("package", ["", "rewrite"])
def test_packages_that_only_list_names(package):
    tree = ast.parse((ROOT / package / "__init__.py").read_text())
    assert isinstance(tree.body[0], ast.Expr)
    (names,) = (n for n in tree.body if isinstance(n, ast.Assign) and "__all__" in ast.unparse(n))
    if package == "":  # with NumPy's own names, and for types alone what is loaded late
        imports = [
            n for block in tree.body if isinstance(block, ast.With | ast.If) for n in block.body
        ]
    else:
        imports = tree.body[1:-1]
    assert all(isinstance(node, ast.ImportFrom) for node in imports)
    imported = [alias.asname or alias.name for node in imports for alias in node.names]
    assert sorted(ast.literal_eval(names.value)) == sorted(imported)


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_sizes_and_docstrings(file):
    text = file.read_text()
    assert len(text.splitlines()) <= 400
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree)
    assert docstring, "a module says what it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            first = body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            start = first.end_lineno + 1 if documented and len(body) > 1 else node.lineno
            assert node.end_lineno - start < 50, node.name


def test_public_names_are_documented():
    for name in alloc.__all__:
        assert getattr(alloc, name).__doc__


def test_run_time_dependencies():
    for folder in (ROOT.parent, Path(__file__).parents[2]):
        project = folder / "pyproject.toml"
        if project.exists():
            wanted = tomllib.loads(project.read_text())["project"]["dependencies"]
            assert {re.match(r"[\w-]+", entry)[0] for entry in wanted} == {"numpy", "bytecode"}
            return
    pytest.skip("no pyproject.toml beside the package")
