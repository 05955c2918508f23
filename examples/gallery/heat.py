"""Heat: a plate with a hot spot, by forward differences in time and central ones in space.

Source: R. J. LeVeque, "Finite Difference Methods for Ordinary and Partial Differential Equations"
(2007), chapter 9.
"""

import numpy as np

from show import image, show


def kernel(plate, source, steps=100, ratio=0.2):
    u = plate.copy()
    for _ in range(steps):
        centre = u[1:-1, 1:-1]
        around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        u[1:-1, 1:-1] = centre + ratio * (around - 4.0 * centre) + source
    return u


def make_input(size=128):
    y, x = np.mgrid[-1.0 : 1.0 : (size - 2) * 1j, -1.0 : 1.0 : (size - 2) * 1j]
    source = np.exp(-20.0 * ((x - 0.3) ** 2 + (y + 0.2) ** 2))
    plate = np.zeros((size, size))
    plate[0] = 20.0
    return plate, source


if __name__ == "__main__":
    show(kernel, make_input(), image)
