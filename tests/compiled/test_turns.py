"""The compiler's thread lets others go first, and does all of its work."""

import time

from alloc_rewrite.compiled import turns


def test_work_in_turns(monkeypatch):
    pauses = []
    monkeypatch.setattr(turns.time, "sleep", pauses.append)
    made = turns.InTurns(range(5))
    made.append(5)
    assert [*made] == [0, 1, 2, 3, 4, 5]
    assert made == [0, 1, 2, 3, 4, 5]
    pauses.clear()
    turns._began[0] = time.perf_counter() - 1
    turns.give_turns()
    turns.give_turns()
    assert pauses[:1] == [turns._PAUSE]
