"""N-body: particles that attract each other, by leapfrog steps and softened forces.

Source: S. J. Aarseth, "Gravitational N-Body Simulations" (2003), chapters 1 and 2.
"""

import numpy as np

from show import points, show


def acceleration(x, y, mass, softening=0.05):
    dx, dy = x - x[:, np.newaxis], y - y[:, np.newaxis]
    square = dx * dx + dy * dy + softening
    weight = mass / (square * np.sqrt(square))
    return (weight * dx).sum(axis=1), (weight * dy).sum(axis=1)


def kernel(x, y, u, v, mass, steps=20, dt=0.02):
    ax, ay = acceleration(x, y, mass)
    for _ in range(steps):
        u, v = u + 0.5 * dt * ax, v + 0.5 * dt * ay
        x, y = x + dt * u, y + dt * v
        ax, ay = acceleration(x, y, mass)
        u, v = u + 0.5 * dt * ax, v + 0.5 * dt * ay
    return x, y


def make_input(bodies=150, seed=0):
    rng = np.random.default_rng(seed)
    angle, radius = rng.uniform(0.0, 2.0 * np.pi, bodies), np.sqrt(rng.uniform(0.1, 1.0, bodies))
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    return x, y, -0.8 * y, 0.8 * x, np.full(bodies, 1.0 / bodies)


if __name__ == "__main__":
    show(kernel, make_input(), lambda result: points(*result))
