"""Simulations, samplers and filters as they are written with NumPy alone, small and medium.

They need no other library. Each is a main function and its helpers, with a loop over steps.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.bench.programs.catalogue import Arguments, program

Rng = np.random.Generator


def sizes(
    small: Arguments, medium: Arguments
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function on the list twice; what is called gets a seed first."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        for size, arguments in (("small", small), ("medium", medium)):
            named = type(function)(
                function.__code__, function.__globals__, f"{function.__name__}_{size}"
            )
            named.__module__ = function.__module__
            program(lambda rng, given=arguments: (int(rng.integers(1000)), *given))(named)
        return function

    return enter


# ---------------------------------------------------------------------- fluids


def _with_walls(u, v):
    u[0, :] = u[-1, :] = 0.0
    v[:, 0] = v[:, -1] = 0.0


@sizes((24, 40), (150, 8))
def shallow_water(seed, n, steps):
    """Waves on shallow water on a rotating plane, with a nonlinear equation for the height."""
    depth, gravity, coriolis, dx = 100.0, 9.81, 1e-4, 1e4
    dt = 0.1 * dx / np.sqrt(gravity * depth)
    x = np.linspace(-1.0, 1.0, n)
    height = np.exp(-((x[:, None] - 0.2) ** 2 + (x[None, :] + 0.1) ** 2) / 0.05)
    u, v = np.zeros((n, n)), np.zeros((n, n))
    for _ in range(steps):
        new = u.copy()
        new[1:-1] = u[1:-1] - dt * gravity * (height[2:] - height[:-2]) / (2 * dx)
        u, old = new + dt * coriolis * v, u
        v[:, 1:-1] -= dt * gravity * (height[:, 2:] - height[:, :-2]) / (2 * dx)
        v -= dt * coriolis * old
        _with_walls(u, v)
        total = depth + height
        east = 0.5 * (total[1:] + total[:-1]) * 0.5 * (u[1:] + u[:-1])
        north = 0.5 * (total[:, 1:] + total[:, :-1]) * 0.5 * (v[:, 1:] + v[:, :-1])
        height[1:-1, :] -= dt / dx * (east[1:] - east[:-1])
        height[:, 1:-1] -= dt / dx * (north[:, 1:] - north[:, :-1])
    return u, v, height


@sizes((16, 20), (100, 4))
def lattice_boltzmann(seed, n, steps):
    """Flow around a cylinder, with nine populations."""
    rng = np.random.default_rng(seed)
    cx = np.array([0, 1, 0, -1, 0, 1, -1, -1, 1])
    cy = np.array([0, 0, 1, 0, -1, 1, 1, -1, -1])
    weights = np.array([4 / 9] + [1 / 9] * 4 + [1 / 36] * 4)
    f = np.ones((9, n, 2 * n)) + 0.01 * rng.standard_normal((9, n, 2 * n))
    f[1] += 0.3
    rows, columns = np.mgrid[:n, : 2 * n]
    solid = (columns - n / 2) ** 2 + (rows - n / 2) ** 2 < (n / 5) ** 2
    for _ in range(steps):
        for i in range(9):
            f[i] = np.roll(np.roll(f[i], cx[i], axis=1), cy[i], axis=0)
        bounced = f[[0, 3, 4, 1, 2, 7, 8, 5, 6]][:, solid]
        rho = f.sum(axis=0)
        ux = np.tensordot(cx, f, axes=1) / rho
        uy = np.tensordot(cy, f, axes=1) / rho
        square = 1.5 * (ux**2 + uy**2)
        for i in range(9):
            along = 3.0 * (cx[i] * ux + cy[i] * uy)
            equilibrium = rho * weights[i] * (1.0 + along + 0.5 * along**2 - square)
            f[i] += -0.8 * (f[i] - equilibrium)
        f[:, solid] = bounced
    return f, rho, ux, uy


def _slopes(q, dx):
    return (np.roll(q, -1) - np.roll(q, 1)) / (2.0 * dx)


def _flux(left, right, gamma=1.4):
    rho, speed, pressure = (0.5 * (a + b) for a, b in zip(left, right, strict=True))
    energy = pressure / (gamma - 1.0) + 0.5 * rho * speed**2
    fastest = np.maximum(
        np.sqrt(gamma * left[2] / left[0]) + np.abs(left[1]),
        np.sqrt(gamma * right[2] / right[0]) + np.abs(right[1]),
    )
    mass = rho * speed - 0.5 * fastest * (right[0] - left[0])
    momentum = rho * speed**2 + pressure - 0.5 * fastest * (right[0] * right[1] - left[0] * left[1])
    power = (energy + pressure) * speed - 0.5 * fastest / (gamma - 1.0) * (right[2] - left[2])
    return mass, momentum, power


@sizes((100, 30), (4000, 10))
def finite_volumes(seed, n, steps):
    """A gas in one dimension, periodic, with slopes and a local Lax-Friedrichs flux."""
    gamma, dx = 1.4, 1.0 / n
    x = (np.arange(n) + 0.5) * dx
    rho, speed = 1.0 + 0.2 * np.sin(2 * np.pi * x), np.full(n, 0.5)
    energy = 1.0 / (gamma - 1.0) + 0.5 * rho * speed**2
    momentum = rho * speed
    for _ in range(steps):
        speed = momentum / rho
        pressure = (energy - 0.5 * rho * speed**2) * (gamma - 1.0)
        dt = 0.3 * np.min(dx / (np.sqrt(gamma * pressure / rho) + np.abs(speed)))
        states = [(q, _slopes(q, dx)) for q in (rho, speed, pressure)]
        left = [q + 0.5 * dx * s for q, s in states]
        right = [np.roll(q - 0.5 * dx * s, -1) for q, s in states]
        mass, push, power = _flux(left, right)
        rho = rho - dt / dx * (mass - np.roll(mass, 1))
        momentum = momentum - dt / dx * (push - np.roll(push, 1))
        energy = energy - dt / dx * (power - np.roll(power, 1))
    return rho, momentum, energy


def _relaxed(p, source, sweeps):
    for _ in range(sweeps):
        p[1:-1, 1:-1] = 0.25 * (
            p[2:, 1:-1] + p[:-2, 1:-1] + p[1:-1, 2:] + p[1:-1, :-2] - source[1:-1, 1:-1]
        )
        p[0], p[-1], p[:, 0], p[:, -1] = p[1], p[-2], p[:, 1], p[:, -2]
    return p


@sizes((20, 6), (120, 2))
def smoke(seed, n, steps):
    """Advection backwards in time with bilinear weights, and a pressure that keeps the volume."""
    rng = np.random.default_rng(seed)
    u, v = rng.uniform(-0.5, 0.5, (2, n, n))
    dye = rng.random((n, n))
    rows, columns = np.mgrid[:n, :n].astype(float)
    for _ in range(steps):
        divergence = np.zeros((n, n))
        divergence[1:-1, 1:-1] = 0.5 * (u[2:, 1:-1] - u[:-2, 1:-1] + v[1:-1, 2:] - v[1:-1, :-2])
        p = _relaxed(np.zeros((n, n)), divergence, 20)
        u[1:-1, 1:-1] -= 0.5 * (p[2:, 1:-1] - p[:-2, 1:-1])
        v[1:-1, 1:-1] -= 0.5 * (p[1:-1, 2:] - p[1:-1, :-2])
        y = np.clip(rows - u, 0.0, n - 1.001)
        x = np.clip(columns - v, 0.0, n - 1.001)
        i, j = y.astype(int), x.astype(int)
        s, t = y - i, x - j
        dye = (1 - s) * ((1 - t) * dye[i, j] + t * dye[i, j + 1]) + s * (
            (1 - t) * dye[i + 1, j] + t * dye[i + 1, j + 1]
        )
    return u, v, dye


# ---------------------------------------------------------------------- bodies


def _shortened(vectors, most):
    lengths = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    return vectors * np.minimum(1.0, most / np.maximum(lengths, 1e-12))


@sizes((30, 20), (300, 3))
def boids(seed, n, steps):
    """A flock: separation, alignment and cohesion."""
    rng = np.random.default_rng(seed)
    position, velocity = rng.uniform(0.0, 100.0, (n, 2)), rng.uniform(-1.0, 1.0, (n, 2))
    for _ in range(steps):
        dx = position[:, None, 0] - position[None, :, 0]
        dy = position[:, None, 1] - position[None, :, 1]
        distance = np.sqrt(dx * dx + dy * dy)
        close, near = (distance > 0.0) & (distance < 5.0), (distance > 0.0) & (distance < 20.0)
        count = np.maximum(near.sum(axis=1), 1)[:, None]
        weight = close / np.maximum(distance, 1e-6) ** 2
        apart = np.stack([(dx * weight).sum(axis=1), (dy * weight).sum(axis=1)], axis=1)
        along = near @ velocity / count - velocity
        together = near @ position / count - position
        push = 1.5 * _shortened(apart, 0.1) + _shortened(along, 0.1) + _shortened(together, 0.05)
        velocity = _shortened(velocity + push, 2.0)
        position = (position + velocity) % 100.0
    return position, velocity


def _pull(position, mass, softening):
    x, y, z = position[:, 0:1], position[:, 1:2], position[:, 2:3]
    dx, dy, dz = x.T - x, y.T - y, z.T - z
    inverse = (dx**2 + dy**2 + dz**2 + softening**2) ** -1.5
    return np.hstack([(dx * inverse) @ mass, (dy * inverse) @ mass, (dz * inverse) @ mass])


@sizes((12, 40), (150, 4))
def n_body(seed, n, steps):
    """Stars under gravity: half a kick, a drift, half a kick."""
    rng = np.random.default_rng(seed)
    mass, dt = np.full((n, 1), 20.0 / n), 0.01
    position, velocity = rng.standard_normal((2, n, 3))
    pull = _pull(position, mass, 0.1)
    energies = np.zeros(steps)
    for step in range(steps):
        velocity += pull * dt / 2.0
        position += velocity * dt
        pull = _pull(position, mass, 0.1)
        velocity += pull * dt / 2.0
        energies[step] = 0.5 * np.sum(mass * velocity**2)
    return position, velocity, energies


@sizes((16, 20), (120, 4))
def molecules(seed, n, steps):
    """Molecules of a Lennard-Jones gas in a periodic box."""
    rng = np.random.default_rng(seed)
    side = 2.0 * np.ceil(n ** (1 / 3))
    sites = np.stack(np.meshgrid(*[np.arange(0.0, side, 2.0)] * 3), axis=-1).reshape(-1, 3)[:n]
    position = sites + 0.1 * rng.random((n, 3))
    velocity, force, dt = rng.standard_normal((n, 3)), np.zeros((n, 3)), 1e-3
    own = np.eye(n, dtype=bool)
    for _ in range(steps):
        velocity += 0.5 * dt * force
        position = (position + dt * velocity) % side
        apart = position[:, None, :] - position[None, :, :]
        apart -= side * np.round(apart / side)
        square = (apart**2).sum(axis=2)
        square[own] = 1.0
        inner = 1.0 / square**3
        strength = 24.0 * (2.0 * inner**2 - inner) / square
        strength[own] = 0.0
        force = (strength[:, :, None] * apart).sum(axis=1)
        velocity += 0.5 * dt * force
    return position, velocity, 0.5 * np.sum(velocity**2)


# ---------------------------------------------------------------------- samplers and filters


def _log_density(theta, x, y):
    a, b, s = theta
    residual = (y - a * np.exp(-b * x)) / s
    return -0.5 * np.sum(residual**2) - len(x) * np.log(s)


@sizes((40, 150), (3000, 60))
def metropolis(seed, n, steps):
    """A random walk through the parameters of a decay."""
    rng = np.random.default_rng(seed)
    x = np.linspace(0.0, 4.0, n)
    y = 2.0 * np.exp(-0.7 * x) + 0.1 * rng.standard_normal(n)
    theta, scale = np.array([1.5, 1.0, 0.3]), np.array([0.05, 0.05, 0.01])
    chain, now = np.empty((steps, 3)), _log_density(theta, x, y)
    for step in range(steps):
        tried = np.abs(theta + scale * rng.standard_normal(3))
        then = _log_density(tried, x, y)
        if np.log(rng.random()) < then - now:
            theta, now = tried, then
        chain[step] = theta
    return chain, chain.mean(axis=0), chain.std(axis=0)


@sizes((100, 20), (3000, 8))
def particle_filter(seed, n, steps):
    """Where a robot is, by its distances from four marks."""
    rng = np.random.default_rng(seed)
    marks = np.array([[-1.0, 2.0], [5.0, 10.0], [12.0, 14.0], [18.0, 21.0]])
    particles, weights = rng.uniform(0.0, 20.0, (n, 3)), np.full(n, 1.0 / n)
    robot, found = np.zeros(2), []
    for _ in range(steps):
        robot = robot + 1.0
        measured = np.linalg.norm(marks - robot, axis=1) + 0.1 * rng.standard_normal(4)
        particles[:, 2] = (particles[:, 2] + 0.2 * rng.standard_normal(n)) % (2 * np.pi)
        way = 1.414 + 0.05 * rng.standard_normal(n)
        particles[:, 0] += np.cos(particles[:, 2]) * way
        particles[:, 1] += np.sin(particles[:, 2]) * way
        for mark, distance in zip(marks, measured, strict=True):
            away = np.sqrt(((particles[:, :2] - mark) ** 2).sum(axis=1))
            weights *= np.exp(-0.5 * ((distance - away) / 2.0) ** 2)
        weights += 1e-300
        weights /= weights.sum()
        if 1.0 / np.sum(weights**2) < n / 2:
            places = (np.arange(n) + rng.random()) / n
            chosen = np.minimum(np.searchsorted(np.cumsum(weights), places), n - 1)
            particles, weights = particles[chosen], np.full(n, 1.0 / n)
        found.append(weights @ particles)
    return np.array(found)


@sizes((2, 60), (12, 40))
def kalman_filter(seed, n, steps):
    """A chain of positions, of which the first is measured."""
    rng = np.random.default_rng(seed)
    transition = np.eye(n) + np.diag(np.full(n - 1, 0.1), 1)
    measurement, noise, jitter = np.eye(1, n), np.array([[5.0]]), 0.01 * np.eye(n)
    x, p, means = np.zeros(n), 10.0 * np.eye(n), []
    for z in rng.standard_normal(steps):
        x = transition @ x
        p = transition @ p @ transition.T + jitter
        innovation = z - measurement @ x
        s = measurement @ p @ measurement.T + noise
        gain = p @ measurement.T @ np.linalg.inv(s)
        x = x + gain @ innovation
        rest = np.eye(n) - gain @ measurement
        p = rest @ p @ rest.T + gain @ noise @ gain.T
        means.append(x)
    return np.array(means), p
