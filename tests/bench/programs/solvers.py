"""SciPy's integrators, root finders and optimisers, with callbacks that compute with arrays."""

import numpy as np
from scipy import integrate, optimize

from tests.bench.programs.catalogue import program


@program(lambda rng: (np.array([10.0, 5.0, 2.0]), np.linspace(0.0, 10.0, 41)))
def food_chain(start, times):
    """Three populations, by RK45 with numbers taken out of the state."""

    def rate(t, state):
        grass, hares, lynxes = state
        eaten, hunted = 0.4 * grass * hares / (1.0 + grass), 0.3 * hares * lynxes / (1.0 + hares)
        return np.array(
            [
                grass * (1.0 - grass / 20.0) - eaten,
                0.8 * eaten - hunted,
                0.6 * hunted - 0.2 * lynxes,
            ]
        )

    solved = integrate.solve_ivp(rate, (0.0, 10.0), start, t_eval=times)
    return solved.y, solved.nfev


@program(lambda rng: (1.0 + 0.1 * rng.standard_normal(64), 3.0 + 0.1 * rng.standard_normal(64)))
def brusselator(u, v):
    """A reaction with diffusion on a ring of 64 cells, by RK23 with whole arrays."""

    def rate(t, state):
        u, v = state[:64], state[64:]
        reaction = u * u * v
        spread_u = np.roll(u, 1) - 2.0 * u + np.roll(u, -1)
        spread_v = np.roll(v, 1) - 2.0 * v + np.roll(v, -1)
        return np.concatenate(
            (1.0 - 4.0 * u + reaction + 0.5 * spread_u, 3.0 * u - reaction + 2.0 * spread_v)
        )

    solved = integrate.solve_ivp(rate, (0.0, 2.0), np.concatenate((u, v)), method="RK23")
    return solved.t, solved.y


@program(lambda rng: (np.array([2.0, 0.0]),))
def stiff_oscillator(start):
    """Van der Pol's equation by LSODA."""
    rate = lambda t, y: np.array([y[1], 50.0 * (1.0 - y[0] ** 2) * y[1] - y[0]])
    solved = integrate.solve_ivp(rate, (0.0, 60.0), start, method="LSODA", rtol=1e-5)
    return solved.t, solved.y


@program(lambda rng: (rng.uniform(-1.5, 1.5, 50),))
def rosenbrock(start):
    """The minimum of Rosenbrock's function by L-BFGS-B, with its gradient."""

    def value(x):
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    def gradient(x):
        slope = np.zeros_like(x)
        step = x[1:] - x[:-1] ** 2
        slope[:-1] = -400.0 * x[:-1] * step - 2.0 * (1.0 - x[:-1])
        slope[1:] += 200.0 * step
        return slope

    found = optimize.minimize(value, start, jac=gradient, method="L-BFGS-B")
    return found.x, found.fun, found.nit


@program(lambda rng: (rng.weibull(1.7, 300) * 2.5,))
def weibull_likelihood(sample):
    """The likeliest shape and scale of a sample by Nelder and Mead's method."""

    def loss(parameters):
        shape, scale = np.exp(parameters)
        scaled = sample / scale
        return -np.sum(np.log(shape / scale) + (shape - 1.0) * np.log(scaled) - scaled**shape)

    found = optimize.minimize(loss, np.zeros(2), method="Nelder-Mead")
    return found.x, found.fun, found.nfev


def _decay(rng):
    t = np.linspace(0.0, 4.0, 200)
    return t, 1.5 * np.exp(-0.7 * t) * np.cos(5.0 * t + 0.3) + 0.02 * rng.standard_normal(200)


@program(_decay)
def evolved_oscillation(t, measured):
    """A damped oscillation found by differential evolution."""

    def misfit(p):
        amplitude, decay, frequency, phase = p
        error = amplitude * np.exp(-decay * t) * np.cos(frequency * t + phase) - measured
        return np.sum(error * error)

    bounds = [(0.1, 3.0), (0.0, 2.0), (1.0, 9.0), (-1.0, 1.0)]
    found = optimize.differential_evolution(misfit, bounds, maxiter=8, rng=1, polish=True)
    return found.x, found.fun, found.nfev


def _spectrum(rng):
    x = np.linspace(-5.0, 5.0, 250)
    peaks = [(1.0, -2.0, 0.5), (2.0, 0.5, 0.8), (0.7, 3.0, 0.4)]
    y = sum(a * np.exp(-((x - c) ** 2) / (2.0 * w * w)) for a, c, w in peaks)
    return x, y + 0.01 * rng.standard_normal(250)


@program(_spectrum)
def peaks_by_least_squares(x, y):
    """Three peaks and a sloping background in a spectrum, by least squares with bounds."""

    def residual(p):
        model = p[9] + p[10] * x
        for k in range(3):
            model = model + p[3 * k] * np.exp(
                -((x - p[3 * k + 1]) ** 2) / (2.0 * p[3 * k + 2] ** 2)
            )
        return model - y

    start = np.array([0.8, -1.8, 0.6, 1.8, 0.4, 0.7, 0.9, 2.8, 0.5, 0.0, 0.0])
    lower, upper = np.full(11, -6.0), np.full(11, 6.0)
    lower[[2, 5, 8]] = 0.05
    found = optimize.least_squares(residual, start, bounds=(lower, upper))
    return found.x, found.cost, found.nfev


@program(_decay)
def fitted_curve(t, measured):
    """A damped oscillation by curve_fit, with the covariance of its parameters."""

    def model(t, amplitude, decay, frequency, phase):
        return amplitude * np.exp(-decay * t) * np.cos(frequency * t + phase)

    return optimize.curve_fit(model, t, measured, p0=[1.0, 1.0, 4.8, 0.0])


@program(lambda rng: (rng.uniform(0.0, 0.1, 60),))
def bratu_root(start):
    """Bratu's boundary value problem by Newton and Krylov's method."""

    def residual(u):
        padded = np.concatenate(([0.0], u, [0.0]))
        return padded[2:] - 2.0 * u + padded[:-2] + np.exp(u) * (1.5 / 61.0**2)

    found = optimize.root(residual, start, method="hybr")
    return found.x, found.fun


@program(lambda rng: (rng.uniform(0.5, 2.0, 20),))
def integrals(widths):
    """Integrals of a function of one number, by adaptive quadrature."""

    def density(x, width):
        return np.exp(-((x / width) ** 2)) * np.cos(3.0 * x)

    return [integrate.quad(density, -5.0, 5.0, args=(width,)) for width in widths]
