"""A right-hand side for SciPy's solver: a reaction-diffusion system by the method of lines.

The system is Gray and Scott's, with the parameters of J. E. Pearson, "Complex Patterns in a Simple
System" (1993): 2 x 128 x 128 unknowns. SciPy's code isn't rewritten, and may keep the results.
"""

import numpy as np
from scipy.integrate import solve_ivp

import alloc_rewrite as alloc
from side_by_side import report, same_bits


def laplacian(u):
    vertical = np.roll(u, 1, axis=0) + np.roll(u, -1, axis=0)
    return vertical + np.roll(u, 1, axis=1) + np.roll(u, -1, axis=1) - 4.0 * u


def kernel(t, y, size=128, feed=0.04, kill=0.06):
    """Return the time derivative of the state, which is u and then v, row by row."""
    u, v = y.reshape(2, size, size)
    reaction = u * v**2
    du = 0.16 * laplacian(u) - reaction + feed * (1.0 - u)
    dv = 0.08 * laplacian(v) + reaction - (feed + kill) * v
    return np.concatenate([du.ravel(), dv.ravel()])


def make_input(seed: int = 0) -> tuple[float, np.ndarray]:
    state = np.random.default_rng(seed).uniform(0.0, 0.02, (2, 128, 128))
    state[0] += 0.98
    state[:, 48:80, 48:80] = np.reshape([0.5, 0.25], (2, 1, 1))
    return 0.0, state.ravel()


def main() -> None:
    args = make_input()
    report(kernel, args, rounds=100)
    bumped = alloc.bump(kernel)
    plain, other = (solve_ivp(rhs, (0.0, 100.0), args[1], rtol=1e-4) for rhs in (kernel, bumped))
    print(f"solution: {plain.nfev} calls, {len(plain.t)} times, t = {plain.t[-1]:g}")
    print(f"solutions equal to the bit: {same_bits(plain.y, other.y)}")


if __name__ == "__main__":
    main()
