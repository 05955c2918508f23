"""Image: vignette, blur, sharpening, contrast and gamma on noisy rings.

Source: R. C. Gonzalez and R. E. Woods, "Digital Image Processing" (2018), chapter 3.
"""

import numpy as np

from show import image, show


def blurred(picture):
    rows = 0.25 * picture[:-2] + 0.5 * picture[1:-1] + 0.25 * picture[2:]
    return 0.25 * rows[:, :-2] + 0.5 * rows[:, 1:-1] + 0.25 * rows[:, 2:]


def kernel(picture, radius, amount=1.5, gamma=0.8):
    picture = picture * (1.0 - 0.4 * radius * radius)
    inner = picture[1:-1, 1:-1]
    sharp = inner + amount * (inner - blurred(picture))
    low, high = sharp.min(), sharp.max()
    stretched = np.clip((sharp - low) / (high - low) * 1.1 - 0.05, 0.0, 1.0)
    return stretched**gamma


def make_input(size=256, seed=0):
    y, x = np.mgrid[-1.0 : 1.0 : size * 1j, -1.0 : 1.0 : size * 1j]
    radius = np.sqrt(x * x + y * y)
    noise = np.random.default_rng(seed).normal(0.0, 0.05, (size, size))
    return 0.5 + 0.4 * np.cos(25.0 * radius) + noise, radius


if __name__ == "__main__":
    show(kernel, make_input(), image)
