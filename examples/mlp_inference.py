"""Inference with a multilayer perceptron: matrix products and activations in float32.

GELU: D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units" (2016), the form with tanh.
Initial weights: K. He et al., "Delving Deep into Rectifiers" (2015).
"""

from itertools import pairwise

import numpy as np

from side_by_side import report


def gelu(x):
    return 0.5 * x * (1.0 + np.tanh(0.7978845608 * (x + 0.044715 * x**3)))


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def kernel(batch, layers):
    """Return the probability of each class (columns) for each sample of the batch (rows)."""
    for weights, bias in layers[:-1]:
        batch = gelu(batch @ weights + bias)
    weights, bias = layers[-1]
    return softmax(batch @ weights + bias)


def make_input(size: int = 512, seed: int = 0) -> tuple[np.ndarray, list]:
    rng, layers = np.random.default_rng(seed), []
    for n_in, n_out in pairwise([64, 256, 256, 256, 10]):
        weights = rng.normal(0.0, np.sqrt(2.0 / n_in), (n_in, n_out))
        layers.append((weights.astype(np.float32), np.zeros(n_out, np.float32)))
    return rng.normal(size=(size, 64)).astype(np.float32), layers


def main() -> None:
    report(kernel, make_input())


if __name__ == "__main__":
    main()
