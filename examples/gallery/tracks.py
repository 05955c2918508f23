"""Kalman filter: positions and velocities of a thousand objects from noisy positions.

Source: R. E. Kalman, "A New Approach to Linear Filtering and Prediction Problems" (1960), for a
model of constant velocity, written out for all objects at a time.
"""

import numpy as np

from show import curves, show


def kernel(measured, dt=1.0, process=0.05, noise=4.0):
    x, v = measured[0].copy(), np.zeros(measured.shape[1])
    pxx, pxv, pvv = np.full_like(x, noise), np.zeros_like(x), np.ones_like(x)
    path = np.empty_like(measured)
    for step, z in enumerate(measured):
        x = x + dt * v
        pxx = pxx + dt * (2.0 * pxv + dt * pvv) + process * dt**3 / 3.0
        pxv = pxv + dt * pvv + process * dt**2 / 2.0
        pvv = pvv + process * dt
        gain_x, gain_v = pxx / (pxx + noise), pxv / (pxx + noise)
        error = z - x
        x, v = x + gain_x * error, v + gain_v * error
        pxx, pxv, pvv = (1.0 - gain_x) * pxx, (1.0 - gain_x) * pxv, pvv - gain_v * pxv
        path[step] = x
    return path


def make_input(steps=80, objects=1000, seed=0):
    rng = np.random.default_rng(seed)
    velocity = np.cumsum(rng.normal(0.0, 0.2, (steps, objects)), axis=0)
    return (np.cumsum(velocity, axis=0) + rng.normal(0.0, 2.0, (steps, objects)),)


if __name__ == "__main__":
    (measured,) = make_input()
    show(kernel, (measured,), lambda path: curves(path[:, 0], measured[:, 0]))
