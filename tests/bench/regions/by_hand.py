"""Kernels by hand, with work arrays and `out=`: arithmetic without neighbours and sums.

Each function makes the work arrays for arguments like the ones given and returns what is timed. The
operations come in the kernel's order, so that the results are the same to the bit.
"""

import numpy as np

from tests.bench.regions.peers import peer


@peer("out=")
def axpy_chain(x, y, z):
    first, second = np.empty_like(x), np.empty_like(x)

    def run(x, y, z):
        np.multiply(x, 1.5, out=first)
        np.add(first, y, out=first)
        np.multiply(first, 0.5, out=second)
        np.subtract(second, z, out=second)
        np.multiply(second, 2.0, out=second)
        return np.add(second, first, out=second)

    return run


@peer("out=")
def products(a, b):
    total, work = np.empty_like(a), np.empty_like(a)

    def run(a, b):
        np.multiply(a, b, out=total)
        np.multiply(a, a, out=work)
        np.add(total, work, out=total)
        np.multiply(b, b, out=work)
        return np.subtract(total, work, out=total)

    return run


@peer("out=")
def horner(x):
    out = np.empty_like(x)

    def run(x):
        np.divide(x, 720.0, out=out)
        for coefficient in (1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0):
            np.add(out, coefficient, out=out)
            np.multiply(out, x, out=out)
        return np.add(out, 1.0, out=out)

    return run


@peer("out=")
def distances(x, *others):
    total, work = np.empty_like(x), np.empty_like(x)

    def run(x, y, z, u, v, w):
        np.subtract(x, u, out=total)
        np.square(total, out=total)
        np.subtract(y, v, out=work)
        np.square(work, out=work)
        np.add(total, work, out=total)
        np.subtract(z, w, out=work)
        np.square(work, out=work)
        np.add(total, work, out=total)
        return np.sqrt(total, out=total)

    return run


@peer("out=")
def mandelbrot(c, steps):
    z, product, count = np.empty_like(c), np.empty_like(c), np.empty(c.shape, np.int64)
    square, other, inside = np.empty(c.shape), np.empty(c.shape), np.empty(c.shape, bool)

    def run(c, steps):
        z.fill(0.0)
        count.fill(0)
        for _ in range(steps):
            np.multiply(z.real, z.real, out=square)
            np.multiply(z.imag, z.imag, out=other)
            np.add(square, other, out=square)
            np.less(square, 4.0, out=inside)
            np.add(count, inside, out=count)
            np.multiply(z, z, out=product)
            np.add(product, c, out=product)
            np.copyto(z, product, where=inside)
        return count

    return run


@peer("out=")
def leaky_relu(x):
    out = np.empty_like(x)

    def run(x):
        # np.where takes no out=; here the larger of the two is the same.
        np.multiply(x, 0.01, out=out)
        return np.maximum(x, out, out=out)

    return run


@peer("out=")
def scaled_relu(x):
    out = np.empty_like(x)

    def run(x):
        np.maximum(x, 0.0, out=out)
        np.multiply(out, 1.2, out=out)
        np.subtract(out, 0.3, out=out)
        return np.clip(out, 0.0, 6.0, out=out)

    return run


@peer("out=")
def normalise(table, *rows):
    out = np.empty_like(table)

    def run(table, mean, deviation, gain, bias):
        np.subtract(table, mean, out=out)
        np.divide(out, deviation, out=out)
        np.multiply(out, gain, out=out)
        return np.add(out, bias, out=out)

    return run


@peer("out=")
def clip_and_add(a, b):
    out, work = np.empty_like(a), np.empty_like(a)

    def run(a, b):
        np.clip(a, 2, 10, out=out)
        np.multiply(out, 4, out=out)
        np.multiply(b, 3, out=work)
        np.add(out, work, out=out)
        return np.add(out, 9, out=out)

    return run


@peer("out=")
def verlet(position, *others):
    work = np.empty_like(position)

    def run(position, velocity, step):
        np.multiply(position, 0.5 * step, out=work)
        np.subtract(velocity, work, out=velocity)
        np.multiply(velocity, step, out=work)
        np.add(position, work, out=position)
        np.multiply(position, 0.5 * step, out=work)
        np.subtract(velocity, work, out=velocity)

    return run


@peer("out=")
def weighted_sum(a, *others):
    total, work = np.empty_like(a), np.empty_like(a)

    def run(a, b, c, d, e):
        np.multiply(a, 0.1, out=total)
        for weight, array in ((0.2, b), (0.4, c), (0.2, d), (0.1, e)):
            np.multiply(array, weight, out=work)
            np.add(total, work, out=total)
        return total

    return run


@peer("out=")
def filmic(x):
    above, below = np.empty_like(x), np.empty_like(x)

    def run(x):
        np.multiply(x, 2.51, out=above)
        np.add(above, 0.03, out=above)
        np.multiply(above, x, out=above)
        np.multiply(x, 2.43, out=below)
        np.add(below, 0.59, out=below)
        np.multiply(below, x, out=below)
        np.add(below, 0.14, out=below)
        np.divide(above, below, out=above)
        return np.clip(above, 0.0, 1.0, out=above)

    return run


@peer("out=")
def luminance(image):
    total, work = np.empty(image.shape[:2], image.dtype), np.empty(image.shape[:2], image.dtype)

    def run(image):
        np.multiply(image[:, :, 0], 0.299, out=total)
        np.multiply(image[:, :, 1], 0.587, out=work)
        np.add(total, work, out=total)
        np.multiply(image[:, :, 2], 0.114, out=work)
        return np.add(total, work, out=total)

    return run


@peer("out=")
def calibrate(raw, dark, gain):
    out, work, difference = np.empty_like(gain), np.empty_like(gain), np.empty_like(raw)

    def run(raw, dark, gain):
        np.subtract(raw, dark, out=difference)
        np.multiply(difference, gain, out=out)
        np.divide(out, 4095.0, out=out)
        np.multiply(raw, 0.001, out=work)
        return np.add(out, work, out=out)

    return run


@peer("out=")
def lennard_jones(x, y, z):
    inverse, cube, force = np.empty_like(x), np.empty_like(x), np.empty_like(x)
    forces = np.empty((3, *x.shape))

    def run(x, y, z):
        np.multiply(x, x, out=inverse)
        np.multiply(y, y, out=cube)
        np.add(inverse, cube, out=inverse)
        np.multiply(z, z, out=cube)
        np.add(inverse, cube, out=inverse)
        np.divide(1.0, inverse, out=inverse)
        np.multiply(inverse, inverse, out=cube)
        np.multiply(cube, inverse, out=cube)
        np.multiply(inverse, 24.0, out=force)
        np.multiply(force, cube, out=force)
        np.multiply(cube, 2.0, out=cube)
        np.subtract(cube, 1.0, out=cube)
        np.multiply(force, cube, out=force)
        return tuple(np.multiply(force, a, out=out) for a, out in zip((x, y, z), forces))

    return run
