/* Values to the bytes of cells, for `_lines.c`: what a column is, and how a value of each kind is put into a buffer. */
#include "_buffer.h"

#include <datetime.h>

enum kind { FILLER, TEXT, DECIMAL, INTEGER, MOMENT, MADE };
enum byte_kind { ORDINARY, REFUSED, NOT_FIRST, NOT_LAST = 4 };

typedef struct {
    int kind, required, many, none;
    int whole, least, most;   /* digits of a number before the point and behind it; `most` characters of a TEXT */
    Py_ssize_t place;         /* in the row */
    PyTypeObject *type;       /* of its values */
    PyObject *make, *several; /* the text of a value, or whether a TEXT has its shape; the text of several meters */
    PyObject *value, *text;   /* the last value that was made a text, and the text */
} Column;

typedef struct {
    PyObject *is_printable;
    unsigned char bytes[256];
} Rules; /* of all texts: which bytes no cell holds, none begins with, none ends with */

/* These give 1 where a cell is plain and stands in the buffer, 0 where it is not, -1 with an error.
   What is in the buffer of a cell that is not plain is taken back by who asked. */

static int put_text(const Rules *rules, Buffer *buffer, PyObject *text) {
    PyObject *encoded = NULL, *printable;
    unsigned char all = ORDINARY;
    const char *from;
    Py_ssize_t length;
    int failed;
    if (PyUnicode_IS_COMPACT_ASCII(text)) {
        from = (const char *)PyUnicode_1BYTE_DATA(text);
        length = PyUnicode_GET_LENGTH(text);
    } else {
        printable = PyObject_CallOneArg(rules->is_printable, text);
        if (printable == NULL) return -1;
        Py_DECREF(printable);
        if (printable != Py_True) return 0;
        encoded = PyUnicode_AsUTF8String(text);
        if (encoded == NULL) return -1;
        from = PyBytes_AS_STRING(encoded);
        length = PyBytes_GET_SIZE(encoded);
    }
    failed = !put(buffer, from, length);
    for (Py_ssize_t at = 0; at < length; at++) all |= rules->bytes[(unsigned char)from[at]];
    Py_XDECREF(encoded);
    return failed ? -1 : !(all & REFUSED);
}

static int put_own_text(const Rules *rules, const Column *column, Buffer *buffer, PyObject *text) {
    Py_ssize_t start = buffer->size, length = PyUnicode_GetLength(text);
    PyObject *shape;
    int found, visible = 0;
    if (length <= 0) return length < 0 ? -1 : !column->required && !column->many;
    if (column->most > 0 && length > column->most) return 0;
    found = put_text(rules, buffer, text);
    if (found <= 0) return found;
    if (rules->bytes[(unsigned char)buffer->at[start]] & NOT_FIRST) return 0;
    if (rules->bytes[(unsigned char)buffer->at[buffer->size - 1]] & NOT_LAST) return 0;
    if (column->many && memchr(buffer->at + start, ';', (size_t)(buffer->size - start))) return 0;
    if (column->required) {
        for (Py_ssize_t at = start; !visible && at < buffer->size; at++)
            visible = (unsigned char)buffer->at[at] > ' '; /* all of it is printable */
        if (!visible) return 0;
    }
    if (column->make == Py_None) return 1;
    shape = PyObject_CallOneArg(column->make, text);
    if (shape == NULL) return -1;
    Py_DECREF(shape);
    return shape != Py_None;
}

static int put_decimal(const Column *column, Buffer *buffer, PyObject *value) {
    PyObject *text = PyObject_Str(value);
    const char *at, *from, *end;
    int plain = 0;
    if (text == NULL) return -1;
    if (!PyUnicode_IS_COMPACT_ASCII(text)) goto done;
    at = (const char *)PyUnicode_1BYTE_DATA(text);
    end = at + PyUnicode_GET_LENGTH(text);
    if (at < end && *at == '-') at++;
    for (from = at; at < end && *at >= '0' && *at <= '9'; at++) {}
    if (at == from || at - from > column->whole) goto done;
    if (at == end) {
        plain = column->least == 0;
    } else if (*at++ == '.') {
        for (from = at; at < end && *at >= '0' && *at <= '9'; at++) {}
        plain = at == end && at > from && at - from >= column->least && at - from <= column->most;
    }
    if (plain && !put(buffer, (const char *)PyUnicode_1BYTE_DATA(text), PyUnicode_GET_LENGTH(text))) plain = -1;
done:
    Py_DECREF(text);
    return plain;
}

static char *digits(char *at, int value, int count) {
    for (int place = count - 1; place >= 0; place--, value /= 10) at[place] = (char)('0' + value % 10);
    return at + count;
}

static int put_integer(const Column *column, Buffer *buffer, PyObject *value) {
    int beyond = 0, count = 0;
    long long number = PyLong_AsLongLongAndOverflow(value, &beyond);
    char text[24];
    if (number == -1 && PyErr_Occurred()) return -1;
    if (beyond || number < 0) return 0;
    do {
        text[sizeof(text) - 1 - (size_t)count++] = (char)('0' + number % 10);
    } while (number /= 10);
    if (count > column->whole) return 0;
    return put(buffer, text + sizeof(text) - count, count) ? 1 : -1;
}

static int put_moment(Buffer *buffer, PyObject *value) {
    char *at;
    if (PyDateTime_DATE_GET_TZINFO(value) == Py_None) return 0;
    if (!has_room(buffer, 14)) return -1;
    at = digits(buffer->at + buffer->size, PyDateTime_GET_MONTH(value), 2);
    at = digits(at, PyDateTime_GET_DAY(value), 2);
    at = digits(at, PyDateTime_GET_YEAR(value), 4);
    at = digits(at, PyDateTime_DATE_GET_HOUR(value), 2);
    at = digits(at, PyDateTime_DATE_GET_MINUTE(value), 2);
    digits(at, PyDateTime_DATE_GET_SECOND(value), 2);
    buffer->size += 14;
    return 1;
}

static int put_made(const Rules *rules, Column *column, Buffer *buffer, PyObject *value, PyObject *make) {
    PyObject *text, *old_value, *old_text;
    Py_ssize_t start = buffer->size;
    int plain;
    if (value == column->value) {
        text = Py_NewRef(column->text);
    } else {
        text = PyObject_CallOneArg(make, value);
        if (text == NULL) return -1;
        if (!PyUnicode_CheckExact(text)) {
            Py_DECREF(text);
            PyErr_SetString(PyExc_TypeError, "a value was made into what is no text");
            return -1;
        }
        old_value = column->value;
        old_text = column->text;
        column->value = Py_NewRef(value);
        column->text = Py_NewRef(text);
        Py_XDECREF(old_value);
        Py_XDECREF(old_text);
    }
    plain = put_text(rules, buffer, text);
    Py_DECREF(text);
    return plain > 0 && column->required && buffer->size == start ? 0 : plain;
}

static int put_cell(const Rules *rules, Column *column, Buffer *buffer, PyObject *value) {
    if (value == Py_None) return column->none && !column->required;
    if (column->many) {
        if (!PyTuple_CheckExact(value)) return 0;
        if (PyTuple_GET_SIZE(value) == 0) return !column->required;
        if (PyTuple_GET_SIZE(value) > 1 || column->kind == MADE)
            return put_made(rules, column, buffer, value, column->several);
        value = PyTuple_GET_ITEM(value, 0);
    }
    if (Py_TYPE(value) != column->type) return 0;
    switch (column->kind) {
        case TEXT: return put_own_text(rules, column, buffer, value);
        case DECIMAL: return put_decimal(column, buffer, value);
        case INTEGER: return put_integer(column, buffer, value);
        case MOMENT: return put_moment(buffer, value);
        default: return put_made(rules, column, buffer, value, column->make);
    }
}
