"""Usual mistakes in C, looked for in the sources' text."""

import graphlib
import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "csrc"
FILES = sorted([*SOURCES.rglob("*.c"), *SOURCES.rglob("*.h")])
NEW = (  # calls that return NULL when memory is short
    r"malloc|calloc|realloc|PyMem_Malloc|PyMem_Calloc|tp_alloc|PyTuple_New|PyTuple_Pack|PyMethod_New"
    r"|PyWeakref_NewRef|PyCapsule_New|PyArray_NewFromDescr|PyArray_Scalar|PyUnicode_FromString"
    r"|PyObject_CallFunction|PyObject_CallFunctionObjArgs|PyObject_Vectorcall|PyObject_CallMethod"
    r"|PyFunction_New|PySequence_Concat|PyCFunction_NewEx|PyObject_GetAttrString|PyObject_CallOneArg"
)
#: The folders, the lowest first: files include what stands below them, and their own folder's.
FOLDERS = ("", "arena", "numpy", "ufuncs", "sites", "calls", "regions", "loops")
pytestmark = pytest.mark.skipif(not FILES, reason="the sources are not here")


def code_of(file):
    """Return a file's lines without comments and texts."""
    text = file.read_text()
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    return re.sub(r'"(\\.|[^"\\])*"', '""', text).splitlines()


def folder_of(file):
    """Return the place of a file's folder in the order; that of the module itself is the last."""
    folder = "" if file.parent == SOURCES else file.parent.name
    return len(FOLDERS) if file.name == "module.c" else FOLDERS.index(folder)


def included(file):
    """Return the headers of this library that a file includes."""
    names = re.findall(r'^#include "([^"]+)"', file.read_text(), flags=re.M)
    assert all((SOURCES / name).exists() for name in names), names
    return [SOURCES / name for name in names]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_includes_point_one_way(file):
    for header in included(file):
        assert folder_of(header) <= folder_of(file), f"{file.name} includes {header.name}"


def test_headers_have_no_circle():
    graph = {file: set(included(file)) for file in FILES if file.suffix == ".h"}
    list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_allocations_are_checked(file):
    """What may be NULL is tested, returned or handed on within the next lines."""
    lines = code_of(file)
    for i, line in enumerate(lines):
        found = re.search(rf"(\w[\w>.\[\]-]*) = (?:\([^()]*\))?(?:[\w>-]*)\b({NEW})\(", line)
        if not found:
            continue
        name = re.escape(found[1].split("->")[-1])
        near = "\n".join(lines[i : i + 34])
        tested = rf"{name} (==|!=) NULL|return {name}\b|!{name}\b|\({name}\)|{name} \?|, {name}\)"
        assert re.search(tested, near), f"{file.name}:{i + 1}: {line.strip()}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_borrowed_references_are_not_kept(file):
    """What is borrowed goes into a member only with a reference of its own."""
    borrowed = r"(PyTuple_GET_ITEM|PyList_GET_ITEM|PySequence_Fast_GET_ITEM|PyDict_GetItem\w*)\("
    for i, line in enumerate(code_of(file)):
        if re.search(rf"->\w+(\[\w+\])? = (\([^()]*\))?{borrowed}", line):
            raise AssertionError(f"{file.name}:{i + 1}: {line.strip()}")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_state_outside_the_module(file):
    """No variable lives as long as the process but constants and what types are made of.

    Lending needs two, since a Python function leads to no module: what goes on in each thread, and
    how functions are called, which is the same for all.
    """
    allowed = (
        r"static (const|inline|PyMethodDef|PyMemberDef|PyGetSetDef|PyType_Slot|PyModuleDef_Slot|"
        r"THREAD_LOCAL Extent|vectorcallfunc plainly)"
    )
    for i, line in enumerate(code_of(file)):
        if re.match(r"static [\w *]+(\[\w*\])*( = .*)?;", line) or re.match(r"static .* = ", line):
            assert re.match(allowed, line), f"{file.name}:{i + 1}: {line}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_shape_of_the_sources(file):
    lines = file.read_text().splitlines()
    assert len(lines) <= 400
    assert all(len(line) <= 100 and "\t" not in line for line in lines)
    assert not [line for line in lines if re.search(r"\b(strcpy|sprintf|strcat|gets)\(", line)]
    if file.suffix == ".h":
        assert any(line.startswith("#ifndef ALLOC_REWRITE_") for line in lines)


#: What the static functions of a file are named after, where it is not the file.
NAMED_AFTER = {
    "arena_object": "arena",
    "casts": "",  # each after the types of a cast
    "constructors": "constructor",
    "inline_cache": "kernel",
    "operator_site": "operator",
    "reductions": "reduction",
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_static_functions_carry_the_name_of_their_file(file):
    """So that a profile says where time is spent."""
    name = NAMED_AFTER.get(file.stem, file.stem)
    starts = (name, name.removesuffix("s"), name.partition("_")[0])
    lines = code_of(file)
    for line, following in zip(lines, lines[1:], strict=False):
        found = re.match(r"(\w+)\(", following)
        if file.suffix == ".c" and found and re.match(r"(static|ALWAYS_INLINE) [^=;({]*$", line):
            assert found[1].startswith(starts), f"{file.name}: {found[1]}"
