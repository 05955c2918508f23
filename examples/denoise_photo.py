"""Total variation denoising of a photograph: an iterative method on real data.
Source: A. Chambolle, "An Algorithm for Total Variation Minimization and Applications" (2004)."""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from skimage import data, io, metrics, util

from side_by_side import report


def kernel(noisy, weight=0.08, steps=30, tau=0.248):
    """Return the image that minimizes total variation + |image - noisy|^2 / (2 weight)."""
    p, q, rows, columns = np.zeros((4, *noisy.shape))
    u = -noisy / weight
    for _ in range(steps):
        rows[:-1], columns[:, :-1] = u[1:] - u[:-1], u[:, 1:] - u[:, :-1]
        scale = 1.0 + tau * np.sqrt(rows**2 + columns**2)
        p, q = (p + tau * rows) / scale, (q + tau * columns) / scale
        u = np.diff(p, axis=0, prepend=0.0) + np.diff(q, axis=1, prepend=0.0) - noisy / weight
    return -weight * u


def make_input(seed: int = 0) -> tuple[np.ndarray]:
    return (util.random_noise(data.camera(), var=0.01, rng=seed),)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir(), "denoise_photo"))
    (out := parser.parse_args().out).mkdir(parents=True, exist_ok=True)
    photo, (noisy,) = util.img_as_float(data.camera()), make_input()
    for name, image in ("before", noisy), ("after", np.clip(kernel(noisy), 0.0, 1.0)):
        ratio = metrics.peak_signal_noise_ratio(photo, image)
        io.imsave(out / f"{name}.png", util.img_as_ubyte(image))
        print(f"{name}: PSNR {ratio:.2f} dB, {out / name}.png")
    report(kernel, (noisy,), rounds=3)


if __name__ == "__main__":
    main()
