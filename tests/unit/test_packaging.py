"""What is packaged: the source distribution, the README's links, versions that agree."""

import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

import alloc_rewrite as alloc
from alloc_rewrite import interpreter

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

in_checkout = pytest.mark.skipif(
    not (ROOT / "setup.py").exists(), reason="only the tests are here, not the source"
)


@in_checkout
def test_the_source_distribution(tmp_path):
    pytest.importorskip("setuptools", "77")
    subprocess.run(
        [sys.executable, "setup.py", "-q", "egg_info", "--egg-base", str(tmp_path), "sdist",
         "--dist-dir", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
        described = packed.extractfile(f"alloc_rewrite-{alloc.__version__}/PKG-INFO").read()
    wanted = [
        "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md",
        "mkdocs.yml", "pyproject.toml", "setup.py",
    ]  # fmt: skip
    for folder, ends in (
        ("alloc_rewrite", (".py", ".pyi", ".typed")),
        ("csrc", (".c", ".h")),
        ("docs", (".py", ".md", ".svg")),
        ("examples", (".py",)),
        ("tests", (".py", ".c", ".toml")),
    ):
        files = [p for p in (ROOT / folder).rglob("*") if p.suffix in ends and p.is_file()]
        wanted += [str(path.relative_to(ROOT)) for path in files]
    assert set(wanted) - names == set()
    assert not [name for name in names if name.endswith((".so", ".pyc", ".pyd"))]
    links = re.findall(r"\]\(([^)#]+)", described.decode())
    assert links
    assert all(re.match("https?://", link) for link in links)


@in_checkout
def test_versions_agree():
    assert PROJECT["version"] == alloc.__version__
    for name, pattern in (
        ("CITATION.cff", r"^version: (.*)$"),
        ("conda/recipe.yaml", r"^  version: (\d.*)$"),
    ):
        path = ROOT / name
        if path.exists():  # a source distribution has no recipe
            found = re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
            assert found == [alloc.__version__], name


@in_checkout
def test_classifiers_name_the_supported_pythons():
    said = {c.rpartition(" ")[2] for c in PROJECT["classifiers"] if ":: Python :: 3." in c}
    first = int(re.search(r">=3\.(\d+)", PROJECT["requires-python"])[1])
    assert said == {f"3.{minor}" for minor in range(first, interpreter.NEWEST[1] + 1)}


@in_checkout
def test_files_of_services_are_yaml():
    yaml = pytest.importorskip("yaml")
    files = [*ROOT.glob(".github/**/*.yml"), *ROOT.glob("*.cff"), *ROOT.glob(".pre-commit*.yaml")]
    for path in files:
        assert yaml.safe_load(path.read_text(encoding="utf-8")), path.name
