"""SciPy's statistics, interpolation and rotations: little own code, much of SciPy's Python."""

import numpy as np
from scipy import interpolate, stats
from scipy.spatial.transform import Rotation, Slerp

from tests.bench.programs.catalogue import program


def _samples(rng):
    return rng.normal(0.0, 1.0, 200), rng.normal(0.2, 1.3, 180)


@program(_samples)
def tests_of_two_samples(one, other):
    """Five tests of whether two samples differ."""
    found = (
        stats.ttest_ind(one, other, equal_var=False),
        stats.mannwhitneyu(one, other),
        stats.ks_2samp(one, other),
        stats.levene(one, other),
        stats.spearmanr(one[:180], other),
    )
    return [(float(test.statistic), float(test.pvalue)) for test in found]


@program(lambda rng: (rng.gamma(2.0, 1.5, 400),))
def moments_and_quantiles(sample):
    """Figures that describe a sample, robust ones too."""
    z = stats.zscore(sample)
    return (
        *(sample.mean(), sample.std(ddof=1), np.median(sample), stats.skew(sample)),
        *(stats.kurtosis(sample), stats.iqr(sample), stats.trim_mean(sample, 0.1)),
        *(stats.median_abs_deviation(sample), np.percentile(sample, [5, 25, 75, 95])),
        *(stats.sem(sample), z[np.abs(z) < 2.0]),
    )


@program(lambda rng: (rng.gamma(2.0, 1.5, 300), np.linspace(0.1, 10.0, 200)))
def distributions(sample, x):
    """Densities, quantiles and a fit of some distributions."""
    return (
        stats.norm.fit(sample),
        stats.gamma.pdf(x, 2.0, scale=1.5),
        stats.lognorm.cdf(x, 0.6),
        stats.t.ppf(x / 11.0, 7),
        stats.expon.logpdf(x).sum(),
        stats.beta.sf(x / 11.0, 2.0, 3.0),
    )


@program(lambda rng: (rng.normal(0.0, 1.0, (2, 150)), rng.uniform(-3.0, 3.0, (2, 200))))
def kernel_density(sample, points):
    """The density of points in a plane, with its integral over a box."""
    density = stats.gaussian_kde(sample)
    return density(points), density.integrate_box([-1.0, -1.0], [1.0, 1.0]), density.logpdf(points)


@program(lambda rng: (rng.gamma(2.0, 1.5, 60),))
def bootstrapped_mean(sample):
    """A confidence interval of a mean from resampling."""

    def spread(sample, axis=-1):
        return np.mean(sample, axis=axis) / np.std(sample, axis=axis)

    found = stats.bootstrap((sample,), spread, n_resamples=200, rng=1, method="percentile")
    return found.confidence_interval.low, found.confidence_interval.high, found.standard_error


def _knots(rng):
    x = np.sort(rng.uniform(0.0, 10.0, 40))
    return x, np.sin(x) + 0.1 * rng.standard_normal(40), np.linspace(x[0], x[-1], 300)


@program(_knots)
def splines(x, y, dense):
    """Cubic, monotonic and smoothing splines through points, with slopes and integrals."""
    cubic, monotonic = interpolate.CubicSpline(x, y), interpolate.PchipInterpolator(x, y)
    smooth = interpolate.make_smoothing_spline(x, y)
    return (
        *(cubic(dense), cubic(dense, 1), cubic.integrate(x[0], x[-1]), monotonic(dense)),
        *(smooth(dense), interpolate.make_interp_spline(x, y, k=3)(dense)),
        *(interpolate.Akima1DInterpolator(x, y)(dense), np.interp(dense, x, y)),
    )


@program(lambda rng: (rng.uniform(-1.0, 1.0, (60, 2)), rng.uniform(-0.9, 0.9, (100, 2))))
def scattered_points(known, wanted):
    """Values between scattered points and on a grid."""
    values = np.exp(-np.sum(known**2, axis=1))
    radial = interpolate.RBFInterpolator(known, values)
    axis = np.linspace(-1.0, 1.0, 20)
    table = np.cos(3.0 * axis)[:, None] * axis
    grid = interpolate.RegularGridInterpolator((axis, axis), table, method="linear")
    return radial(wanted), grid(wanted)


@program(lambda rng: (rng.uniform(-np.pi, np.pi, (12, 3)), rng.uniform(-1.0, 1.0, (50, 3))))
def attitudes(angles, vectors):
    """Vectors turned by rotations in several notations, and rotations between rotations."""
    turns = Rotation.from_euler("zyx", angles)
    between = Slerp(np.arange(12.0), turns)(np.linspace(0.0, 11.0, 30))
    drift = Rotation.from_rotvec(0.01 * angles)
    turned = [(drift[k] * turns[k]).apply(vectors) for k in range(12)]
    return between.as_quat(), turned, turns.mean().as_matrix(), (turns.inv() * drift).magnitude()
