"""SciPy's signal processing, Fourier transforms and filters of images."""

import numpy as np
from scipy import fft, ndimage, signal

from tests.bench.programs.catalogue import program


def _recording(rng):
    t = np.arange(2000) / 500.0
    return 500.0, np.sin(40.0 * t) + 0.5 * np.sin(200.0 * t) + 0.3 * rng.standard_normal(2000)


@program(_recording)
def filtered_recording(rate, recording):
    """Filters that let a band pass, an envelope and its peaks."""
    band = signal.butter(4, [2.0, 30.0], btype="band", fs=rate, output="sos")
    clean = signal.sosfiltfilt(band, recording)
    smooth = signal.savgol_filter(clean, 21, 3)
    envelope = np.abs(signal.hilbert(smooth))
    peaks, found = signal.find_peaks(smooth, height=0.2, distance=10)
    return clean, envelope, peaks, found["peak_heights"], signal.detrend(recording)


@program(_recording)
def spectra(rate, recording):
    """Power spectra, spectrograms, coherence and correlation."""
    window = signal.windows.hann(128)
    short = signal.ShortTimeFFT(window, 64, rate)
    return (
        *signal.welch(recording, rate, nperseg=256),
        *signal.coherence(recording, np.roll(recording, 5), rate, nperseg=256),
        np.abs(short.stft(recording)),
        signal.fftconvolve(recording, window, mode="same"),
        signal.resample(recording, 500),
        fft.dct(recording),
    )


def _picture(rng):
    y, x = np.mgrid[0:96, 0:96] / 96.0
    return (np.sin(12.0 * x) * np.cos(9.0 * y) + 0.2 * rng.standard_normal((96, 96)),)


@program(_picture)
def filtered_picture(picture):
    """Smoothing, edges, morphology and the pieces of a picture."""
    smooth = ndimage.gaussian_filter(picture, 1.5)
    edges = np.hypot(ndimage.sobel(smooth, 0), ndimage.sobel(smooth, 1))
    above = ndimage.binary_opening(smooth > 0.3)
    pieces, count = ndimage.label(above)
    index = np.arange(1, count + 1)
    centres = ndimage.center_of_mass(smooth, pieces, index)
    turned = ndimage.rotate(smooth, 15.0, reshape=False, order=1)
    return edges, pieces, ndimage.mean(smooth, pieces, index), np.array(centres), turned


@program(_picture)
def unsharp_masking(picture):
    """Details that a picture gains from what a blur takes away: own code around filters."""
    for width in (1.0, 2.0, 4.0):
        blurred = ndimage.gaussian_filter(picture, width)
        detail = picture - blurred
        gain = 0.5 / (1.0 + np.exp(-8.0 * (np.abs(detail) - 0.1)))
        picture = np.clip(picture + gain * detail, -1.5, 1.5)
    return picture
