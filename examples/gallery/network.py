"""Neural network: one hidden layer, trained by gradient descent with momentum to fit a curve.

Source: D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning Representations by
Back-Propagating Errors" (1986).
"""

import numpy as np

from show import curves, show


def kernel(x, wanted, w1, b1, w2, steps=100, rate=0.05, momentum=0.9):
    m1, c1, m2 = np.zeros_like(w1), np.zeros_like(b1), np.zeros_like(w2)
    for _ in range(steps):
        hidden = np.tanh(x @ w1 + b1)
        error = (hidden @ w2 - wanted) / len(x)
        back = (error @ w2.T) * (1.0 - hidden * hidden)
        m2 = momentum * m2 - rate * (hidden.T @ error)
        m1 = momentum * m1 - rate * (x.T @ back)
        c1 = momentum * c1 - rate * back.sum(axis=0)
        w1, b1, w2 = w1 + m1, b1 + c1, w2 + m2
    return np.tanh(x @ w1 + b1) @ w2


def make_input(samples=200, hidden=24, seed=0):
    rng = np.random.default_rng(seed)
    x = np.linspace(-1.0, 1.0, samples)[:, np.newaxis]
    w1, b1 = 3.0 * rng.normal(size=(1, hidden)), rng.normal(size=hidden)
    return x, np.sin(4.0 * x), w1, b1, 0.1 * rng.normal(size=(hidden, 1))


if __name__ == "__main__":
    x, wanted, *weights = make_input()
    show(kernel, (x, wanted, *weights), lambda fit: curves(fit[:, 0], wanted[:, 0]))
