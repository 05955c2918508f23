/* What differs between compilers, processors and versions of Python. */
#ifndef ALLOC_REWRITE_COMPAT_H
#define ALLOC_REWRITE_COMPAT_H

#include <Python.h>
#include <fenv.h>

#if defined(__GNUC__) || defined(__clang__)
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define AT_ANY_ADDRESS __attribute__((aligned(1))) /* after a type: at any address */
/* In a loop of few turns: keeps the compiler from vector stores, which later loads of single items
 * have to wait for. */
#define ITEM_BY_ITEM __asm__ volatile("" : : : "memory")
#define THREAD_LOCAL _Thread_local
#else
#define LIKELY(x) (x)
#define UNLIKELY(x) (x)
#define ALWAYS_INLINE static inline
#define NOINLINE
#define AT_ANY_ADDRESS
#define ITEM_BY_ITEM ((void)0)
#define THREAD_LOCAL __declspec(thread)
#endif

/* Arenas, slots and caches are shared by all threads under the GIL alone, and a count of references
 * says who holds an array; see docs/explanation/free-threaded-builds.md. */
#ifdef Py_GIL_DISABLED
#error "free-threaded builds of Python are not supported"
#endif

/* Whether the calling frame's stack is the only holder of an operand, which dies with the
 * operation. Since 3.14 a frame may lend a local to a call without counting; Python itself looks
 * at the stack. */
#if PY_VERSION_HEX < 0x030E0000
#define is_temporary(operand) (Py_REFCNT(operand) == 1)
#else
#define is_temporary(operand) PyUnstable_Object_IsUniqueReferencedTemporary(operand)
#endif

/* Bytes at the beginning of what is known of the tools that watch some code, of which one that
 * isn't zero says that a tool does: since 3.14 public headers have no more than the events. */
#if PY_VERSION_HEX >= 0x030E0000
#define WATCHES (2 * (PY_MONITORING_EVENT_STOP_ITERATION + 1))
#elif PY_VERSION_HEX >= 0x030C0000
#define WATCHES (2 * sizeof(_Py_LocalMonitors))
#endif

/* The value of an int of one digit, as nearly all indices are, without a call; returns whether it
 * is one. */
ALWAYS_INLINE int
int_of_one_digit(PyObject *given, Py_ssize_t *value)
{
    PyLongObject *number = (PyLongObject *)given;
#if PY_VERSION_HEX < 0x030C0000
    Py_ssize_t digits = Py_SIZE(number); /* with the sign; none for zero */
    if (digits < -1 || digits > 1) {
        return 0;
    }
    *value = digits * (Py_ssize_t)number->ob_digit[0];
#else
    if (!PyUnstable_Long_IsCompact(number)) {
        return 0;
    }
    *value = PyUnstable_Long_CompactValue(number);
#endif
    return 1;
}

/* A context variable in memory, as `pycore_context.h` has it from 3.11 to 3.15. Used only where
 * `handler_learn` saw that it is so. */
struct HandlerVariable {
    PyObject_HEAD
    PyObject *name;
    PyObject *value_by_default;
    PyObject *cached;  /* borrowed from the context, or from a stretch */
    uint64_t thread;   /* in which it is valid, */
    uint64_t version;  /* and the version of that thread's context */
    Py_hash_t hash;
};
/* Memory for as long as the function runs. */
#ifdef _MSC_VER
#include <malloc.h>
#define STACK_ARRAY(type, n) ((type *)_alloca(((size_t)(n) + 1) * sizeof(type)))
#else
#define STACK_ARRAY(type, n) ((type *)__builtin_alloca(((size_t)(n) + 1) * sizeof(type)))
#endif
/* The same in an array of fixed size, which takes less time, if that has room for so many. */
#define STACK_ROOM(type, few, n) \
    ((size_t)(n) <= sizeof(few) / sizeof(type) ? (few) : STACK_ARRAY(type, n))

/* Up to 3.11 the collector may run inside the setting of a context variable, and a finaliser that
 * sets one as well destroys what is being copied (CPython issue 148891). */
#if PY_VERSION_HEX < 0x030C0000
#define COLLECTOR_OFF int collector_was_on = PyGC_Disable()
#define COLLECTOR_ON            \
    do {                        \
        if (collector_was_on) { \
            PyGC_Enable();      \
        }                       \
    } while (0)
#else
#define COLLECTOR_OFF (void)0
#define COLLECTOR_ON (void)0
#endif

/* Have memory fetched that will be used soon. */
#if defined(__GNUC__) || defined(__clang__)
#define FETCH(address) __builtin_prefetch(address)
#else
#define FETCH(address) (void)(address)
#endif

/* Functions whose loops are compiled for several processors; the one that runs chooses. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif
#if defined(__GNUC__) && !defined(__clang__)
#define INDEPENDENT _Pragma("GCC ivdep") /* a result may lie over an operand, item on item */
#define UNROLL_TWICE _Pragma("GCC unroll 2") /* or GCC unrolls a loop of few turns as a whole */
#else
#define INDEPENDENT
#define UNROLL_TWICE
#endif

/* The floating point status, as NumPy looks at it. On x86 its loops compute in SSE registers, whose
 * status is read several times faster than both units' together. Where long doubles are computed,
 * or flags raised by a function of the C library (which may raise them in the other unit), the
 * slow way is taken. */
#define FE_REPORTED (FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW | FE_INVALID)
#if defined(__x86_64__)
#include <xmmintrin.h>
#define FAST_STATUS 1
_Static_assert(FE_DIVBYZERO == _MM_EXCEPT_DIV_ZERO && FE_OVERFLOW == _MM_EXCEPT_OVERFLOW &&
                   FE_UNDERFLOW == _MM_EXCEPT_UNDERFLOW && FE_INVALID == _MM_EXCEPT_INVALID,
               "the bits of SSE's register have the places of the C library's");
#else
#define FAST_STATUS 0
#endif

ALWAYS_INLINE void
status_clear(int slow)
{
#if FAST_STATUS
    if (!slow) {
        unsigned int now = _mm_getcsr();
        if (now & FE_REPORTED) {
            _mm_setcsr(now & ~(unsigned int)FE_REPORTED);
        }
        return;
    }
#endif
    (void)slow;
    if (fetestexcept(FE_REPORTED)) {
        feclearexcept(FE_REPORTED);
    }
}

/* What NumPy would report: bits of <fenv.h>. */
ALWAYS_INLINE int
status_raised(int slow)
{
#if FAST_STATUS
    if (!slow) {
        return (int)_mm_getcsr() & FE_REPORTED;
    }
#endif
    (void)slow;
    return fetestexcept(FE_REPORTED);
}

#endif
