"""Random functions on arrays, and arrays of many dtypes and layouts for them."""

import random

import numpy as np

ARITHMETIC = ["({} + {})", "({} - {})", "({} * {})", "np.maximum({}, {})", "np.minimum({}, {})"]
OF_FLOATS = [
    *ARITHMETIC,
    "({} / {})",
    "np.copysign({}, {})",
    "np.sqrt({})",
    "np.square({})",
    "np.floor({})",
    "np.rint({})",
    "np.reciprocal({})",
    "np.where({} < {}, {}, {})",
    "np.where(({} >= {}) & ({} != {}), {}, {})",
    "np.where(np.isnan({}), {}, {})",
    "abs({})",
    "(-{})",
    "np.clip({}, -1.0, 1.5)",
    "np.sign({})",
    "np.exp({})",
    "np.hypot({}, {})",
]
OF_INTEGERS = [
    *ARITHMETIC,
    "({} & {})",
    "({} | {})",
    "({} ^ {})",
    "(~{})",
    "abs({})",
    "np.square({})",
    "np.where({} == {}, {}, {})",
    "np.where(~({} > {}), {}, {})",
    "({} // {})",
]
OF_COMPLEX = [
    "({} + {})",
    "({} - {})",
    "({} * {})",
    "({} / {})",
    "np.square({})",
    "np.conj({})",
    "np.reciprocal({})",
    "(-{})",
    "np.where({} == {}, {}, {})",
    "np.where({} != {}, {}, {})",
    "abs({})",
    "({}.real + {}.imag * 1j)",
    "np.exp({})",
]
OF_BOOLS = ["({} & {})", "({} | {})", "({} ^ {})", "(~{})", "np.where({}, {}, {})"]
SHAPES = [(1,), (7,), (64,), (1000,), (5000,), (3, 5), (37, 50), (4, 3, 9), (70, 130)]


def function(seed, forms, scalars):
    """Return a function of three arrays, and its text."""
    choose = random.Random(seed)
    names = ["x", "y", "z"]
    lines = []
    for k in range(choose.randint(2, 9)):
        form = choose.choice(forms)
        operands = [
            choose.choice(names + (scalars if choose.random() < 0.3 else []))
            for _ in range(form.count("{}"))
        ]
        if all(operand in scalars for operand in operands):
            operands[0] = "x"
        lines.append(f"    t{k} = {form.format(*operands)}")
        names.append(f"t{k}")
    results = choose.sample(names[3:], min(len(names) - 3, choose.randint(1, 3)))
    text = "\n".join(["def f(x, y, z):", *lines, f"    return {', '.join([*results, names[-1]])}"])
    scope = {"np": np}
    exec(compile(text, f"<random {seed}>", "exec"), scope)
    return scope["f"], text


def laid_out(choose, shape, values):
    """Return an array of a shape, with gaps, reversed, transposed, repeated, or plain."""
    kind = choose.choice(["plain", "plain", "gaps", "reversed", "transposed", "repeated", "window"])
    n = int(np.prod(shape))
    if kind == "gaps":
        return values(2 * n)[::2].reshape(shape) if len(shape) > 1 else values(3 * n)[::3]
    if kind == "reversed":
        return values(n).reshape(shape)[..., ::-1]
    if kind == "transposed":
        return values(n).reshape(shape[::-1]).T
    if kind == "repeated" and len(shape) > 1:
        return (
            values(shape[-1])
            if choose.random() < 0.5
            else values(shape[0]).reshape(-1, *[1] * (len(shape) - 1))
        )
    if kind == "window":
        padded = values(int(np.prod([k + 2 for k in shape]))).reshape([k + 2 for k in shape])
        return padded[tuple(slice(1, -1) for _ in shape)]
    return values(n).reshape(shape)


def arrays(seed, dtypes, special=True):
    """Return three arrays that can be combined."""
    choose, made = random.Random(seed), np.random.default_rng(seed)
    shape = choose.choice(SHAPES)

    def values(n):
        dtype = np.dtype(choose.choice(dtypes))
        if dtype.kind == "b":
            return made.integers(0, 2, n).astype(dtype)
        if dtype.kind in "iu":
            limits = np.iinfo(dtype)
            return made.integers(limits.min, limits.max, n, dtype=dtype, endpoint=True)
        if dtype.kind == "c":
            parts = values_of(np.dtype(dtype.char.lower()), 2 * n)
            return parts.view(dtype)
        return values_of(dtype, n)

    def values_of(dtype, n):
        plain = made.standard_normal(n).astype(dtype)
        odd = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-300, 1e300], float)
        chosen = odd[made.integers(0, len(odd), n)]
        with np.errstate(all="ignore"):
            return np.where(made.random(n) < (0.05 if special else 0), chosen.astype(dtype), plain)

    return tuple(laid_out(choose, shape, values) for _ in range(3))
