"""Compiled methods that get the class that defines them, as those of files do."""

import numpy as np
import pytest

import alloc_rewrite as alloc


@pytest.mark.parametrize("mode", ["bump", "run", "profile"])
def test_a_method_that_gets_its_class(mode, tmp_path):
    path = tmp_path / "bytes"

    def shortened(x):
        x.tofile(path)
        with open(path, "rb+") as file:
            file.seek(8)
            file.truncate()
        return np.fromfile(path) * 2.0

    x = np.arange(4.0)
    if mode == "bump":
        got = alloc.bump(alloc.Buffer())(shortened)(x)
    elif mode == "run":
        got = alloc.run(shortened, alloc.Buffer(), x)
    else:
        alloc.profile(shortened, x)
        got = shortened(x)
    assert got.tolist() == [0.0]
