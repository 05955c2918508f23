"""joblib: two worker processes, each with a buffer of its own, whose figures come home.

Each task returns the figures of its process. Of each process the latest count, so that it doesn't
matter how tasks are dealt out.
"""

import functools
import operator

from joblib import Parallel, delayed

from model import spread, spread_and_stats


def main() -> None:
    seeds = range(8)
    done = Parallel(n_jobs=2)(delayed(spread_and_stats)(seed) for seed in seeds)
    spreads, reports = zip(*done, strict=True)
    plain = [spread.__wrapped__(seed) for seed in seeds]
    print("equal to the bit:", list(spreads) == plain)
    print(functools.reduce(operator.or_, reports))


if __name__ == "__main__":
    main()
