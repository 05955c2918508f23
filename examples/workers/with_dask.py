"""dask: a local cluster of two worker processes, each with a buffer of its own.

`client.run` asks each worker for its figures, and `alloc.stats` puts them together with those of
this process, which runs none of the tasks.
"""

from dask.distributed import Client, LocalCluster

import alloc_rewrite as alloc
from model import spread


def main() -> None:
    seeds = range(8)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        spreads = client.gather(client.map(spread, seeds))
        reports = client.run(alloc.stats)
    plain = [spread.__wrapped__(seed) for seed in seeds]
    print("equal to the bit:", spreads == plain)
    print(alloc.stats(*reports.values()))


if __name__ == "__main__":
    main()
