"""Cells, classes, comprehensions and names of every kind."""

import functools

import numpy as np

import alloc_rewrite as alloc

COUNTER = 0


def test_comprehensions_with_captured_names(same, x):
    def f(x, n):
        y = x * 2
        rows = [[y * k + x for k in range(n) if (x * k).sum() >= 0] for n in range(3)]
        some = {float((y * k).sum()) for k in range(n)}
        table = {k: [lambda: (k, y + k, n)] for k in range(n)}
        lazy = sum((y * k + n for k in range(n)), x * 0)
        return rows, some, lazy, [c() for row in table.values() for c in row], n

    same(f, x, 4)


def test_comprehension_variable_shadows_a_local_and_a_cell(same, x):
    def f(x):
        k = x * 2
        y = [k + 1 for k in range(3)]
        inner = [lambda: k * x for x in (1, 2)]
        return k, y, [g() for g in inner], x

    same(f, x)


def test_comprehension_that_raises_restores_the_variable(same, x):
    def f(x):
        k = x * 2
        try:
            y = [k / 0 if k == 2 else x * k for k in range(4)]
        except ZeroDivisionError:
            y = k
        return k + y

    same(f, x)


def test_lambdas_in_defaults_and_closures(same, x):
    def f(x, scale=lambda v: v * 2, *, shift=lambda v, by=3: v + by):
        total = x
        adders = [lambda v, k=k: v + k * total for k in range(3)]
        total = scale(total)
        return [shift(a(scale(x))) for a in adders]

    same(f, x)


def test_nonlocal_and_global(same, x):
    def f(x):
        global COUNTER
        COUNTER = 0
        count, last = 0, None

        def step(v):
            global COUNTER
            nonlocal count, last
            count += 1
            COUNTER += 1
            last = v * count
            return last + x

        return [step(step(x)), step(x * 2)], count, last, COUNTER

    same(f, x)


def test_del_of_cells_and_globals(same, x):
    def f(x):
        global SHORT_LIVED
        SHORT_LIVED = x * 2

        def inner():
            return y + SHORT_LIVED  # noqa: F821

        y = x
        first = inner()
        del y
        try:
            inner()
        except NameError as error:
            text = str(error)
        del SHORT_LIVED
        y = 1
        try:
            inner()
        except NameError as error:
            return first, text, str(error)

    same(f, x)


class Base:
    def __init__(self, x):
        self.x = x * 2

    def scaled(self, k):
        return self.x * k

    @property
    def total(self):
        return self.x.sum() + self.x

    @classmethod
    def make(cls, x):
        return cls(x + 1)

    @staticmethod
    def norm(x):
        return np.sqrt(x * x)


class Derived(Base):
    def __init__(self, x):
        super().__init__(x - 1)
        self.kind = __class__.__name__

    def scaled(self, k):
        return super().scaled(k) + super(Derived, self).scaled(-2 * k)

    @property
    def total(self):
        return super().total * 2

    @classmethod
    def make(cls, x):
        made = super().make(x)
        made.x = made.x + cls.norm(x)
        return made

    @staticmethod
    def norm(x):
        return Base.norm(x) * 3

    def later(self):
        return [super(Derived, self).scaled(k) for k in range(2)], (lambda: super().norm(self.x))()


def test_zero_argument_super(same, x):
    def f(x):
        d = Derived.make(x)
        return d.scaled(3), d.total, d.kind, d.norm(x), d.later()

    same(f, x)


def test_class_with_super_bumped_in_place(x):
    def make():
        class First:
            def __init__(self, x):
                self.x = x * 2

            def value(self, k=1):
                return self.x * k

        class Second(First):
            def __init__(self, x):
                super().__init__(x)
                self.x = self.x + 1

            def value(self, k=2):
                return super().value(k) + x, __class__.__name__

            @functools.cached_property
            def once(self):
                return self.x / 3

        return First, Second

    first, second = make()
    alloc.bump(alloc.Buffer())(first)
    bumped = alloc.bump(alloc.Buffer())(second)
    plain = make()[1]
    for _ in range(80):
        a, b = plain(x), bumped(x)
        assert np.array_equal(a.value(3)[0], b.value(3)[0])
        assert np.array_equal(a.once, b.once)
        assert b.once is b.once
        assert b.value()[1] == "Second"


def test_nested_classes_and_decorators(same, x):
    def f(x):
        def twice(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                return function(*args, **kwargs) * 2

            return wrapper

        y = x + 1

        class Outer:
            z = y * 2
            rows = [k * 3 for k in range(3)]

            class Inner:
                @twice
                @twice
                def go(self, v):
                    return v + y

                def __matmul__(self, other):
                    return other + y

                def __call__(self, v, *, k=2):
                    return v * k + y

                def __getitem__(self, index):
                    return y[index] * 2

                def __neg__(self):
                    return -y

                def __iadd__(self, v):
                    self.got = v * 2
                    return self

            def __init__(self):
                self.inner = self.Inner()

        o = Outer()
        o.inner += x
        i = o.inner
        return o.z, i.go(x), i @ x, i(x), i(x, k=3), i[1:3], -i, i.got, Outer.rows

    same(f, x)


def test_many_locals(same, x):
    names = [f"v{k}" for k in range(40)]
    body = "\n".join(f"    {n} = x * {k} + {k}" for k, n in enumerate(names))
    source = f"def f(x):\n{body}\n    return [{', '.join(reversed(names))}]\n"
    namespace = {}
    exec(source, namespace)
    same(namespace["f"], x)


def test_local_with_index_16(same, x):
    def f(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u):  # noqa: E741
        v = q * r + q
        q, r = r - v, q + v
        return (q, r, q @ r), (t * u, u - q), [q for q in (r, s)], v

    same(f, *[x + k for k in range(20)])


def test_names_that_look_like_the_librarys(same, x):
    def f(x):
        s0, null = x * 2, x + 1
        return s0 @ null, [lambda: s0 + null][0]()

    same(f, x)


def test_unused_cells_and_arguments_keep_their_places(same, x):
    def f(unused, x, *args, key=None, **kwargs):
        def inner():
            return unused

        return x * 2, args, key, kwargs

    same(lambda x: f(1, x, 2, 3, key=4, other=x + 1), x)


def test_argument_that_is_a_cell(same, x):
    def f(x, k):
        def inner(y):
            nonlocal x
            x = x + y * k
            return x

        return [inner(x) for _ in range(3)], x

    same(f, x, 2)


def test_recursive_closure(same, x):
    def f(x, n):
        def down(v, n):
            return v if n == 0 else down(v * 2 + x, n - 1)

        return down(x, n)

    same(f, x, 30)


def test_equal_constants_of_different_kinds(same, x):
    def f(x):
        return (
            x * 0,
            x * 0.0,
            x * -0.0,
            x * False,
            (x + 1, x + 1.0, x + True),
            x * 1j,
            (0, 0.0, -0.0),
        )

    same(f, x)
