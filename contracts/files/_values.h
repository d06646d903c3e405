/* Cells to values, for `_invoices.c`: what a column is, and what value its cell has. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#define HELD 64 /* bytes of a cell that are compared with the last one of its column */

enum kind { FILLER, TEXT, DECIMAL, MADE, NUMBER };

typedef struct {
    int kind, required, many, whole, least, most; /* digits of a DECIMAL before the point and behind it */
    Py_ssize_t place;                             /* in the row */
    PyObject *empty, *make, *several;             /* from text: one value; those of several meters */
    Py_ssize_t held;                              /* the last cell with a value: its bytes, and the value */
    char text[HELD];
    PyObject *value;
} Column; /* `most` is of a NUMBER the bytes that it may have */

/* The value of a text, made anew; NULL with an error where it has none. */
static PyObject *make_value(const Column *column, const char *at, Py_ssize_t length, PyObject *text) {
    PyObject *value, *one;
    if (column->kind == MADE || column->kind == NUMBER) return PyObject_CallOneArg(column->make, text);
    if (column->many && memchr(at, ';', (size_t)length)) return PyObject_CallOneArg(column->several, text);
    value = column->kind == DECIMAL ? PyObject_CallOneArg(column->make, text) : Py_NewRef(text);
    if (value == NULL || !column->many) return value;
    one = PyTuple_Pack(1, value);
    Py_DECREF(value);
    return one;
}

static int is_decimal(const Column *column, const char *at, const char *end) {
    const char *from;
    if (at < end && *at == '-') at++;
    for (from = at; at < end && *at >= '0' && *at <= '9'; at++) {}
    if (at == from || at - from > column->whole) return 0;
    if (at == end) return column->least == 0;
    if (*at++ != '.') return 0;
    for (from = at; at < end && *at >= '0' && *at <= '9'; at++) {}
    return at == end && at > from && at - from >= column->least && at - from <= column->most;
}

static int is_visible(const char *at, const char *end) {
    while (at < end && !(*at > ' ' && *at < 127)) at++;
    return at < end;
}

/* A number that names somebody is what it looks like, and not what a spreadsheet makes of a long one (an E is in it). */
static int is_plain_number(const Column *column, const char *at, Py_ssize_t length, int ascii) {
    return ascii && length <= column->most && !memchr(at, 'e', (size_t)length) && !memchr(at, 'E', (size_t)length) &&
           !memchr(at, '\t', (size_t)length);
}

/* The value of a cell; NULL where it is not plain, with or without an error. */
static PyObject *value_of(Column *column, const char *at, Py_ssize_t length, int ascii) {
    PyObject *text, *value, *old;
    if (length == 0) return column->required ? NULL : Py_NewRef(column->empty);
    if (length == column->held && memcmp(at, column->text, (size_t)length) == 0) return Py_NewRef(column->value);
    if (column->kind == DECIMAL && !is_decimal(column, at, at + length) &&
        !(column->many && memchr(at, ';', (size_t)length)))
        return NULL;
    if (ascii) {
        text = PyUnicode_New(length, 127);
        if (text != NULL) memcpy(PyUnicode_1BYTE_DATA(text), at, (size_t)length);
    } else {
        text = PyUnicode_DecodeUTF8(at, length, NULL);
    }
    if (text == NULL) return NULL;
    if (column->kind == NUMBER && is_plain_number(column, at, length, ascii)) return text;
    value = make_value(column, at, length, text);
    Py_DECREF(text);
    if (value != NULL && length <= HELD) {
        memcpy(column->text, at, (size_t)length);
        column->held = length;
        old = column->value;
        column->value = Py_NewRef(value);
        Py_XDECREF(old);
    }
    return value;
}

/* The value of a bill file's cell. A required text shows something of ASCII; what else may be seen is Python's to say. */
static PyObject *visible_value_of(Column *column, const char *at, const char *end, int ascii) {
    if (column->kind == TEXT && column->required && !is_visible(at, end)) return NULL;
    return value_of(column, at, end - at, ascii);
}

/* The value of a CSV file's cell, which may have spaces around it. As above. */
static PyObject *stripped_value_of(Column *column, const char *at, const char *end, int ascii) {
    PyObject *value, *stripped;
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    while (at < end && (end[-1] == ' ' || end[-1] == '\t')) end--;
    value = value_of(column, at, end - at, ascii);
    if (value == NULL || ascii || (column->kind != TEXT && column->kind != NUMBER)) return value;
    stripped = PyObject_CallOneArg(column->make, value); /* of other white space */
    Py_DECREF(value);
    if (stripped != NULL && column->required && PyUnicode_GetLength(stripped) == 0) Py_CLEAR(stripped);
    return stripped;
}
