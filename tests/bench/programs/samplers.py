"""Samplers and filters written with NumPy alone: all their Python code is their author's."""

import numpy as np

from tests.bench.programs.catalogue import program


def _regression(rng):
    x = rng.standard_normal((100, 3))
    return x, x @ np.array([1.0, -0.5, 0.3]) + 0.4 * rng.standard_normal(100)


def log_posterior(theta, x, y):
    """A linear model with errors of unknown size, and vague priors."""
    weights, log_sigma = theta[:-1], theta[-1]
    error = (y - x @ weights) * np.exp(-log_sigma)
    return -0.5 * np.sum(error * error) - len(y) * log_sigma - 0.5 * np.sum(theta * theta) / 100.0


@program(_regression)
def metropolis(x, y):
    """A random walk through the parameters of a regression."""
    rng = np.random.default_rng(3)
    theta = np.zeros(4)
    level, chain, accepted = log_posterior(theta, x, y), np.empty((400, 4)), 0
    for step in range(400):
        proposal = theta + 0.05 * rng.standard_normal(4)
        proposed = log_posterior(proposal, x, y)
        if np.log(rng.random()) < proposed - level:
            theta, level, accepted = proposal, proposed, accepted + 1
        chain[step] = theta
    return chain.mean(axis=0), chain.std(axis=0), accepted


@program(_regression)
def hamiltonian(x, y):
    """Hamiltonian sampling of the same model, with its gradient written out."""

    def gradient(theta):
        scale = np.exp(-theta[-1])
        error = (y - x @ theta[:-1]) * scale
        slope = np.empty(4)
        slope[:-1] = x.T @ error * scale
        slope[-1] = np.sum(error * error) - len(y)
        return slope - theta / 100.0

    rng, theta, chain = np.random.default_rng(4), np.zeros(4), []
    for _ in range(40):
        momentum, place = rng.standard_normal(4), theta
        before = log_posterior(place, x, y) - 0.5 * np.sum(momentum * momentum)
        momentum = momentum + 0.01 * gradient(place)
        for _ in range(10):
            place = place + 0.02 * momentum
            momentum = momentum + 0.02 * gradient(place)
        after = log_posterior(place, x, y) - 0.5 * np.sum(momentum * momentum)
        if np.log(rng.random()) < after - before:
            theta = place
        chain.append(theta)
    return np.array(chain)


@program(lambda rng: (np.cumsum(rng.standard_normal((100, 2)), axis=0),))
def kalman_filter(measured):
    """The place and speed of a thing in a plane, from noisy places; then smoothed backwards."""
    step, seen = np.eye(4) + 0.1 * np.eye(4, k=2), np.eye(2, 4)
    drift, noise = 0.01 * np.eye(4), 0.5 * np.eye(2)
    mean, spread = np.zeros(4), 10.0 * np.eye(4)
    means, spreads = [], []
    for place in measured:
        mean, spread = step @ mean, step @ spread @ step.T + drift
        gain = spread @ seen.T @ np.linalg.inv(seen @ spread @ seen.T + noise)
        mean = mean + gain @ (place - seen @ mean)
        spread = (np.eye(4) - gain @ seen) @ spread
        means.append(mean)
        spreads.append(spread)
    smooth = means[-1]
    for mean, spread in zip(means[-2::-1], spreads[-2::-1]):
        back = np.linalg.solve(step @ spread @ step.T + drift, step @ spread).T
        smooth = mean + back @ (smooth - step @ mean)
    return np.array(means), np.array(spreads), smooth


@program(lambda rng: (np.cumsum(0.3 * rng.standard_normal(60)),))
def particle_filter(measured):
    """A hidden path followed by 500 particles, with systematic resampling."""
    rng = np.random.default_rng(5)
    particles, path = rng.standard_normal(500), []
    for value in measured:
        particles = 0.95 * particles + 0.4 * rng.standard_normal(500)
        weights = np.exp(-0.5 * ((value - particles) / 0.5) ** 2)
        weights = weights / np.sum(weights)
        path.append(np.sum(weights * particles))
        places = (np.arange(500) + rng.random()) / 500.0
        chosen = np.minimum(np.searchsorted(np.cumsum(weights), places), 499)
        particles = particles[chosen]
    return np.array(path), particles


@program(lambda rng: (rng.uniform(-1.0, 1.0, (40, 3)), 0.1 * rng.standard_normal((40, 3))))
def bodies(place, speed):
    """Forty bodies that attract each other, by the leapfrog method."""

    def pull(place):
        apart = place[:, None, :] - place[None, :, :]
        cubed = (np.sum(apart * apart, axis=-1) + 0.01) ** 1.5
        return -np.sum(apart / cubed[:, :, None], axis=1) / 40.0

    force, energy = pull(place), []
    for _ in range(20):
        speed = speed + 0.005 * force
        place = place + 0.01 * speed
        force = pull(place)
        speed = speed + 0.005 * force
        energy.append(0.5 * np.sum(speed * speed))
    return place, speed, np.array(energy)
