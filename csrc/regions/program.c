#include "regions/program.h"

#include <string.h>

static const char *const KINDS[] = {
    "leaf",     "const",    "attribute", "slice",  "tuple",   "index",  "choice",    "guard",
    "bound",    "function", "named",     "held",   "default", "pinned", "something", "again",
    "operation", "call",    "method",    "in place", "store", NULL,
};

static int
program_kind(const char *name)
{
    for (int i = 0; KINDS[i] != NULL; i++) {
        if (strcmp(KINDS[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static enum part
program_part(const Node *node)
{
    if (node->kind != NODE_ATTRIBUTE || !PyUnicode_Check(node->detail)) {
        return PART_NONE;
    }
    return PyUnicode_CompareWithASCIIString(node->detail, "real") == 0   ? PART_REAL
           : PyUnicode_CompareWithASCIIString(node->detail, "imag") == 0 ? PART_IMAG
                                                                         : PART_NONE;
}

/* Read one node: (kind, operands, detail, line). */
static int
program_read_node(Program *program, Node *node, PyObject *source)
{
    PyObject *kind = PyObject_GetAttrString(source, "kind");
    PyObject *operands = PyObject_GetAttrString(source, "operands");
    PyObject *line = PyObject_GetAttrString(source, "line");
    PyObject *helper = PyObject_GetAttrString(source, "helper");
    node->detail = PyObject_GetAttrString(source, "detail");
    const char *name = kind == NULL ? NULL : PyUnicode_AsUTF8(kind);
    int number = name == NULL ? -1 : program_kind(name), done = 0;
    if (number < 0 || operands == NULL || node->detail == NULL || helper == NULL ||
        !PyLong_Check(helper) || !PyTuple_Check(operands) ||
        PyTuple_GET_SIZE(operands) > MOST_OPERANDS) {
        goto end;
    }
    node->kind = (enum node_kind)number;
    node->line = line != NULL && PyLong_Check(line) ? (int)PyLong_AsLong(line) : 0;
    node->helper = (int)PyLong_AsLong(helper);
    if (node->helper >= program->n_nodes) {
        goto end;
    }
    program->n_helpers += node->kind == NODE_FUNCTION;
    node->is_transposed = node->kind == NODE_ATTRIBUTE && PyUnicode_Check(node->detail) &&
                          PyUnicode_CompareWithASCIIString(node->detail, "T") == 0;
    node->part = program_part(node);
    node->n = (int)PyTuple_GET_SIZE(operands);
    node->is_called = node->kind == NODE_GUARD &&
                      (!PyUnicode_Check(node->detail) ||
                       PyUnicode_CompareWithASCIIString(node->detail, "called") == 0);
    node->length = node->kind == NODE_INDEX && PyLong_Check(node->detail)
                       ? (int)PyLong_AsLong(node->detail)
                       : 0;
    node->is_argument = node->kind == NODE_TUPLE && node->detail != Py_None;
    node->is_put_back = node->kind == NODE_INDEX && PyUnicode_Check(node->detail);
    for (int i = 0; i < node->n; i++) {
        long operand = PyLong_AsLong(PyTuple_GET_ITEM(operands, i));
        if (operand < 0 || operand >= program->n_nodes) {
            goto end;
        }
        node->operands[i] = (int)operand;
    }
    if (node->kind == NODE_CALL) {
        node->call = PyTuple_Check(node->detail) ? PyMem_Calloc(1, sizeof(NumberCall)) : NULL;
        if (node->call == NULL) {
            goto end;
        }
        program->bytes += sizeof(NumberCall);
    }
    if (node->kind == NODE_LEAF) {
        node->leaf = (int)PyLong_AsLong(node->detail);
        program->n_leaves++;
    }
    if (node->kind == NODE_OPERATION || node->kind == NODE_IN_PLACE) {
        const char *symbol = PyUnicode_AsUTF8(node->detail);
        node->operator = symbol == NULL ? NULL : operation_named(symbol);
        if (node->operator == NULL) {
            goto end;
        }
    }
    program->n_effects += is_effect(node->kind);
    done = 1;
end:
    Py_XDECREF(kind);
    Py_XDECREF(line);
    Py_XDECREF(helper);
    Py_XDECREF(operands);
    return done;
}

static int
program_truth(PyObject *source, const char *name)
{
    PyObject *value = PyObject_GetAttrString(source, name);
    int result = value == NULL ? -1 : PyObject_IsTrue(value);
    Py_XDECREF(value);
    return result;
}

/* Note which values are indices and nothing else, so that a list among them may become an array. */
static void
program_note_indices(Program *program)
{
    for (int use = 0; use < 2; use++) { /* as an index, then as anything else */
        for (int i = 0; i < program->n_nodes; i++) {
            const Node *node = &program->nodes[i];
            for (int k = 0; k < node->n; k++) {
                int is_index = k == 1 && (node->kind == NODE_INDEX || node->kind == NODE_STORE);
                if (is_index == !use) {
                    program->nodes[node->operands[k]].is_index = is_index;
                }
            }
        }
    }
    for (int i = 0; i < program->n_outputs; i++) {
        program->nodes[program->outputs[i]].is_index = 0;
    }
}

static int
program_read_all(Program *program, PyObject *nodes, PyObject *outputs)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(nodes); i++) {
        Node *node = &program->nodes[program->n_nodes];
        int done = program_read_node(program, node, PyTuple_GET_ITEM(nodes, i));
        program->n_nodes++;
        if (!done) {
            return 0;
        }
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(outputs); i++) {
        long node = PyLong_AsLong(PyTuple_GET_ITEM(outputs, i));
        if (node < 0 || node >= program->n_nodes) {
            return 0;
        }
        program->outputs[program->n_outputs++] = (int)node;
    }
    program_note_indices(program);
    return 1;
}

/* Read where the values of leaves come from. */
static int
program_read_origins(Program *program)
{
    PyObject *origins = PyObject_GetAttrString(program->source, "origins");
    PyObject *names = PyObject_GetAttrString(program->source, "leaves");
    int n = program->n_leaves, done = 0;
    if (origins == NULL || names == NULL || !PyTuple_Check(origins) || !PyTuple_Check(names) ||
        PyTuple_GET_SIZE(origins) != n || PyTuple_GET_SIZE(names) != n) {
        goto end;
    }
    program->lookups = PyMem_Calloc((size_t)n + 1, sizeof(Lookup));
    if (program->lookups == NULL) {
        PyErr_NoMemory();
        goto end;
    }
    program->bytes += ((size_t)n + 1) * sizeof(Lookup);
    for (int i = 0; i < n; i++) {
        Lookup *lookup = &program->lookups[i];
        PyObject *origin = PyTuple_GET_ITEM(origins, i), *name = PyTuple_GET_ITEM(names, i);
        if (!PyUnicode_Check(origin) || !PyUnicode_CheckExact(name)) {
            goto end;
        }
        lookup->is_cell = PyUnicode_CompareWithASCIIString(origin, "cell") == 0;
        if (PyUnicode_CompareWithASCIIString(origin, "global") == 0) {
            lookup->global = Py_NewRef(name);
            PyUnicode_InternInPlace(&lookup->global);
        }
        program->n_given += lookup->global == NULL;
        program->has_lookups |= lookup->global != NULL || lookup->is_cell;
    }
    done = 1;
end:
    Py_XDECREF(origins);
    Py_XDECREF(names);
    return done;
}

/* Note which leaves are temporaries. */
static int
program_read_temporaries(Program *program)
{
    PyObject *leaves = PyObject_GetAttrString(program->source, "temporaries");
    if (leaves == NULL) {
        return 0;
    }
    for (int i = 0; i < program->n_nodes; i++) {
        Node *node = &program->nodes[i];
        int found = node->kind == NODE_LEAF ? PySequence_Contains(leaves, node->detail) : 0;
        if (found < 0) {
            Py_DECREF(leaves);
            return 0;
        }
        node->is_temporary = found;
    }
    Py_DECREF(leaves);
    return 1;
}

int
program_owner(const Program *program, int node)
{
    const Node *made = &program->nodes[node];
    while (made->kind == NODE_INDEX || made->kind == NODE_ATTRIBUTE) {
        node = made->operands[0];
        made = &program->nodes[node];
    }
    return node;
}

/* A program that has room for nodes and outputs; NULL if these are none, or too many. */
static Program *
program_room(PyObject *nodes, PyObject *outputs)
{
    if (nodes == NULL || outputs == NULL || !PyTuple_Check(nodes) || !PyTuple_Check(outputs) ||
        PyTuple_GET_SIZE(nodes) > MOST_NODES || PyTuple_GET_SIZE(outputs) > MOST_NODES) {
        return NULL;
    }
    size_t size = sizeof(Program) + (size_t)PyTuple_GET_SIZE(nodes) * sizeof(Node);
    size_t bytes = size + (size_t)PyTuple_GET_SIZE(outputs) * sizeof(int);
    Program *program = PyMem_Calloc(1, bytes);
    if (program == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    program->bytes = bytes;
    program->outputs = (int *)((char *)program + size);
    return program;
}

Program *
program_new(PyObject *source)
{
    PyObject *nodes = PyObject_GetAttrString(source, "nodes");
    PyObject *outputs = PyObject_GetAttrString(source, "outputs");
    Program *program = program_room(nodes, outputs);
    int done = 0;
    if (program != NULL) {
        program->source = Py_NewRef(source);
        done = program_read_all(program, nodes, outputs) &&
               (program->is_packed = program_truth(source, "is_packed")) >= 0 &&
               program_read_temporaries(program) && program_read_origins(program);
    }
    Py_XDECREF(nodes);
    Py_XDECREF(outputs);
    if (!done) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ValueError, "RegionSite: not a program that can be run");
        }
        if (program != NULL) {
            program_delete(program);
        }
        return NULL;
    }
    return program;
}

int
program_traverse(const Program *program, visitproc visit, void *arg)
{
    for (int i = 0; i < program->n_nodes; i++) {
        const NumberCall *known = program->nodes[i].call;
        int stopped = known == NULL ? 0 : number_call_traverse(known, visit, arg);
        if (stopped) {
            return stopped;
        }
    }
    Py_VISIT(program->source);
    return 0;
}

void
program_forget_calls(Program *program)
{
    for (int i = 0; i < program->n_nodes; i++) {
        if (program->nodes[i].call != NULL) {
            number_call_clear(program->nodes[i].call);
        }
    }
}

void
program_delete(Program *program)
{
    program_forget_calls(program);
    for (int i = 0; i < program->n_nodes; i++) {
        Py_CLEAR(program->nodes[i].detail);
        PyMem_Free(program->nodes[i].call);
    }
    for (int i = 0; program->lookups != NULL && i < program->n_leaves; i++) {
        Py_CLEAR(program->lookups[i].global);
    }
    PyMem_Free(program->lookups);
    Py_CLEAR(program->source);
    PyMem_Free(program);
}
