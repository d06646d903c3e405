/* Good rows of typed values to the bytes of their lines, in one pass.

   It decides no error. A value that is not plainly right (of another type, with a byte that a cell cannot hold, an amount
   of other decimals) makes all of it None, and Python writes those rows and says what is wrong; or, where Python gave a
   judge, that one cell is the judge's. The columns, their kinds and digits, what bytes no cell holds and how long a row
   may be come from Python when a writer is made (`in_c.py`). */
#include "_cells.h"

#include <stddef.h>

#define INTERFACE 2 /* what in_c.py asks for: a module of another build is not used */

typedef struct {
    Py_ssize_t width, values;
    Column *columns;
} Record;

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    Py_ssize_t count, longest; /* records; bytes of a row */
    Py_ssize_t most_rows;      /* of the last record that stand together, or 0 */
    Py_ssize_t last;           /* bytes that were made of the rows before */
    Record *records;
    PyObject *end;
    char separator;
    Rules rules;
} Writer;

/* What the judge makes of a cell, in the buffer; 0 with an error. */
static int put_judged(Buffer *buffer, PyObject *judge, Py_ssize_t column, PyObject *value, Py_ssize_t at) {
    PyObject *encoded = NULL, *text = PyObject_CallFunction(judge, "nOn", column, value, at);
    int done;
    if (text != NULL) encoded = PyUnicode_AsUTF8String(text);
    Py_XDECREF(text);
    if (encoded == NULL) return 0;
    done = put(buffer, PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded));
    Py_DECREF(encoded);
    return done;
}

/* As of a cell. The row has as many values as its record. */
static int put_row(const Writer *writer, const Record *record, Buffer *buffer, PyObject *row, PyObject *judge,
                   Py_ssize_t at) {
    Py_ssize_t start = buffer->size;
    for (Py_ssize_t number = 0; number < record->width; number++) {
        Column *column = &record->columns[number];
        Py_ssize_t before;
        int plain = 1;
        if (number > 0 && !put(buffer, &writer->separator, 1)) return -1;
        before = buffer->size;
        if (column->kind != FILLER) plain = put_cell(&writer->rules, column, buffer, PyTuple_GET_ITEM(row, column->place));
        if (plain < 0) return -1;
        if (plain) continue;
        if (judge == NULL) return 0;
        buffer->size = before;
        if (!put_judged(buffer, judge, number, PyTuple_GET_ITEM(row, column->place), at)) return -1;
    }
    if (buffer->size - start > writer->longest) return 0;
    return put(buffer, PyBytes_AS_STRING(writer->end), PyBytes_GET_SIZE(writer->end)) ? 1 : -1;
}

static int fits(const Record *record, PyObject *row) {
    return PyTuple_Check(row) && PyTuple_GET_SIZE(row) == record->values;
}

/* The rows of each record's tuple in turn: the first ones, then the second ones. As of a cell. */
static int put_all(const Writer *writer, Buffer *buffer, PyObject *const *given, PyObject *judge) {
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(given[0]); at++) {
        for (Py_ssize_t which = 0; which < writer->count; which++) {
            const Record *record = &writer->records[which];
            PyObject *item = PyTuple_GET_ITEM(given[which], at);
            Py_ssize_t rows = 1;
            int is_nest = writer->most_rows > 0 && which == writer->count - 1;
            if (is_nest) {
                if (!PyTuple_CheckExact(item)) return 0;
                rows = PyTuple_GET_SIZE(item);
                if (rows == 0 || rows > writer->most_rows) return 0;
            }
            for (Py_ssize_t place = 0; place < rows; place++) {
                PyObject *row = is_nest ? PyTuple_GET_ITEM(item, place) : item;
                int plain = fits(record, row) ? put_row(writer, record, buffer, row, judge, at) : 0;
                if (plain <= 0) return plain;
            }
        }
    }
    return 1;
}

/* writer(rows of the first record, of the second, ..., judge where there is one) -> bytes, or None. */
static PyObject *call(PyObject *self, PyObject *const *given, size_t vector, PyObject *names) {
    Writer *writer = (Writer *)self;
    Py_ssize_t count = PyVectorcall_NARGS(vector);
    PyObject *judge = count == writer->count + 1 ? given[count - 1] : NULL, *found = NULL;
    Buffer buffer = {NULL, 0, 0};
    int plain = names == NULL && (count == writer->count || judge != NULL);
    for (Py_ssize_t which = 0; plain && which < writer->count; which++)
        plain = PyTuple_CheckExact(given[which]) && PyTuple_GET_SIZE(given[which]) == PyTuple_GET_SIZE(given[0]);
    if (!plain) {
        PyErr_SetString(PyExc_TypeError, "takes a tuple of rows for each record, all of one length");
        return NULL;
    }
    if (judge != NULL) /* who is asked about a cell may count it: so nothing may be found to be wrong after that */
        for (Py_ssize_t at = 0; plain && at < PyTuple_GET_SIZE(given[0]); at++)
            plain = fits(&writer->records[0], PyTuple_GET_ITEM(given[0], at));
    if (plain) plain = has_room(&buffer, writer->last + 1) ? put_all(writer, &buffer, given, judge) : -1;
    if (plain > 0) found = PyBytes_FromStringAndSize(buffer.at, buffer.size);
    writer->last = buffer.size;
    PyMem_Free(buffer.at);
    if (plain > 0) return found;
    if (plain < 0) { /* a value that Python cannot make a text of either */
        if (judge != NULL || !(PyErr_ExceptionMatches(PyExc_ValueError) || PyErr_ExceptionMatches(PyExc_KeyError) ||
                               PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_AttributeError)))
            return NULL;
        PyErr_Clear();
    }
    Py_RETURN_NONE;
}

static void dealloc(PyObject *self) {
    Writer *writer = (Writer *)self;
    for (Py_ssize_t which = 0; writer->records != NULL && which < writer->count; which++) {
        Record *record = &writer->records[which];
        for (Py_ssize_t at = 0; record->columns != NULL && at < record->width; at++) {
            Column *column = &record->columns[at];
            Py_XDECREF(column->type);
            Py_XDECREF(column->make);
            Py_XDECREF(column->several);
            Py_XDECREF(column->value);
            Py_XDECREF(column->text);
        }
        PyMem_Free(record->columns);
    }
    PyMem_Free(writer->records);
    Py_XDECREF(writer->end);
    Py_XDECREF(writer->rules.is_printable);
    Py_TYPE(self)->tp_free(self);
}

/* A column from its tuple; 0 with an error where it is none. */
static int take_column(Column *column, Py_ssize_t values, PyObject *given) {
    PyObject *type, *make, *several;
    if (!PyTuple_Check(given) ||
        !PyArg_ParseTuple(given, "ipppiiinO!OO", &column->kind, &column->required, &column->many, &column->none,
                          &column->whole, &column->least, &column->most, &column->place, &PyType_Type, &type, &make,
                          &several)) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a column is a tuple");
        return 0;
    }
    column->type = (PyTypeObject *)Py_NewRef(type);
    column->make = Py_NewRef(make);
    column->several = Py_NewRef(several);
    if (column->kind < FILLER || column->kind > MADE) {
        PyErr_SetString(PyExc_ValueError, "a column is of no known kind");
        return 0;
    }
    const PyTypeObject *needed = column->kind == TEXT      ? &PyUnicode_Type
                                 : column->kind == INTEGER ? &PyLong_Type
                                 : column->kind == MOMENT  ? PyDateTimeAPI->DateTimeType
                                                           : column->type;
    if (column->type != needed) {
        PyErr_SetString(PyExc_ValueError, "a column's values are not of the type of its kind");
        return 0;
    }
    if (column->kind != FILLER && (column->place < 0 || column->place >= values)) {
        PyErr_SetString(PyExc_ValueError, "a column has no place in its row");
        return 0;
    }
    return 1;
}

static int take_record(Record *record, PyObject *given) {
    PyObject *columns;
    if (!PyTuple_Check(given) || !PyArg_ParseTuple(given, "nO!", &record->values, &PyTuple_Type, &columns)) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a record is a tuple");
        return 0;
    }
    record->columns = PyMem_Calloc((size_t)PyTuple_GET_SIZE(columns) + 1, sizeof(Column));
    if (record->columns == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    record->width = PyTuple_GET_SIZE(columns);
    for (Py_ssize_t at = 0; at < record->width; at++)
        if (!take_column(&record->columns[at], record->values, PyTuple_GET_ITEM(columns, at))) return 0;
    return 1;
}

/* Writer(records, separator, end of a line, bytes that no cell holds, that no text begins with, that none ends with,
   bytes of the longest row, rows of the last record that stand together or 0) */
static PyObject *new_writer(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    PyObject *records, *end, *marks[3];
    Py_ssize_t longest, most_rows;
    int separator;
    Writer *writer;
    (void)names;
    if (!PyArg_ParseTuple(arguments, "O!cSSSSnn", &PyTuple_Type, &records, &separator, &end, &marks[0], &marks[1],
                          &marks[2], &longest, &most_rows))
        return NULL;
    if (PyTuple_GET_SIZE(records) == 0) {
        PyErr_SetString(PyExc_ValueError, "a writer has a record");
        return NULL;
    }
    writer = (Writer *)type->tp_alloc(type, 0);
    if (writer == NULL) return NULL;
    writer->call = call;
    writer->end = Py_NewRef(end);
    writer->longest = longest;
    writer->most_rows = most_rows;
    writer->separator = (char)separator;
    for (int which = 0; which < 3; which++)
        for (Py_ssize_t at = 0; at < PyBytes_GET_SIZE(marks[which]); at++)
            writer->rules.bytes[(unsigned char)PyBytes_AS_STRING(marks[which])[at]] |= (unsigned char)(REFUSED << which);
    writer->rules.is_printable = PyObject_GetAttrString((PyObject *)&PyUnicode_Type, "isprintable");
    writer->records = PyMem_Calloc((size_t)PyTuple_GET_SIZE(records), sizeof(Record));
    if (writer->rules.is_printable == NULL || writer->records == NULL) goto failed;
    writer->count = PyTuple_GET_SIZE(records);
    for (Py_ssize_t which = 0; which < writer->count; which++)
        if (!take_record(&writer->records[which], PyTuple_GET_ITEM(records, which))) goto failed;
    return (PyObject *)writer;
failed:
    if (!PyErr_Occurred()) PyErr_NoMemory();
    Py_DECREF(writer);
    return NULL;
}

static PyTypeObject WriterType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "partnerlab.contracts.files._lines.Writer",
    .tp_basicsize = sizeof(Writer),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(Writer, call),
    .tp_call = PyVectorcall_Call,
    .tp_new = new_writer,
    .tp_dealloc = dealloc,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "partnerlab.contracts.files._lines", .m_size = -1,
};

PyMODINIT_FUNC PyInit__lines(void) {
    PyObject *module;
    PyDateTime_IMPORT;
    if (PyDateTimeAPI == NULL) return NULL;
    module = PyModule_Create(&definition);
    if (module == NULL) return NULL;
    if (PyModule_AddType(module, &WriterType) || PyModule_AddIntConstant(module, "INTERFACE", INTERFACE)) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
