"""Kernels by hand, with work arrays and `out=`: those that combine an array with its neighbours."""

import numpy as np

from tests.bench.regions.peers import peer


@peer("out=")
def jacobi_1d(steps, a, b):
    def sweep(source, inner):
        np.add(source[:-2], source[1:-1], out=inner)
        np.add(inner, source[2:], out=inner)
        np.divide(inner, 3.0, out=inner)

    def run(steps, a, b):
        for _ in range(steps):
            sweep(a, b[1:-1])
            sweep(b, a[1:-1])

    return run


@peer("out=")
def jacobi_2d(steps, a, b):
    def sweep(source, inner):
        np.add(source[1:-1, 1:-1], source[1:-1, :-2], out=inner)
        np.add(inner, source[1:-1, 2:], out=inner)
        np.add(inner, source[2:, 1:-1], out=inner)
        np.add(inner, source[:-2, 1:-1], out=inner)
        np.multiply(inner, 0.2, out=inner)

    def run(steps, a, b):
        for _ in range(steps):
            sweep(a, b[1:-1, 1:-1])
            sweep(b, a[1:-1, 1:-1])

    return run


@peer("out=")
def heat_3d(steps, a, b):
    shape = tuple(length - 2 for length in a.shape)
    total, work, double = np.empty(shape), np.empty(shape), np.empty(shape)

    def bend(after, before, out):
        np.subtract(after, double, out=out)
        np.add(out, before, out=out)
        np.multiply(out, 0.125, out=out)

    def run(steps, a, b):
        for _ in range(steps):
            centre = a[1:-1, 1:-1, 1:-1]
            np.multiply(centre, 2.0, out=double)
            bend(a[2:, 1:-1, 1:-1], a[:-2, 1:-1, 1:-1], total)
            bend(a[1:-1, 2:, 1:-1], a[1:-1, :-2, 1:-1], work)
            np.add(total, work, out=total)
            bend(a[1:-1, 1:-1, 2:], a[1:-1, 1:-1, :-2], work)
            np.add(total, work, out=total)
            np.add(total, centre, out=b[1:-1, 1:-1, 1:-1])
            a, b = b, a

    return run


@peer("out=")
def fdtd_2d(ex, ey, hz, source):
    below, beside = np.empty_like(hz[1:, :]), np.empty_like(hz[:, 1:])
    inner = np.empty_like(hz[:-1, :-1])

    def run(ex, ey, hz, source):
        for value in source:
            ey[0, :] = value
            np.subtract(hz[1:, :], hz[:-1, :], out=below)
            np.multiply(below, 0.5, out=below)
            np.subtract(ey[1:, :], below, out=ey[1:, :])
            np.subtract(hz[:, 1:], hz[:, :-1], out=beside)
            np.multiply(beside, 0.5, out=beside)
            np.subtract(ex[:, 1:], beside, out=ex[:, 1:])
            np.subtract(ex[:-1, 1:], ex[:-1, :-1], out=inner)
            np.add(inner, ey[1:, :-1], out=inner)
            np.subtract(inner, ey[:-1, :-1], out=inner)
            np.multiply(inner, 0.7, out=inner)
            np.subtract(hz[:-1, :-1], inner, out=hz[:-1, :-1])

    return run


@peer("out=")
def horizontal_diffusion(field, strength, out):
    laplacian = np.empty_like(field[1:-1, 1:-1])
    sums = np.empty_like(laplacian)
    flux, other = np.empty_like(laplacian[1:, 1:-1]), np.empty_like(laplacian[1:-1, 1:])
    down, across = np.empty_like(flux), np.empty_like(other)
    upward, sideways = np.empty(flux.shape, bool), np.empty(other.shape, bool)

    def limit(change, gradient, after, before, against):
        np.subtract(after, before, out=gradient)
        np.multiply(change, gradient, out=gradient)
        np.greater(gradient, 0.0, out=against)
        np.copyto(change, 0.0, where=against)

    def run(field, strength, out):
        np.add(field[2:, 1:-1], field[:-2, 1:-1], out=sums)
        np.add(sums, field[1:-1, 2:], out=sums)
        np.add(sums, field[1:-1, :-2], out=sums)
        np.multiply(field[1:-1, 1:-1], 4.0, out=laplacian)
        np.subtract(laplacian, sums, out=laplacian)
        np.subtract(laplacian[1:, 1:-1], laplacian[:-1, 1:-1], out=flux)
        limit(flux, down, field[2:-1, 2:-2], field[1:-2, 2:-2], upward)
        np.subtract(laplacian[1:-1, 1:], laplacian[1:-1, :-1], out=other)
        limit(other, across, field[2:-2, 2:-1], field[2:-2, 1:-2], sideways)
        np.subtract(flux[1:], flux[:-1], out=out)
        np.add(out, other[:, 1:], out=out)
        np.subtract(out, other[:, :-1], out=out)
        np.multiply(strength, out, out=out)
        np.subtract(field[2:-2, 2:-2], out, out=out)

    return run


@peer("out=")
def fourth_order(u):
    out, work = np.empty_like(u[:-4]), np.empty_like(u[:-4])

    def run(u):
        np.multiply(u[1:-3], 8.0, out=work)
        np.subtract(u[:-4], work, out=out)
        np.multiply(u[3:-1], 8.0, out=work)
        np.add(out, work, out=out)
        np.subtract(out, u[4:], out=out)
        return np.divide(out, 12.0, out=out)

    return run


@peer("out=")
def nine_point(u):
    edges, corners = np.empty_like(u[1:-1, 1:-1]), np.empty_like(u[1:-1, 1:-1])

    def run(u):
        np.add(u[:-2, 1:-1], u[2:, 1:-1], out=edges)
        np.add(edges, u[1:-1, :-2], out=edges)
        np.add(edges, u[1:-1, 2:], out=edges)
        np.add(u[:-2, :-2], u[:-2, 2:], out=corners)
        np.add(corners, u[2:, :-2], out=corners)
        np.add(corners, u[2:, 2:], out=corners)
        np.multiply(edges, 4.0, out=edges)
        np.add(edges, corners, out=edges)
        np.multiply(u[1:-1, 1:-1], 20.0, out=corners)
        np.subtract(edges, corners, out=edges)
        return np.divide(edges, 6.0, out=edges)

    return run


@peer("out=")
def advection(u, velocity):
    upwind, work, ahead = np.empty_like(u[2:]), np.empty_like(u[2:]), np.empty(len(u) - 2, bool)

    def run(u, velocity):
        speed = velocity[1:-1]
        np.greater(speed, 0.0, out=ahead)
        np.subtract(u[2:], u[1:-1], out=upwind)
        np.subtract(u[1:-1], u[:-2], out=work)
        np.copyto(upwind, work, where=ahead)
        np.multiply(speed, 0.4, out=work)
        np.multiply(work, upwind, out=work)
        np.subtract(u[1:-1], work, out=u[1:-1])

    return run


@peer("out=")
def wave(steps, u, before):
    double, bend = np.empty_like(u[2:]), np.empty_like(u[2:])

    def run(steps, u, before):
        for _ in range(steps):
            np.multiply(u[1:-1], 2.0, out=double)
            np.subtract(u[2:], double, out=bend)
            np.add(bend, u[:-2], out=bend)
            np.multiply(bend, 0.25, out=bend)
            np.subtract(double, before[1:-1], out=double)
            np.add(double, bend, out=before[1:-1])
            u, before = before, u

    return run


@peer("out=")
def gray_scott(u, v, next_u, next_v):
    spread, reaction, work = (np.empty_like(u[1:-1, 1:-1]) for _ in range(3))

    def diffuse(field, strength):
        np.add(field[:-2, 1:-1], field[2:, 1:-1], out=spread)
        np.add(spread, field[1:-1, :-2], out=spread)
        np.add(spread, field[1:-1, 2:], out=spread)
        np.multiply(field[1:-1, 1:-1], 4.0, out=work)
        np.subtract(spread, work, out=spread)
        np.multiply(spread, strength, out=spread)

    def run(u, v, next_u, next_v):
        inner_u, inner_v = u[1:-1, 1:-1], v[1:-1, 1:-1]
        np.multiply(inner_u, inner_v, out=reaction)
        np.multiply(reaction, inner_v, out=reaction)
        diffuse(u, 0.16)
        np.subtract(spread, reaction, out=spread)
        np.subtract(1.0, inner_u, out=work)
        np.multiply(work, 0.035, out=work)
        np.add(spread, work, out=spread)
        np.add(inner_u, spread, out=next_u[1:-1, 1:-1])
        diffuse(v, 0.08)
        np.add(spread, reaction, out=spread)
        np.multiply(inner_v, 0.1, out=work)
        np.subtract(spread, work, out=spread)
        np.add(inner_v, spread, out=next_v[1:-1, 1:-1])

    return run
