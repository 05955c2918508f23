#include "loops/log.h"

#include <string.h>
#include <time.h>

#define LOG_ENTRIES 16384 /* at first */
#define MOST_LOG_ENTRIES (1 << 22)
#define APPENDED (-1) /* instead of how many bytes: the address is that of a list */
#define PUT(size) ((size) < APPENDED) /* likewise, and this is -2 less the index of the item */
#define ENTRY 3 /* words: the address, what was there, how many bytes */

int64_t
log_now(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int
log_begin(State *state, int64_t *frame)
{
    if (state->loop_log == NULL) {
        size_t entries = state->loop_log_entries ? state->loop_log_entries : LOG_ENTRIES;
        state->loop_log = PyMem_RawMalloc(entries * ENTRY * sizeof(int64_t));
        if (state->loop_log == NULL) {
            return 0;
        }
        state->loop_log_entries = entries;
    }
    int64_t *log = state->loop_log;
    size_t entries = state->loop_log_entries;
    frame[FRAME_LOG] = (int64_t)(intptr_t)log;
    frame[FRAME_LOG_SOFT] = (int64_t)(intptr_t)(log + entries / 2 * ENTRY);
    frame[FRAME_LOG_END] = (int64_t)(intptr_t)(log + entries * ENTRY);
    frame[FRAME_WANTED] = 0;
    return 1;
}

void
log_undo(const int64_t *begin, const int64_t *end)
{
    while (end > begin) {
        end -= ENTRY;
        int64_t address = end[0];
        size_t size = (size_t)end[2];
        const int64_t *before = &end[1];
        if (end[2] == APPENDED) {
            PyObject *list = (PyObject *)(intptr_t)address;
            Py_ssize_t last = PyList_GET_SIZE(list) - 1;
            (void)PyList_SetSlice(list, last, last + 1, NULL); /* of a number: runs no code */
            continue;
        }
        if (PUT(end[2])) {
            PyObject *list = (PyObject *)(intptr_t)address;
            PyObject *stored = PyList_GET_ITEM(list, -2 - end[2]);
            PyList_SET_ITEM(list, -2 - end[2], (PyObject *)(intptr_t)end[1]);
            Py_DECREF(stored); /* likewise */
            continue;
        }
        if (size > sizeof(int64_t)) { /* it lies in front of the entry */
            end -= (size + 7) / 8;
            before = end;
        }
        memcpy((void *)(intptr_t)address, before, size);
    }
}

void
log_settle(const int64_t *begin, const int64_t *end)
{
    while (end > begin) {
        end -= ENTRY;
        if (PUT(end[2])) {
            Py_DECREF((PyObject *)(intptr_t)end[1]); /* a number: runs no code */
        }
        else if (end[2] > (int64_t)sizeof(int64_t)) {
            end -= (end[2] + 7) / 8;
        }
    }
}

void
log_end(State *state, const int64_t *frame)
{
    if (!frame[FRAME_WANTED]) {
        return;
    }
    size_t words = (size_t)(frame[FRAME_WANTED] - frame[FRAME_LOG]) / sizeof(int64_t);
    if (words / ENTRY < MOST_LOG_ENTRIES) {
        PyMem_RawFree(state->loop_log);
        state->loop_log = NULL;
        state->loop_log_entries += words / ENTRY;
        state->loop_log_entries *= 2;
    }
}
