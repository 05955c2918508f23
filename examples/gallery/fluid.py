"""Fluid: waves in a basin, by the shallow water equations, linearised, on a staggered grid.

Source: G. K. Vallis, "Atmospheric and Oceanic Fluid Dynamics" (2017), chapter 3; the grid is
Arakawa's C.
"""

import numpy as np

from show import image, show


def kernel(height, steps=150, dt=0.3, drag=0.002):
    h = height.copy()
    u, v = np.zeros((h.shape[0], h.shape[1] - 1)), np.zeros((h.shape[0] - 1, h.shape[1]))
    for _ in range(steps):
        u = (1.0 - drag) * u - dt * (h[:, 1:] - h[:, :-1])
        v = (1.0 - drag) * v - dt * (h[1:] - h[:-1])
        h[:, 1:-1] = h[:, 1:-1] - dt * (u[:, 1:] - u[:, :-1])
        h[1:-1] = h[1:-1] - dt * (v[1:] - v[:-1])
    return h


def make_input(size=128):
    y, x = np.mgrid[-1.0 : 1.0 : size * 1j, -1.0 : 1.0 : size * 1j]
    return (np.exp(-60.0 * ((x + 0.3) ** 2 + (y + 0.1) ** 2)),)


if __name__ == "__main__":
    show(kernel, make_input(), image)
