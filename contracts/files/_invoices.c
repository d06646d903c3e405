/* Whole good invoices of a bill file: bytes to rows of typed values, in one pass.

   It decides no error. What is not plainly right (a wrong cell, a row out of place, a character that a file cannot hold)
   gives None, and Python reads those bytes and says what is wrong with them. The columns, their kinds, how many digits
   they have, what bytes no row holds and how long one may be come from Python when a reader is made (`in_c.py`). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <string.h>

#define INTERFACE 1 /* what in_c.py asks for: a module of another build is not used */
#define HELD 64     /* bytes of a cell that are compared with the last one of its column */

enum kind { FILLER, TEXT, DECIMAL, MADE };
enum byte_kind { ORDINARY, ENDS_CELL, REFUSED };

typedef struct {
    int kind, required, many, whole, least, most; /* digits of a DECIMAL before the point, and behind it */
    Py_ssize_t place;                             /* in the row */
    PyObject *empty, *make, *several;             /* from text: one value; those of several meters */
    Py_ssize_t held;                              /* the last cell with a value: its bytes, and the value */
    char text[HELD];
    PyObject *value;
} Column;

typedef struct {
    PyTypeObject *row;
    Py_ssize_t width, values;
    Column *columns;
} Record;

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    Record records[3]; /* the first row of an invoice, the second, each further one */
    PyObject *mark;    /* how a first row begins */
    Py_ssize_t longest, most_rows;
    unsigned char bytes[256];
} Reader;

typedef struct {
    const char *at, *end;
} Place;

/* The value of a text, made anew; NULL with an error where it has none. */
static PyObject *make_value(const Column *column, const char *at, Py_ssize_t length, PyObject *text) {
    PyObject *value, *one;
    if (column->kind == MADE) return PyObject_CallOneArg(column->make, text);
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

/* The value of a cell; NULL where it is not plain, with or without an error. */
static PyObject *value_of(Column *column, const char *at, Py_ssize_t length, int ascii) {
    PyObject *text, *value, *old;
    if (length == 0) return column->required ? NULL : Py_NewRef(column->empty);
    if (length == column->held && memcmp(at, column->text, (size_t)length) == 0) return Py_NewRef(column->value);
    if (column->kind == TEXT && column->required && !is_visible(at, at + length)) return NULL;
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

/* The row at a place, which is moved behind it; NULL where it is not plain, with or without an error. */
static PyObject *read_row(Reader *reader, Record *record, Place *place) {
    const char *at = place->at, *end = place->end, *start = at;
    Column *column = record->columns, *behind = column + record->width;
    PyObject *row = record->row->tp_alloc(record->row, record->values);
    if (row == NULL) return NULL;
#if PY_VERSION_HEX >= 0x030E0000
    ((PyTupleObject *)row)->ob_hash = -1; /* not known yet */
#endif
    PyObject_GC_UnTrack(row); /* nobody sees it before it is whole */
    for (; column < behind; column++) {
        const char *cell = at;
        unsigned char all = 0;
        while (at < end && reader->bytes[(unsigned char)*at] == ORDINARY) all |= (unsigned char)*at++;
        if (at == end || *at != (column + 1 < behind ? '|' : '\n')) goto other;
        if (column->kind == FILLER) {
            if (all > 127) goto other; /* not read, so not known to be text */
        } else {
            PyObject *value = value_of(column, cell, at - cell, all < 128);
            if (value == NULL) goto other;
            PyTuple_SET_ITEM(row, column->place, value);
        }
        at++;
    }
    if (at - start > reader->longest) goto other;
    PyObject_GC_Track(row);
    place->at = at;
    return row;
other:
    Py_DECREF(row);
    return NULL;
}

static int at_mark(const Reader *reader, const Place *place) {
    Py_ssize_t length = PyBytes_GET_SIZE(reader->mark);
    return place->end - place->at >= length && memcmp(place->at, PyBytes_AS_STRING(reader->mark), (size_t)length) == 0;
}

/* The rows of an invoice that another one follows, the place moved behind them; else NULL. */
static PyObject *read_invoice(Reader *reader, Place *place) {
    PyObject *first, *second = NULL, *further = NULL, *row, *details, *found = NULL;
    first = read_row(reader, &reader->records[0], place);
    if (first != NULL) second = read_row(reader, &reader->records[1], place);
    if (second != NULL) further = PyList_New(0);
    if (further == NULL) goto done;
    while (!at_mark(reader, place)) {
        if (PyList_GET_SIZE(further) + 2 >= reader->most_rows) goto done;
        row = read_row(reader, &reader->records[2], place);
        if (row == NULL) goto done;
        int failed = PyList_Append(further, row);
        Py_DECREF(row);
        if (failed) goto done;
    }
    if (PyList_GET_SIZE(further) == 0) goto done;
    details = PyList_AsTuple(further);
    if (details != NULL) {
        found = PyTuple_Pack(3, first, second, details);
        Py_DECREF(details);
    }
done:
    Py_XDECREF(first);
    Py_XDECREF(second);
    Py_XDECREF(further);
    return found;
}

/* reader(data, at) -> (rows of the invoice there, where it ends), or None. */
static PyObject *call(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names) {
    Reader *reader = (Reader *)self;
    PyObject *rows;
    Place place;
    Py_ssize_t at;
    if (PyVectorcall_NARGS(count) != 2 || names != NULL || !PyBytes_CheckExact(arguments[0])) {
        PyErr_SetString(PyExc_TypeError, "takes bytes and a place in them");
        return NULL;
    }
    at = PyLong_AsSsize_t(arguments[1]);
    if (at == -1 && PyErr_Occurred()) return NULL;
    if (at < 0 || at > PyBytes_GET_SIZE(arguments[0])) {
        PyErr_SetString(PyExc_IndexError, "the place is not in the bytes");
        return NULL;
    }
    place.at = PyBytes_AS_STRING(arguments[0]) + at;
    place.end = PyBytes_AS_STRING(arguments[0]) + PyBytes_GET_SIZE(arguments[0]);
    rows = read_invoice(reader, &place);
    if (rows != NULL) return Py_BuildValue("(Nn)", rows, (Py_ssize_t)(place.at - PyBytes_AS_STRING(arguments[0])));
    if (PyErr_Occurred()) { /* a value that is none, as the same conversions in Python take it */
        if (!PyErr_ExceptionMatches(PyExc_ValueError) && !PyErr_ExceptionMatches(PyExc_KeyError)) return NULL;
        PyErr_Clear();
    }
    Py_RETURN_NONE;
}

static void dealloc(PyObject *self) {
    Reader *reader = (Reader *)self;
    for (int which = 0; which < 3; which++) {
        Record *record = &reader->records[which];
        for (Py_ssize_t at = 0; record->columns != NULL && at < record->width; at++) {
            Column *column = &record->columns[at];
            Py_XDECREF(column->empty);
            Py_XDECREF(column->make);
            Py_XDECREF(column->several);
            Py_XDECREF(column->value);
        }
        PyMem_Free(record->columns);
        Py_XDECREF(record->row);
    }
    Py_XDECREF(reader->mark);
    Py_TYPE(self)->tp_free(self);
}

/* A column from its tuple; 0 with an error where it is none. */
static int take_column(Column *column, Py_ssize_t values, PyObject *given) {
    PyObject *empty, *make, *several;
    if (!PyArg_ParseTuple(given, "ippiiinOOO", &column->kind, &column->required, &column->many, &column->whole,
                          &column->least, &column->most, &column->place, &empty, &make, &several))
        return 0;
    column->empty = Py_NewRef(empty);
    column->make = Py_NewRef(make);
    column->several = Py_NewRef(several);
    if (column->kind < FILLER || column->kind > MADE) {
        PyErr_SetString(PyExc_ValueError, "a column is of no known kind");
        return 0;
    }
    if (column->kind != FILLER && (column->place < 0 || column->place >= values)) {
        PyErr_SetString(PyExc_ValueError, "a column has no place in its row");
        return 0;
    }
    return 1;
}

static int take_record(Record *record, PyObject *given) {
    PyObject *row, *columns;
    Py_ssize_t filled = 0;
    if (!PyArg_ParseTuple(given, "O!nO!", &PyType_Type, &row, &record->values, &PyTuple_Type, &columns)) return 0;
    record->row = (PyTypeObject *)Py_NewRef(row);
    record->columns = PyMem_Calloc((size_t)PyTuple_GET_SIZE(columns) + 1, sizeof(Column));
    if (record->columns == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    record->width = PyTuple_GET_SIZE(columns);
    for (Py_ssize_t at = 0; at < record->width; at++) {
        Column *column = &record->columns[at];
        if (!take_column(column, record->values, PyTuple_GET_ITEM(columns, at))) return 0;
        for (Py_ssize_t before = 0; before < at; before++)
            if (column->kind != FILLER && record->columns[before].kind != FILLER &&
                record->columns[before].place == column->place)
                filled = record->width; /* so that it is more than there are values */
        filled += column->kind != FILLER;
    }
    if (!PyType_IsSubtype(record->row, &PyTuple_Type) || record->width == 0 || filled != record->values) {
        PyErr_SetString(PyExc_ValueError, "a record has a tuple's type, and one column for each of its values");
        return 0;
    }
    return 1;
}

/* Reader(records, mark, refused bytes, bytes of the longest row, rows of the longest invoice) */
static PyObject *new_reader(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    PyObject *records[3], *mark, *refused;
    Py_ssize_t longest, most_rows;
    Reader *reader;
    (void)names;
    if (!PyArg_ParseTuple(arguments, "(OOO)SSnn", &records[0], &records[1], &records[2], &mark, &refused, &longest,
                          &most_rows))
        return NULL;
    reader = (Reader *)type->tp_alloc(type, 0);
    if (reader == NULL) return NULL;
    reader->call = call;
    reader->mark = Py_NewRef(mark);
    reader->longest = longest;
    reader->most_rows = most_rows;
    for (Py_ssize_t at = 0; at < PyBytes_GET_SIZE(refused); at++)
        reader->bytes[(unsigned char)PyBytes_AS_STRING(refused)[at]] = REFUSED;
    reader->bytes['|'] = reader->bytes['\n'] = ENDS_CELL;
    for (int which = 0; which < 3; which++) {
        if (!take_record(&reader->records[which], records[which])) {
            Py_DECREF(reader);
            return NULL;
        }
    }
    return (PyObject *)reader;
}

static PyTypeObject ReaderType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "partnerlab.contracts.files._invoices.Reader",
    .tp_basicsize = sizeof(Reader),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(Reader, call),
    .tp_call = PyVectorcall_Call,
    .tp_new = new_reader,
    .tp_dealloc = dealloc,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "partnerlab.contracts.files._invoices", .m_size = -1,
};

PyMODINIT_FUNC PyInit__invoices(void) {
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) return NULL;
    if (PyModule_AddType(module, &ReaderType) || PyModule_AddIntConstant(module, "INTERFACE", INTERFACE)) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
