"""Size a buffer by a dry run: read the profile, see a buffer that is too small, make one that fits.

Call options: Black and Scholes, "The Pricing of Options and Corporate Liabilities" (1973);
the normal distribution: Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.2.17.
"""

import numpy as np

import alloc_rewrite as alloc
from side_by_side import report


def normal_cdf(x):
    k = 1.0 / (1.0 + 0.2316419 * np.abs(x))
    series = k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))
    series = k * (0.31938153 + k * (-0.356563782 + series))
    tail = series * np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi)
    return np.where(x < 0.0, tail, 1.0 - tail)


def kernel(spot, strike, years, rate, volatility):
    """Return the price of each option; all arguments but `rate` are arrays of one shape."""
    spread = volatility * np.sqrt(years)
    d1 = (np.log(spot / strike) + (rate + volatility**2 / 2.0) * years) / spread
    return spot * normal_cdf(d1) - strike * np.exp(-rate * years) * normal_cdf(d1 - spread)


def make_input(size: int = 100_000, seed: int = 0) -> tuple:
    rng = np.random.default_rng(seed)
    spot, strike = rng.uniform(50.0, 150.0, (2, size))
    return spot, strike, rng.uniform(0.1, 2.0, size), 0.03, rng.uniform(0.1, 0.5, size)


def main() -> None:
    options = make_input()
    print(alloc.profile(kernel, *options))
    try:
        alloc.run(kernel, alloc.Buffer(10**6), *options)
    except alloc.BufferFullError as error:
        print(f"too small: {error}")
    report(kernel, options)


if __name__ == "__main__":
    main()
