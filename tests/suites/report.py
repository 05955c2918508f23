"""What the records of a run say: disagreements, known and new, and the processor time."""

from __future__ import annotations

import fnmatch
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import alloc_rewrite as alloc

KNOWN = Path(__file__).with_name("known.toml")
LONG = 0.005  # seconds; ratios of shorter tests say little


def known(path: Path = KNOWN) -> list[dict[str, str]]:
    """Return the disagreements that are understood: patterns of tests, each with its reason."""
    with open(path, "rb") as file:
        entries = tomllib.load(file)["known"]
    core = alloc.core()[0]
    return [entry for entry in entries if entry.get("core", core) == core]


def matches(test: str, entry: dict[str, str]) -> bool:
    # Brackets stand for themselves: names of parametrised tests have them.
    return fnmatch.fnmatchcase(test, entry["test"].replace("[", "[[]"))


def reason_for(test: str, entries: list[dict[str, str]]) -> str:
    return next((entry["reason"] for entry in entries if matches(test, entry)), "")


def outdated(records: list[dict[str, Any]], entries: list[dict[str, str]]) -> list[str]:
    """Return the patterns of known disagreements whose tests were run and agree."""
    out = []
    for entry in entries:
        verdicts = {r["verdict"] for r in records if matches(r["test"], entry)}
        if verdicts and verdicts <= {"same"}:
            out.append(entry["test"])
    return out


def judge(records: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what disagrees and is not known, and what is known."""
    entries = known()
    bad = [r for r in records if r["verdict"] == "differs" or lost_by_us(r)]
    for record in bad:
        record["reason known"] = reason_for(record["test"], entries)
    return [r for r in bad if not r["reason known"]], [r for r in bad if r["reason known"]]


def lost_by_us(record: dict[str, Any]) -> bool:
    return record["verdict"] == "lost" and record["how"] == "bumped"


def text(records: list[dict[str, Any]], shown: int = 15) -> str:
    new, old = judge(records)
    counts = Counter(record["verdict"] for record in records)
    out = [f"{len(records)} tests: " + ", ".join(f"{n} {word}" for word, n in counts.items())]
    as_is = Counter(_kind(r["as it is"]) for r in records if r.get("as it is"))
    out += [f"{n} test functions ran as they are: {why}" for why, n in as_is.most_common(5)]
    for record in records:
        if record["verdict"] == "unstable":
            out.append(f"unstable: {record['test']}")
        if record["verdict"] == "lost" and record["how"] == "plain":
            out.append(f"lost, run plain: {record['test']}: {record['reason']}")
    out += [f"known: {record['test']}: {record['reason known']}" for record in old]
    for pattern in outdated(records, known()):
        out.append(f"known, but no longer so (take it out of {KNOWN.name}): {pattern}")
    for record in new:
        out += ["", f"DISAGREES: {record['test']}", *_what(record)]
    return "\n".join([*out, "", *_times(records, shown)])


def _kind(reason: str) -> str:
    return reason.rpartition(" runs as it is: ")[2]


def _what(record: dict[str, Any]) -> list[str]:
    if record["verdict"] == "lost":
        return [f"    {record['reason']}"]
    out = [f"    {record['often']}"]
    plain, bumped = record["plain"], record["bumped"]
    for key in dict.fromkeys([*plain, *bumped]):
        if plain.get(key) != bumped.get(key):
            out += [f"    {key}: plain  {plain.get(key)}", f"    {key}: bumped {bumped.get(key)}"]
    return out


def _times(records: list[dict[str, Any]], shown: int) -> list[str]:
    """Sums of processor time, and where bumped takes most, once with rewriting."""
    timed = [r for r in records if r["verdict"] in ("same", "differs", "unstable")]
    plain, bumped = (sum(r["seconds"][k] for r in timed) for k in (0, 1))
    out = [f"processor time of the calls: plain {plain:.1f} s, bumped {bumped:.1f} s"]
    ratio = lambda record: record["seconds"][1] / max(record["seconds"][0], 1e-9)
    for record in sorted((r for r in timed if r["seconds"][1] > LONG), key=ratio)[
        : -shown - 1 : -1
    ]:
        one, other = (1e3 * x for x in record["seconds"])
        out.append(f"    {ratio(record):8.1f}x  {one:8.1f} -> {other:8.1f} ms  {record['test']}")
    return out
