#include "sites/operators.h"

#include <string.h>

static const Operator OPERATORS[] = {
    {"add", "add", BINARY, NULL, PyNumber_Add, 0, EITHER},
    {"sub", "subtract", BINARY, NULL, PyNumber_Subtract, 0, LEFT},
    {"mul", "multiply", BINARY, NULL, PyNumber_Multiply, 0, EITHER},
    {"truediv", "true_divide", BINARY, NULL, PyNumber_TrueDivide, 0, LEFT_IF_INEXACT},
    {"floordiv", "floor_divide", BINARY, NULL, PyNumber_FloorDivide, 0, LEFT},
    {"mod", "remainder", BINARY, NULL, PyNumber_Remainder, 0, NONE},
    {"and_", "bitwise_and", BINARY, NULL, PyNumber_And, 0, EITHER},
    {"or_", "bitwise_or", BINARY, NULL, PyNumber_Or, 0, EITHER},
    {"xor", "bitwise_xor", BINARY, NULL, PyNumber_Xor, 0, EITHER},
    {"lshift", "left_shift", BINARY, NULL, PyNumber_Lshift, 0, LEFT},
    {"rshift", "right_shift", BINARY, NULL, PyNumber_Rshift, 0, LEFT},
    {"i_add", "add", IN_PLACE, NULL, PyNumber_InPlaceAdd, 0, NONE},
    {"i_sub", "subtract", IN_PLACE, NULL, PyNumber_InPlaceSubtract, 0, NONE},
    {"i_mul", "multiply", IN_PLACE, NULL, PyNumber_InPlaceMultiply, 0, NONE},
    {"i_truediv", "true_divide", IN_PLACE, NULL, PyNumber_InPlaceTrueDivide, 0, NONE},
    {"i_floordiv", "floor_divide", IN_PLACE, NULL, PyNumber_InPlaceFloorDivide, 0, NONE},
    {"i_mod", "remainder", IN_PLACE, NULL, PyNumber_InPlaceRemainder, 0, NONE},
    {"i_and_", "bitwise_and", IN_PLACE, NULL, PyNumber_InPlaceAnd, 0, NONE},
    {"i_or_", "bitwise_or", IN_PLACE, NULL, PyNumber_InPlaceOr, 0, NONE},
    {"i_xor", "bitwise_xor", IN_PLACE, NULL, PyNumber_InPlaceXor, 0, NONE},
    {"i_lshift", "left_shift", IN_PLACE, NULL, PyNumber_InPlaceLshift, 0, NONE},
    {"i_rshift", "right_shift", IN_PLACE, NULL, PyNumber_InPlaceRshift, 0, NONE},
    {"neg", "negative", UNARY, PyNumber_Negative, NULL, 0, LEFT},
    {"pos", "positive", UNARY, PyNumber_Positive, NULL, 0, LEFT},
    {"invert", "invert", UNARY, PyNumber_Invert, NULL, 0, LEFT},
    {"lt", "less", COMPARE, NULL, NULL, Py_LT, NONE},
    {"le", "less_equal", COMPARE, NULL, NULL, Py_LE, NONE},
    {"eq", "equal", COMPARE, NULL, NULL, Py_EQ, NONE},
    {"ne", "not_equal", COMPARE, NULL, NULL, Py_NE, NONE},
    {"gt", "greater", COMPARE, NULL, NULL, Py_GT, NONE},
    {"ge", "greater_equal", COMPARE, NULL, NULL, Py_GE, NONE},
    {"pow", "power", POWER, NULL, NULL, 0, NONE},
    {"i_pow", NULL, IN_PLACE_POWER, NULL, NULL, 0, NONE},
    {"matmul", NULL, BINARY, NULL, PyNumber_MatrixMultiply, 0, NONE},
    {"i_matmul", NULL, IN_PLACE, NULL, PyNumber_InPlaceMatrixMultiply, 0, NONE},
    {"unpack", NULL, UNPACK, NULL, NULL, 0, NONE},
    {"getitem", NULL, SUBSCRIPT, NULL, PyObject_GetItem, 0, NONE},
    {"slice", NULL, SLICE, NULL, NULL, 0, NONE},
};

const Operator *
operation_named(const char *name)
{
    for (size_t i = 0; i < sizeof(OPERATORS) / sizeof(OPERATORS[0]); i++) {
        if (strcmp(OPERATORS[i].name, name) == 0) {
            return &OPERATORS[i];
        }
    }
    return NULL;
}

const Operator *
operation_in_place(const Operator *operator)
{
    char name[16] = "i_";
    strncat(name, operator->name, sizeof(name) - sizeof("i_"));
    return operation_named(name);
}

PyObject *
operate(const Operator *operator, PyObject *const *operands)
{
    switch (operator->form) {
    case UNARY:
        return operator->unary(operands[0]);
    case COMPARE:
        return PyObject_RichCompare(operands[0], operands[1], operator->compare);
    case POWER:
        return PyNumber_Power(operands[0], operands[1], Py_None);
    case IN_PLACE_POWER:
        return PyNumber_InPlacePower(operands[0], operands[1], Py_None);
    case UNPACK:
        return Py_NewRef(operands[0]); /* the next instruction goes over it */
    case SLICE: {
        PyObject *slice = PySlice_New(operands[1], operands[2], NULL);
        PyObject *result = slice == NULL ? NULL : PyObject_GetItem(operands[0], slice);
        Py_XDECREF(slice);
        return result;
    }
    default:
        return operator->binary(operands[0], operands[1]);
    }
}
