"""Generators, coroutines and asynchronous generators, suspended while operands are on the stack."""

import asyncio
import gc
import inspect
import types

import numpy as np
import pytest

import alloc_rewrite as alloc


def doubled(v):
    return v * 2


def test_yield_inside_an_expression(same, x):
    def g(x):
        z = np.full(6, 2.0)
        w = x + (yield x * 1) * z
        yield np.sqrt(w, (yield w - 1))

    def use(g, x):
        it = g(x)
        return [next(it), it.send(x * 3), it.send(np.empty(6)), list(it)]

    same(g, x, use=use)


def test_closed_and_thrown_into_while_operands_are_on_the_stack(same, x):
    def g(x, log):
        try:
            while True:
                try:
                    x = x * 2 + doubled((yield x)) * (yield -x)
                except KeyError:
                    x = x - 1
        finally:
            log.append(x + 100)

    def use(g, x):
        log = []
        it = g(x, log)
        out = [next(it), it.send(1.0), it.throw(KeyError()), it.send(2.0), it.send(3.0)]
        it.close()
        dropped = g(x, log)
        next(dropped)
        del dropped
        broken = g(x, log)
        next(broken)
        with pytest.raises(ZeroDivisionError):
            broken.throw(ZeroDivisionError())
        return out, log

    same(g, x, use=use)


def test_yield_from(same, x):
    def inner(x):
        got = yield x * 2
        try:
            got = yield x + got
        except ValueError:
            got = yield -x
        return got * x

    def g(x):
        result = (yield from inner(x)) + (yield from inner(x + 1))
        yield from [result, *(v * 2 for v in result)]

    def use(g, x):
        it = g(x)
        return [
            next(it), it.send(1), it.throw(ValueError()), it.send(3),
            it.send(4), it.send(5), list(it),
        ]  # fmt: skip

    same(g, x, use=use)


def test_generator_kept_across_calls(x):
    def g(x):
        while True:
            x = np.sin(x) + x * (yield x)

    plain, bumped = g(x), alloc.bump(alloc.Buffer())(g)(x)
    kept = []
    for k in range(200):
        value = None if k == 0 else 1 / k
        a, b = plain.send(value), bumped.send(value)
        kept.append((a, b))
    assert all(np.array_equal(a, b) for a, b in kept)


def test_generator_attributes(x):
    def g(x):
        y = x * 2
        yield y

    bumped = alloc.bump(alloc.Buffer())(g)
    assert inspect.isgeneratorfunction(bumped)
    it = bumped(x)
    assert (it.__name__, it.__qualname__) == (g(x).__name__, g(x).__qualname__)
    next(it)
    assert it.gi_frame.f_lineno == g.__code__.co_firstlineno + 2
    assert it.gi_frame.f_locals["x"] is x
    assert {name for name in it.gi_frame.f_locals if not name.startswith("@")} == {"x", "y"}


def test_coroutines(same, x):
    async def double(x):
        await asyncio.sleep(0)
        return x * 2

    async def f(x):
        y = x + await double(x) * (await double(x + 1))
        try:
            await asyncio.wait_for(asyncio.sleep(10), 0.001)
        except TimeoutError:
            y = y + 1
        return await asyncio.gather(double(y), double(-y))

    same(f, x, use=lambda f, x: asyncio.run(_await(f(x))))


async def _await(awaitable):
    return await awaitable


class AsyncManager:
    def __init__(self, array):
        self.array = array

    async def __aenter__(self):
        await asyncio.sleep(0)
        return self.array * 2

    async def __aexit__(self, kind, error, trace):
        await asyncio.sleep(0)
        return kind is ZeroDivisionError


def test_async_with_and_async_for(same, x):
    async def count(n, x):
        for k in range(n):
            await asyncio.sleep(0)
            try:
                yield x * k
            finally:
                x = x + 1

    async def f(x):
        out = []
        async with AsyncManager(x) as y, AsyncManager(y + 1) as z:
            async for v in count(3, y * z):
                out.append(v + (await _await(v)) * 2)
                if len(out) == 2:
                    continue
            else:
                out.append(-z)
            out += [v * 2 async for v in count(2, z) if (v >= 0).all()]
            out.append({k: v - 1 async for k, v in _pairs(count(2, z))})
            raise ZeroDivisionError
        return out

    async def _pairs(values):
        k = 0
        async for v in values:
            yield k, v
            k = k + 1

    same(f, x, use=lambda f, x: asyncio.run(_await(f(x))))


def test_asynchronous_generators(same, x):
    async def g(x):
        got = None
        try:
            while True:
                got = yield x * 2 + (0 if got is None else got * x)
        except KeyError:
            yield x - 1
        finally:
            await asyncio.sleep(0)

    async def drive(g, x):
        it = g(x)
        out = [await it.asend(None), await it.asend(2.0), await it.athrow(KeyError())]
        await it.aclose()
        return out

    same(g, x, use=lambda g, x: asyncio.run(drive(g, x)))


def test_kinds_are_kept(x):
    async def coroutine(x):
        return x * 2

    async def asynchronous(x):
        yield x * 2

    buf = alloc.Buffer()
    assert inspect.iscoroutinefunction(alloc.bump(buf)(coroutine))
    assert asyncio.run(alloc.bump(buf)(coroutine)(x)).tolist() == (x * 2).tolist()
    assert inspect.isasyncgenfunction(alloc.bump(buf)(asynchronous))


def test_decorated_generator_based_coroutine(same, x):
    @types.coroutine
    def nothing(x):
        yield
        return x * 3

    async def f(x):
        return x + await nothing(x)

    same(f, x, use=lambda f, x: asyncio.run(_await(f(x))))


def test_many_tasks_interleave(x):
    async def work(x, n):
        for k in range(n):
            x = x * 0.5 + k * np.ones(6)
            await asyncio.sleep(0)
        return x

    async def all_of(work):
        return await asyncio.gather(*(work(x + i, 20) for i in range(30)))

    bumped = alloc.bump(alloc.Buffer())(work)
    for a, b in zip(asyncio.run(all_of(work)), asyncio.run(all_of(bumped)), strict=True):
        assert a.tobytes() == b.tobytes()


def test_task_groups(same, x):
    async def double(x, k):
        await asyncio.sleep(0)
        if k == 3:
            raise ValueError(k)
        return x * k

    async def f(x):
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(double(x, k)) for k in range(5)]
        except* ValueError:
            x = x + 1
        return x, [t.result() for t in tasks[:2]]

    same(f, x, use=lambda f, x: asyncio.run(_await(f(x))))


def test_what_outlives_its_profile(x):
    async def coroutine(x):
        y = x * 2
        gc.collect()
        return np.abs(y) + y

    def generator(x):
        yield x * 2
        yield np.abs(x) + x

    values = alloc.profile(generator, x).result
    later = alloc.profile(coroutine, x).result
    gc.collect()
    assert [value.tolist() for value in values] == [value.tolist() for value in generator(x)]
    assert asyncio.run(later).tolist() == asyncio.run(coroutine(x)).tolist()
