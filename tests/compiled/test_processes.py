"""The life of a process: forks, its end, faults of the compiler, and no compiler at all."""

import gc
import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.compiled import kernels, llvm
from alloc_rewrite.compiled.kernels import Workshop, workshop
from alloc_rewrite.compiled.modes import state
from alloc_rewrite.cores import native
from alloc_rewrite.native.sites import configure

from .pieces import single
from .test_regions import agree, executors, is_compiled, polynomial, sites

PIECE = single("add", ("d", "d"), "d")
START = """
import os, sys, time
import numpy as np
import alloc_rewrite as alloc
from alloc_rewrite.bump import bumped
from alloc_rewrite.compiled.kernels import workshop
from alloc_rewrite.compiled.llvm import Compiler
from alloc_rewrite.cores import native

def f(x):
    return ((2.0 * x + 3.0) * x - 1.5) * x + 0.25

x = np.linspace(-1.0, 1.0, 50_000)
expected = f(x).tobytes()
g = alloc.bump(alloc.Buffer())(f)

def executor():
    sites = bumped(g).sites.rewriter.rewritten(f.__code__).sites
    behind = [getattr(s, "__self__", None) for s in sites]
    (site,) = [s for s in behind if isinstance(s, native.RegionSite)]
    return site.describe()[0]["stages"][0]["executor"]

def heat():
    for _ in range(1000):
        assert g(x).tobytes() == expected
        if workshop._kernels:
            return
    raise AssertionError("it never became hot")

def settle():
    for _ in range(100_000):
        assert g(x).tobytes() == expected
        if executor() == "machine code":
            return
    raise AssertionError("it was never compiled")

class Slow(Compiler):
    def compile(self, text):
        time.sleep(0.5)
        return super().compile(text)
"""


def run(code, expected=0, **environment):
    """Run code in a process of its own, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", START + textwrap.dedent(code)],
        env={**os.environ, "ALLOC_REWRITE_COMPILE": "background", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == expected, done.stderr
    assert not done.stderr
    return done.stdout


# ---------------------------------------------------------------------- the environment


def test_the_environment_says_when():
    code = "g(x); print(executor())"
    assert run(code, ALLOC_REWRITE_COMPILE="now") == "machine code\n"
    assert run(code, ALLOC_REWRITE_COMPILE="background") == "interpreter\n"
    assert run(code, ALLOC_REWRITE_COMPILE="") == "interpreter\n"
    code = "[g(x) for _ in range(500)]; print(executor())"
    assert run(code, ALLOC_REWRITE_COMPILE="off") == "interpreter\n"


def test_a_wrong_word():
    with pytest.raises(ValueError, match="'later' is not one of 'off', 'background', 'now'"):
        alloc.set_compile("later")
    done = subprocess.run(
        [sys.executable, "-c", "import alloc_rewrite"],
        env={**os.environ, "ALLOC_REWRITE_COMPILE": "later"},
        capture_output=True,
        text=True,
    )
    assert "ALLOC_REWRITE_COMPILE='later' is not one of" in done.stderr


def test_core_says_whether_regions_are_compiled():
    assert alloc.core()[1].endswith("; hot regions are compiled")
    alloc.set_compile("off")
    assert "not compiled: that is switched off" in alloc.core()[1]


def test_nothing_is_imported_before_it_is_needed():
    assert run("g(x); print('llvmlite' in sys.modules)") == "False\n"
    assert run("heat(); settle(); print('llvmlite' in sys.modules)") == "True\n"


# ---------------------------------------------------------------------- without a compiler


@pytest.fixture
def own(monkeypatch):
    """Have a workshop of the test's own in the place of the process's."""
    made = Workshop()
    made.now = True
    for name in ("_kernels", "_waiting", "_idle", "_refusal", "_compiler", "now"):
        monkeypatch.setattr(workshop, name, getattr(made, name))
    return workshop


def test_llvmlite_is_missing():
    hidden = """
    sys.modules["llvmlite"] = None
    for _ in range(500):
        assert g(x).tobytes() == expected
    workshop.wait(10.0)
    print(executor())
    print(alloc.core()[1])
    print(alloc.explain(g))
    print(any(name.startswith("llvmlite.") for name in sys.modules))
    """
    printed = run(hidden)
    assert printed.startswith("interpreter\n")
    assert "hot regions are not compiled: llvmlite is not installed" in printed
    assert "not compiled: llvmlite is not installed\n" in printed.partition("machine code")[2]
    assert printed.endswith("False\n")


def test_llvmlite_is_too_old(monkeypatch, own):
    monkeypatch.setattr(llvm, "installed", lambda: "0.43.0")
    assert "llvmlite 0.43.0 is too old: 0.46 or newer is wanted" in state()
    g = alloc.bump(alloc.Buffer())(polynomial)
    agree(polynomial, g, (np.ones(100),))
    assert executors(g) == ["interpreter"]


@pytest.mark.parametrize("error", [OSError("no library"), RuntimeError("bad IR"), MemoryError()])
def test_the_compiler_fails(monkeypatch, own, error):
    def compile(self, text):
        raise error

    monkeypatch.setattr(llvm.Compiler, "compile", compile)
    g = alloc.bump(alloc.Buffer())(polynomial)
    for _ in range(3):
        agree(polynomial, g, (np.ones(100),))
    assert executors(g) == ["interpreter"]
    assert f"not compiled: the compiler failed: {type(error).__name__}" in str(alloc.explain(g))


def test_the_compiler_cannot_be_imported(monkeypatch, own):
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    g = alloc.bump(alloc.Buffer())(polynomial)
    agree(polynomial, g, (np.ones(100),))
    assert "the compiler failed: ModuleNotFoundError" in str(alloc.explain(g))


def test_code_with_other_results_is_not_used(monkeypatch, own):
    monkeypatch.setattr(kernels, "passes", lambda piece, address: False)
    g = alloc.bump(alloc.Buffer())(polynomial)
    for _ in range(3):
        agree(polynomial, g, (np.ones(100),))
    assert executors(g) == ["interpreter"]
    assert "its results are not those of NumPy's loops here" in str(alloc.explain(g))


def test_no_thread_can_be_started(monkeypatch, own):
    def start(*args):
        raise RuntimeError("can't start new thread")

    own.now = False
    monkeypatch.setattr(kernels._thread, "start_new_thread", start)
    assert own.kernel_of(PIECE).state == "no thread can be started: can't start new thread"
    monkeypatch.undo()


def test_an_interrupt_ends_the_call_and_nothing_else(monkeypatch, own):
    def compile(self, text):
        raise KeyboardInterrupt

    monkeypatch.setattr(llvm.Compiler, "compile", compile)
    g = alloc.bump(alloc.Buffer())(polynomial)
    with pytest.raises(KeyboardInterrupt):
        g(np.ones(100))
    monkeypatch.undo()
    agree(polynomial, g, (np.ones(100),))
    agree(polynomial, g, (np.ones(200),))


def test_there_is_a_limit(monkeypatch, own):
    monkeypatch.setattr(kernels, "MOST_KERNELS", 1)
    assert own.kernel_of(PIECE).state == "compiled"
    other = own.kernel_of(single("multiply", ("d", "d"), "d"))
    assert other.state == "1 kernels are there already"
    assert own.kernel_of(PIECE).state == "compiled"


@pytest.mark.parametrize(
    "answer",
    [
        None, (), ((),) * 2, (None,), (1,), ((None,),), ((1, 0, 1, ()),), (((1, 0, 1, ()),),),
        "code, 0, 99, (), True", "code, 1, 1, (), True", "code, -1, 1, (), True",
        "code, 0, 1, (99,), True",
        "code, 0, 1, (-1,), True", "code, 0, 1, (None,), True", "code, None, 1, (0,), True",
    ],
)  # fmt: skip
def test_wrong_answers_are_not_followed(answer):
    """What Python says of a plan is checked before it is carried out."""
    if isinstance(answer, str):
        code = native.MachineCode()
        code.decide(1)
        answer = ((eval(f"({answer})", {"code": code}),),)
    real = workshop.compile_plan
    workshop.compile_plan = lambda plan: answer
    try:
        configure()
        g = alloc.bump(alloc.Buffer())(polynomial)
        agree(polynomial, g, (np.ones(1000),))
    finally:
        workshop.compile_plan = real
        configure()
    assert executors(g) == ["interpreter"]


# ---------------------------------------------------------------------- threads, forks, the end


def test_the_thread_ends_when_nothing_waits(own):
    own.now = False
    kernel = own.kernel_of(PIECE)
    for _ in range(1000):
        if kernel.state != "waiting" and own._idle:
            break
        threading.Event().wait(0.01)
    assert kernel.state == "compiled"
    assert own._idle


def test_programs_do_not_see_the_thread():
    code = """
    import threading
    threading.settrace(lambda *args: print("traced"))
    threading.setprofile(lambda *args: print("profiled"))
    heat()
    print(threading.active_count())
    settle()
    """
    assert run(code) == "1\n"


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
CHILD = """
child = os.fork()
if not child:
    for _ in range(300):
        assert g(x).tobytes() == expected
    {child}
    print("child", executor(), flush=True)
    os._exit(0)
_, status = os.waitpid(child, 0)
assert status == 0, status
settle()
print("parent", executor())
"""


@needs_fork
def test_fork_before_anything_is_hot():
    assert run(CHILD.format(child="settle()")) == "child machine code\nparent machine code\n"


@needs_fork
def test_fork_after_it_was_compiled():
    printed = run("heat(); settle()" + CHILD.format(child="settle()"))
    assert printed == "child machine code\nparent machine code\n"


@needs_fork
def test_fork_while_the_compiler_is_busy():
    code = """
    workshop._compiler = Slow()
    heat()
    while not workshop._is_busy:
        pass
    """
    child = "assert 'forked while' in alloc.core()[1], alloc.core()[1]"
    printed = run(textwrap.dedent(code) + CHILD.format(child=child))
    assert printed == "child interpreter\nparent machine code\n"


@needs_fork
def test_fork_while_something_waits():
    """The child has no thread to wait for, and begins anew."""
    code = """
    import _thread
    start, _thread.start_new_thread = _thread.start_new_thread, lambda *args: 0
    heat()
    _thread.start_new_thread = start
    child = os.fork()
    if not child:
        h = alloc.bump(alloc.Buffer())(f)
        g = h
        heat()
        settle()
        print(executor(), flush=True)
        os._exit(0)
    print(os.waitpid(child, 0)[1])
    """
    assert run(code) == "machine code\n0\n"


@pytest.mark.parametrize("end", ["", "sys.exit(3)", "raise SystemExit(3)", "os._exit(3)"])
def test_the_process_ends_while_the_compiler_is_busy(end):
    code = f"""
    workshop._compiler = Slow()
    heat()
    while not workshop._is_busy:
        pass
    {end}
    """
    for _ in range(3):
        run(code, expected=3 if end else 0)


def test_the_process_ends_while_llvmlite_is_imported():
    for pause in (0.0, 0.01, 0.05, 0.1, 0.2):
        run(f"heat(); time.sleep({pause})")


def test_the_process_ends_while_much_waits():
    code = """
    from alloc_rewrite.compiled.pieces import Access, Operation, Piece
    read = Access("d", "contiguous")
    for k in range(50):
        chain = tuple(Operation("add", (n, 0), "d") for n in range(1, k + 2))
        workshop.kernel_of(Piece((read, read), chain, (read,), (k + 2,), False))
    """
    run(code)


def test_signals_reach_the_program():
    """A handler's exception comes out of the call in which it was raised, also when compiling."""
    code = """
    import signal
    class Stop(RuntimeError):
        pass
    def stop(*args):
        raise Stop
    workshop._compiler = Slow()
    alloc.set_compile("now")
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        g(x)
        print("nothing came")
    except Stop:
        print("stopped")
    assert g(x).tobytes() == expected
    """
    if not hasattr(os, "fork"):
        pytest.skip("there are no such signals here")
    assert run(code) == "stopped\n"


def test_sites_hold_no_kernels_for_ever():
    g = alloc.bump(alloc.Buffer())(polynomial)
    g(np.ones(100))
    assert is_compiled(g)
    parts = sites(g)[0].describe()[0]["stages"][0]["compiled"]
    before = sys.getrefcount(parts[0][0])
    for _ in range(5):
        h = alloc.bump(alloc.Buffer())(polynomial)
        h(np.ones(100))
        del h
    gc.collect()
    assert sys.getrefcount(parts[0][0]) <= before + 1
