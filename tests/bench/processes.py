"""Measurements in processes of their own: what one leaves in the heap can't change the next.

In: a function that can be pickled, and its arguments. Out: what it returns.
"""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
ONE_THREAD = (
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
)


def hold_to_one_thread() -> None:
    """For the processes started from now on."""
    for variable in ONE_THREAD:
        os.environ[variable] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def in_own_process(function: Callable[..., T], *arguments: Any, seconds: float | None = None) -> T:
    """Call in a new process; its crash, or that it takes longer, is an exception here."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        future = pool.submit(function, *arguments)
        try:
            return future.result(seconds)
        except TimeoutError:
            for child in multiprocessing.active_children():
                child.kill()
            raise
