"""Kernels by hand, with work arrays and `out=`: transcendental functions, and sums."""

import numpy as np

from tests.bench.regions.peers import peer


@peer("out=")
def black_scholes(spot, strike, years):
    above, below, spread, first, work = (np.empty_like(spot) for _ in range(5))

    def normal(x, out):
        np.multiply(x, -0.07056, out=out)
        np.multiply(out, x, out=out)
        np.multiply(out, x, out=out)
        np.multiply(x, 1.5976, out=work)
        np.subtract(out, work, out=out)
        np.exp(out, out=out)
        np.add(out, 1.0, out=out)
        np.divide(1.0, out, out=out)

    def run(spot, strike, years):
        rate, volatility = 0.02, 0.3
        np.sqrt(years, out=spread)
        np.multiply(spread, volatility, out=spread)
        np.divide(spot, strike, out=above)
        np.log(above, out=above)
        np.multiply(years, rate + 0.5 * volatility * volatility, out=work)
        np.add(above, work, out=above)
        np.divide(above, spread, out=above)
        np.subtract(above, spread, out=below)
        normal(above, first)
        normal(below, above)
        np.multiply(spot, first, out=first)
        np.multiply(years, -rate, out=work)
        np.exp(work, out=work)
        np.multiply(strike, work, out=work)
        np.multiply(work, above, out=work)
        return np.subtract(first, work, out=first)

    return run


@peer("out=")
def arc_distance(latitude, *others):
    up, along, near, far = (np.empty_like(latitude) for _ in range(4))

    def run(latitude, longitude, other_latitude, other_longitude):
        np.subtract(other_latitude, latitude, out=up)
        np.divide(up, 2.0, out=up)
        np.sin(up, out=up)
        np.subtract(other_longitude, longitude, out=along)
        np.divide(along, 2.0, out=along)
        np.sin(along, out=along)
        np.multiply(up, up, out=up)
        np.cos(latitude, out=near)
        np.cos(other_latitude, out=far)
        np.multiply(near, far, out=near)
        np.multiply(near, along, out=near)
        np.multiply(near, along, out=near)
        np.add(up, near, out=up)
        np.sqrt(up, out=near)
        np.subtract(1.0, up, out=up)
        np.sqrt(up, out=up)
        np.arctan2(near, up, out=near)
        return np.multiply(near, 2.0, out=near)

    return run


@peer("out=")
def softmax(scores):
    out, row = np.empty_like(scores), np.empty((*scores.shape[:-1], 1))

    def run(scores):
        np.max(scores, axis=-1, keepdims=True, out=row)
        np.subtract(scores, row, out=out)
        np.exp(out, out=out)
        np.sum(out, axis=-1, keepdims=True, out=row)
        return np.divide(out, row, out=out)

    return run


@peer("out=")
def gelu(x):
    out, work = np.empty_like(x), np.empty_like(x)

    def run(x):
        np.power(x, 3, out=work)
        np.multiply(work, 0.044715, out=work)
        np.add(x, work, out=work)
        np.multiply(work, 0.7978845608, out=work)
        np.tanh(work, out=work)
        np.add(work, 1.0, out=work)
        np.multiply(x, 0.5, out=out)
        return np.multiply(out, work, out=out)

    return run


@peer("out=")
def squared_distances(p, q):
    work, out = np.empty_like(p), np.empty(p.shape[:-1])

    def run(p, q):
        np.subtract(p, q, out=work)
        np.square(work, out=work)
        return np.sum(work, axis=-1, out=out)

    return run


@peer("out=")
def residual_norm(u, f):
    rows, columns = u.shape
    work, four = np.empty((rows - 2, columns - 2)), np.empty((rows - 2, columns - 2))

    def run(u, f):
        np.add(u[:-2, 1:-1], u[2:, 1:-1], out=work)
        np.add(work, u[1:-1, :-2], out=work)
        np.add(work, u[1:-1, 2:], out=work)
        np.multiply(u[1:-1, 1:-1], 4.0, out=four)
        np.subtract(work, four, out=work)
        np.add(f[1:-1, 1:-1], work, out=work)
        np.multiply(work, work, out=work)
        return np.sqrt(np.sum(work))

    return run


@peer("out=")
def mean_and_variance(x):
    work = np.empty_like(x)

    def run(x):
        mean = np.sum(x) / x.size
        np.subtract(x, mean, out=work)
        np.multiply(work, work, out=work)
        return mean, np.sum(work) / x.size

    return run


@peer("out=")
def largest_error(x, y):
    work = np.empty_like(x)

    def run(x, y):
        np.subtract(x, y, out=work)
        np.abs(work, out=work)
        return np.max(work)

    return run


@peer("out=")
def kinetic_energy(mass, *others):
    total, work = np.empty_like(mass), np.empty_like(mass)

    def run(mass, u, v, w):
        np.multiply(u, u, out=total)
        np.multiply(v, v, out=work)
        np.add(total, work, out=total)
        np.multiply(w, w, out=work)
        np.add(total, work, out=total)
        np.multiply(mass, total, out=total)
        return 0.5 * np.sum(total)

    return run
