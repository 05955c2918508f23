"""The heat equation on a square plate: slices, operators and a loop of any length.

The method is forward time, centred space, with the five-point Laplacian; see R. J. LeVeque,
"Finite Difference Methods for Ordinary and Partial Differential Equations" (2007), chapter 9.
It is stable while the mesh ratio is at most 1/4.
"""

import numpy as np

from side_by_side import report


def laplacian(u):
    centre = u[1:-1, 1:-1]
    return u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * centre


def kernel(plate, mesh_ratio=0.2, steps=50):
    """Return the temperatures after `steps` steps; the edges of the plate keep theirs."""
    u = plate.copy()
    for _ in range(steps):
        u[1:-1, 1:-1] += mesh_ratio * laplacian(u)
    return u


def make_input(size: int = 512, seed: int = 0) -> tuple[np.ndarray]:
    plate = np.random.default_rng(seed).uniform(0.0, 20.0, (size, size))
    plate[0], plate[-1], plate[:, 0], plate[:, -1] = 100.0, 0.0, 50.0, 50.0
    return (plate,)


def main() -> None:
    (plate,) = make_input()
    before, after = (np.abs(laplacian(u)).mean() for u in (plate, kernel(plate)))
    print(f"mean roughness: from {before:.2f} to {after:.4f} degrees")
    report(kernel, (plate,))


if __name__ == "__main__":
    main()
