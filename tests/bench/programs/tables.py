"""pandas: arithmetic of series, descriptions, merges, functions by row, features."""

import numpy as np
import pandas as pd

from tests.bench.programs.catalogue import program


def _prices(rng):
    days = pd.date_range("2020-01-01", periods=600)
    steps = 0.01 * rng.standard_normal((600, 3))
    return (pd.DataFrame(100.0 * np.exp(np.cumsum(steps, axis=0)), days, ["a", "b", "c"]),)


def _orders(rng):
    orders = pd.DataFrame(
        {
            "customer": rng.integers(0, 80, 500),
            "amount": rng.gamma(2.0, 20.0, 500),
            "shop": rng.choice(["north", "south", "west"], 500),
        }
    )
    customers = pd.DataFrame({"customer": np.arange(80), "age": rng.integers(18, 80, 80)})
    return orders, customers


@program(_prices)
def arithmetic_of_series(prices):
    """Returns, spreads and drawdowns."""
    spread = (prices["a"] - prices["b"]) / (prices["a"] + prices["b"])
    growth = np.log(prices / prices.shift(1)).dropna()
    worst = (prices["c"] / prices["c"].cummax() - 1.0).min()
    hedge = prices["a"] - 0.7 * prices["b"] - 0.3 * prices["c"] + spread.mean()
    return spread.to_numpy(), growth.to_numpy(), float(worst), hedge.to_numpy()


@program(_prices)
def description(prices):
    """What describe, corr and quantile say of a table."""
    return prices.describe().to_numpy(), prices.corr().to_numpy(), prices.quantile(0.1).to_numpy()


@program(_orders)
def merged_and_grouped(orders, customers):
    """Two tables merged, then summed by groups and spread over columns."""
    merged = orders.merge(customers, on="customer")
    by_shop = merged.groupby("shop")["amount"].agg(["mean", "std", "max"])
    wide = merged.pivot_table("amount", "customer", "shop", aggfunc="sum", fill_value=0.0)
    return merged["age"].to_numpy(), by_shop.to_numpy(), wide.to_numpy(), list(wide.columns)


@program(_orders)
def function_of_rows(orders, customers):
    """A function of one row, applied to all rows."""

    def tax(row):
        return row["amount"] * (0.2 if row["shop"] == "north" else 0.1)

    scaled = orders.groupby("shop")["amount"].transform(lambda x: (x - x.mean()) / x.std())
    return orders.head(150).apply(tax, axis=1).to_numpy(), scaled.to_numpy()


@program(_prices)
def features_of_prices(prices):
    """Moving figures and categories, as one makes them for a model."""
    made = pd.DataFrame(index=prices.index)
    for name in prices:
        column = prices[name]
        mean, deviation = column.rolling(20).mean(), column.rolling(20).std()
        made[f"{name} z"] = (column - mean) / deviation
        made[f"{name} momentum"] = column / column.shift(10) - 1.0
        made[f"{name} slow"] = column.ewm(span=30).mean() - column.ewm(span=10).mean()
    made["high"] = pd.cut(prices["a"], 4, labels=False)
    return made.dropna().to_numpy()
