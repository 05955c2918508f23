"""What the workers run: a random walk of many particles in a bowl."""

import numpy as np

import alloc_rewrite as alloc


@alloc.bump
def spread(seed: int) -> float:
    """The spread of the particles after 50 steps."""
    rng = np.random.default_rng(seed)
    x, v = rng.normal(size=(2, 20_000))
    for _ in range(50):
        force = -x + 0.1 * x * x * x - 0.2 * v
        v = v + 0.01 * force + 0.05 * rng.normal(size=x.shape)
        x = x + 0.01 * v
    return float(np.sqrt((x * x).mean()))


def spread_and_stats(seed: int) -> tuple[float, alloc.Stats]:
    """The same, and what the library has done in this worker so far."""
    return spread(seed), alloc.stats()
