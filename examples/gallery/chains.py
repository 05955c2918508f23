"""MCMC: many Metropolis chains at a time, which sample a curved density of two variables.

Source: N. Metropolis et al., "Equation of State Calculations by Fast Computing Machines" (1953);
the density is Rosenbrock's valley.
"""

import numpy as np

from show import points, show


def energy(x, y):
    bend = y - x * x
    return (1.0 - x) * (1.0 - x) / 4.0 + 5.0 * bend * bend


def kernel(x, y, moves, draws):
    now = energy(x, y)
    for (dx, dy), draw in zip(moves, draws, strict=True):
        there = x + 0.4 * dx, y + 0.4 * dy
        then = energy(*there)
        accepted = draw < np.exp(np.minimum(now - then, 0.0))
        x, y = np.where(accepted, there[0], x), np.where(accepted, there[1], y)
        now = np.where(accepted, then, now)
    return x, y


def make_input(chains=1000, steps=60, seed=0):
    rng = np.random.default_rng(seed)
    moves, draws = rng.normal(size=(steps, 2, chains)), rng.random((steps, chains))
    return rng.normal(size=chains), rng.normal(size=chains), moves, draws


if __name__ == "__main__":
    show(kernel, make_input(), lambda result: points(*result))
