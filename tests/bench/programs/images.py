"""scikit-image: restoration, exposure, features, registration, segmentation."""

import numpy as np
from skimage import color, exposure, feature, filters, measure, registration, restoration

from tests.bench.programs.catalogue import program


def _photograph(rng, size=64):
    y, x = np.mgrid[0:size, 0:size] / size
    clean = 0.5 + 0.4 * np.sin(9.0 * x) * np.cos(7.0 * y) * ((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.16)
    return (np.clip(clean + 0.08 * rng.standard_normal((size, size)), 0.0, 1.0),)


def _coloured(rng):
    return (rng.random((48, 48, 3)),)


@program(_photograph)
def total_variation(photograph):
    """Denoising by total variation, after Chambolle."""
    return restoration.denoise_tv_chambolle(photograph, weight=0.1, max_num_iter=40)


@program(_photograph)
def deconvolved(photograph):
    """A blur undone by Richardson and Lucy's method and by Wiener's."""
    blur = np.ones((5, 5)) / 25.0
    sharp = restoration.richardson_lucy(photograph, blur, num_iter=6)
    return sharp, restoration.wiener(photograph, blur, 0.1)


@program(_photograph)
def corrected_exposure(photograph):
    """Histograms equalised, gamma and contrast."""
    low, high = np.percentile(photograph, (2, 98))
    return (
        exposure.rescale_intensity(photograph, in_range=(low, high)),
        exposure.adjust_gamma(photograph, 1.4),
        exposure.adjust_sigmoid(photograph, gain=6),
        exposure.equalize_hist(photograph),
        exposure.equalize_adapthist(photograph, kernel_size=16),
    )


@program(_photograph)
def blobs_and_corners(photograph):
    """Blobs by differences of Gaussians, corners and their peaks."""
    blobs = feature.blob_dog(photograph, max_sigma=6, threshold=0.05)
    corners = feature.corner_harris(photograph)
    return blobs, feature.corner_peaks(corners, min_distance=3), feature.canny(photograph, sigma=2)


@program(_photograph)
def textures(photograph):
    """Histograms of gradients, local patterns and co-occurrence."""
    levels = (photograph * 15.0).astype(np.uint8)
    pairs = feature.graycomatrix(levels, [1, 2], [0.0, np.pi / 2], levels=16, normed=True)
    return (
        feature.hog(photograph, pixels_per_cell=(16, 16), cells_per_block=(2, 2)),
        feature.local_binary_pattern(levels, 8, 1.0),
        [feature.graycoprops(pairs, name) for name in ("contrast", "homogeneity", "energy")],
    )


@program(lambda rng: _photograph(rng, 40))
def optical_flow(photograph):
    """The motion between two pictures, and their shift."""
    moved = np.roll(photograph, (1, 2), axis=(0, 1))
    flow = registration.optical_flow_ilk(photograph, moved, radius=4, num_warp=3)
    return flow, registration.phase_cross_correlation(photograph, moved, upsample_factor=10)[0]


@program(_photograph)
def segments(photograph):
    """A threshold, the pieces above it and what they measure."""
    pieces = measure.label(photograph > filters.threshold_otsu(photograph))
    found = measure.regionprops_table(pieces, photograph, ("area", "centroid", "intensity_mean"))
    return pieces, dict(found), filters.frangi(photograph, sigmas=(1, 2))


@program(_coloured)
def colours(coloured):
    """Conversions between spaces of colours, and differences of colours."""
    lab = color.rgb2lab(coloured)
    other = color.rgb2lab(coloured[::-1])
    hsv = color.rgb2hsv(coloured)
    return color.deltaE_ciede2000(lab, other), color.lab2rgb(lab), hsv, color.rgb2gray(coloured)
