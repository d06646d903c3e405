/* Whole good invoices of a bill file, and good lines of a CSV file, to rows of typed values in one pass.

   It decides no error. What is not plainly right (a wrong cell, a row out of place, a character that a file cannot hold)
   gives None, and Python reads those bytes and says what is wrong with them. The columns, their kinds, how many digits
   they have, what bytes no row holds and how long one may be come from Python when a reader is made (`in_c.py`). */
#include "_values.h"

#include <stddef.h>

#define INTERFACE 2 /* what in_c.py asks for: a module of another build is not used */

enum byte_kind { ORDINARY, ENDS_CELL, REFUSED };

typedef struct {
    PyTypeObject *row;
    Py_ssize_t width, values;
    Column *columns;
} Record;

typedef struct {
    char separator, end;
    int is_csv; /* cells may have spaces around them, or quotes; the bytes are known to be text */
    Py_ssize_t longest;
    unsigned char bytes[256];
} Rules;

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    Record records[3]; /* the first row of an invoice, the second, each further one */
    PyObject *mark;    /* how a first row begins */
    Py_ssize_t most_rows;
    Rules rules;
} Reader;

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    Record record;
    Py_ssize_t unique; /* the place of the value that stands once in a file, or -1 */
    Rules rules;
} LineReader;

typedef struct {
    const char *at, *end;
} Place;

/* The row at a place, which is moved behind it; NULL where it is not plain, with or without an error. */
static PyObject *read_row(const Rules *rules, Record *record, Place *place) {
    const char *at = place->at, *end = place->end, *start = at;
    Column *column = record->columns, *behind = column + record->width;
    PyObject *row = record->row->tp_alloc(record->row, record->values);
    if (row == NULL) return NULL;
#if PY_VERSION_HEX >= 0x030E0000
    ((PyTupleObject *)row)->ob_hash = -1; /* not known yet */
#endif
    PyObject_GC_UnTrack(row); /* nobody sees it before it is whole */
    for (; column < behind; column++) {
        const char *cell = at, *cell_end;
        unsigned char all = 0;
        if (rules->is_csv && at < end && *at == '"') {
            cell = ++at;
            for (; at < end && (rules->bytes[(unsigned char)*at] == ORDINARY || *at == rules->separator); at++)
                all |= (unsigned char)*at;
            if (at == end || *at != '"') goto other; /* it goes on in another line */
            cell_end = at++;
        } else {
            while (at < end && rules->bytes[(unsigned char)*at] == ORDINARY) all |= (unsigned char)*at++;
            cell_end = at;
        }
        if (at == end || *at != (column + 1 < behind ? rules->separator : rules->end)) goto other;
        if (column->kind == FILLER) {
            if (all > 127 && !rules->is_csv) goto other; /* not read, so not known to be text */
        } else {
            PyObject *value = rules->is_csv ? stripped_value_of(column, cell, cell_end, all < 128)
                                            : visible_value_of(column, cell, cell_end, all < 128);
            if (value == NULL) goto other;
            PyTuple_SET_ITEM(row, column->place, value);
        }
        at++;
    }
    if (at - start > rules->longest) goto other;
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
    first = read_row(&reader->rules, &reader->records[0], place);
    if (first != NULL) second = read_row(&reader->rules, &reader->records[1], place);
    if (second != NULL) further = PyList_New(0);
    if (further == NULL) goto done;
    while (!at_mark(reader, place)) {
        if (PyList_GET_SIZE(further) + 2 >= reader->most_rows) goto done;
        row = read_row(&reader->rules, &reader->records[2], place);
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

/* None, also for a value that is none, as the same conversions in Python take it. */
static PyObject *none_or_error(void) {
    if (PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_ValueError) && !PyErr_ExceptionMatches(PyExc_KeyError)) return NULL;
        PyErr_Clear();
    }
    Py_RETURN_NONE;
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
    return none_or_error();
}

/* Its row in a list, and the value that stands once in another; 0 where the line is not plain. */
static int read_line(LineReader *reader, PyObject *line, PyObject *rows, PyObject *numbers) {
    Place place;
    Py_ssize_t length;
    PyObject *row;
    int done;
    if (!PyUnicode_CheckExact(line)) return 0;
    place.at = PyUnicode_AsUTF8AndSize(line, &length);
    if (place.at == NULL) return 0;
    place.end = place.at + length + 1; /* the zero behind it ends the last cell */
    row = read_row(&reader->rules, &reader->record, &place);
    if (row == NULL) return 0;
    done = place.at == place.end && PyList_Append(rows, row) == 0 &&
           (reader->unique < 0 || PyList_Append(numbers, PyTuple_GET_ITEM(row, reader->unique)) == 0);
    Py_DECREF(row);
    return done;
}

/* reader(lines) -> (their rows, the values that stand once), or None. */
static PyObject *call_lines(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names) {
    PyObject *rows, *numbers;
    int done = 1;
    if (PyVectorcall_NARGS(count) != 1 || names != NULL || !PyList_CheckExact(arguments[0])) {
        PyErr_SetString(PyExc_TypeError, "takes a list of lines");
        return NULL;
    }
    rows = PyList_New(0);
    numbers = PyList_New(0);
    if (rows == NULL || numbers == NULL) done = 0;
    for (Py_ssize_t at = 0; done && at < PyList_GET_SIZE(arguments[0]); at++) {
        PyObject *line = Py_NewRef(PyList_GET_ITEM(arguments[0], at));
        done = read_line((LineReader *)self, line, rows, numbers);
        Py_DECREF(line);
    }
    if (done) return Py_BuildValue("(NN)", rows, numbers);
    Py_XDECREF(rows);
    Py_XDECREF(numbers);
    return none_or_error();
}

static void let_go(Record *record) {
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

static void dealloc(PyObject *self) {
    for (int which = 0; which < 3; which++) let_go(&((Reader *)self)->records[which]);
    Py_XDECREF(((Reader *)self)->mark);
    Py_TYPE(self)->tp_free(self);
}

static void dealloc_lines(PyObject *self) {
    let_go(&((LineReader *)self)->record);
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
    if (column->kind < FILLER || column->kind > NUMBER) {
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

static void take_rules(Rules *rules, char separator, char end, Py_ssize_t longest, PyObject *refused) {
    for (Py_ssize_t at = 0; at < PyBytes_GET_SIZE(refused); at++)
        rules->bytes[(unsigned char)PyBytes_AS_STRING(refused)[at]] = REFUSED;
    rules->separator = separator;
    rules->end = end;
    rules->longest = longest;
    rules->bytes[(unsigned char)separator] = rules->bytes[(unsigned char)end] = ENDS_CELL;
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
    reader->most_rows = most_rows;
    take_rules(&reader->rules, '|', '\n', longest, refused);
    for (int which = 0; which < 3; which++) {
        if (!take_record(&reader->records[which], records[which])) {
            Py_DECREF(reader);
            return NULL;
        }
    }
    return (PyObject *)reader;
}

/* LineReader(record, refused bytes, place of the value that stands once in a file, or -1) */
static PyObject *new_line_reader(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    PyObject *record, *refused;
    Py_ssize_t unique;
    LineReader *reader;
    (void)names;
    if (!PyArg_ParseTuple(arguments, "OSn", &record, &refused, &unique)) return NULL;
    reader = (LineReader *)type->tp_alloc(type, 0);
    if (reader == NULL) return NULL;
    reader->call = call_lines;
    reader->unique = unique;
    reader->rules.is_csv = 1;
    take_rules(&reader->rules, ',', '\0', PY_SSIZE_T_MAX, refused);
    if (!take_record(&reader->record, record)) {
        Py_DECREF(reader);
        return NULL;
    }
    if (unique >= reader->record.values) {
        Py_DECREF(reader);
        PyErr_SetString(PyExc_ValueError, "the place is not in a row");
        return NULL;
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

static PyTypeObject LineReaderType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "partnerlab.contracts.files._invoices.LineReader",
    .tp_basicsize = sizeof(LineReader),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(LineReader, call),
    .tp_call = PyVectorcall_Call,
    .tp_new = new_line_reader,
    .tp_dealloc = dealloc_lines,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "partnerlab.contracts.files._invoices", .m_size = -1,
};

PyMODINIT_FUNC PyInit__invoices(void) {
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) return NULL;
    if (PyModule_AddType(module, &ReaderType) || PyModule_AddType(module, &LineReaderType) ||
        PyModule_AddIntConstant(module, "INTERFACE", INTERFACE)) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
