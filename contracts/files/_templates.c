/* Rows put together from texts and numbers, as a generator makes them: nothing is checked but the types. */
#include "_buffer.h"

#include <stddef.h>

#define INTERFACE 2 /* what in_c.py asks for: a module of another build is not used */

enum kind { TEXT, INTEGER, CENTS };

typedef struct {
    PyObject_HEAD
    Buffer buffer;
    Py_ssize_t rows;
} Page;

typedef struct {
    PyObject *before; /* the bytes in front of a cell; of the last piece, which has no cell, those at the end */
    int kind;
    Py_ssize_t argument; /* which of the template's the cell is made of */
} Piece;

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    Page *page;
    Py_ssize_t cells;
    Piece *pieces; /* one more than there are cells */
} Template;

static int put_text(Buffer *buffer, PyObject *value) {
    PyObject *encoded;
    int done;
    if (!PyUnicode_CheckExact(value)) {
        PyErr_SetString(PyExc_TypeError, "a cell is no text");
        return 0;
    }
    if (PyUnicode_IS_COMPACT_ASCII(value))
        return put(buffer, (const char *)PyUnicode_1BYTE_DATA(value), PyUnicode_GET_LENGTH(value));
    encoded = PyUnicode_AsUTF8String(value);
    if (encoded == NULL) return 0;
    done = put(buffer, PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded));
    Py_DECREF(encoded);
    return done;
}

/* A whole number; of CENTS as dollars with two decimals. */
static int put_number(Buffer *buffer, PyObject *value, int kind) {
    char text[32], *at = text + sizeof(text);
    unsigned long long rest;
    long long number;
    if (!PyLong_CheckExact(value)) { /* another type's number would be asked of Python, which may write to this page */
        PyErr_SetString(PyExc_TypeError, "a cell is no whole number");
        return 0;
    }
    number = PyLong_AsLongLong(value);
    if (number == -1 && PyErr_Occurred()) return 0;
    if (number < 0 && kind == CENTS) {
        PyErr_SetString(PyExc_ValueError, "an amount is below zero");
        return 0;
    }
    rest = number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;
    for (int places = 0; rest > 0 || places < (kind == CENTS ? 3 : 1); places++, rest /= 10) {
        if (kind == CENTS && places == 2) *--at = '.';
        *--at = (char)('0' + rest % 10);
    }
    if (number < 0) *--at = '-';
    return put(buffer, at, text + sizeof(text) - at);
}

static int put_bytes(Buffer *buffer, PyObject *bytes) {
    return put(buffer, PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes));
}

/* template(values): one more row on its page, or none with an error. */
static PyObject *call(PyObject *self, PyObject *const *given, size_t vector, PyObject *names) {
    Template *template = (Template *)self;
    Buffer *buffer = &template->page->buffer;
    Py_ssize_t start = buffer->size;
    if (names != NULL || PyVectorcall_NARGS(vector) != template->cells) {
        PyErr_Format(PyExc_TypeError, "takes the values of %zd cells in their order", template->cells);
        return NULL;
    }
    for (Py_ssize_t at = 0; at < template->cells; at++) {
        const Piece *piece = &template->pieces[at];
        if (!put_bytes(buffer, piece->before)) goto failed;
        PyObject *value = given[piece->argument];
        if (!(piece->kind == TEXT ? put_text(buffer, value) : put_number(buffer, value, piece->kind))) goto failed;
    }
    if (!put_bytes(buffer, template->pieces[template->cells].before)) goto failed;
    template->page->rows++;
    Py_RETURN_NONE;
failed:
    buffer->size = start;
    return NULL;
}

static void dealloc(PyObject *self) {
    Template *template = (Template *)self;
    for (Py_ssize_t at = 0; template->pieces != NULL && at <= template->cells; at++)
        Py_XDECREF(template->pieces[at].before);
    PyMem_Free(template->pieces);
    Py_XDECREF(template->page);
    PyObject_Free(self);
}

static PyTypeObject TemplateType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "partnerlab.contracts.files._templates.Template",
    .tp_basicsize = sizeof(Template),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_vectorcall_offset = offsetof(Template, call),
    .tp_call = PyVectorcall_Call,
    .tp_dealloc = dealloc,
};

/* page.template(((bytes in front of a cell, its kind, which argument it is made of), ...), bytes at the end) */
static PyObject *make_template(PyObject *self, PyObject *arguments) {
    PyObject *pieces, *end, *before;
    Template *template;
    Piece *piece;
    if (!PyArg_ParseTuple(arguments, "O!S", &PyTuple_Type, &pieces, &end)) return NULL;
    template = PyObject_New(Template, &TemplateType);
    if (template == NULL) return NULL;
    template->call = call;
    template->cells = PyTuple_GET_SIZE(pieces);
    template->page = (Page *)Py_NewRef(self);
    template->pieces = PyMem_Calloc((size_t)template->cells + 1, sizeof(Piece));
    if (template->pieces == NULL) {
        PyErr_NoMemory();
        goto failed;
    }
    template->pieces[template->cells].before = Py_NewRef(end);
    for (Py_ssize_t at = 0; at < template->cells; at++) {
        PyObject *given = PyTuple_GET_ITEM(pieces, at);
        if (!PyTuple_Check(given)) {
            PyErr_SetString(PyExc_TypeError, "a piece is a tuple");
            goto failed;
        }
        piece = &template->pieces[at];
        if (!PyArg_ParseTuple(given, "Sin", &before, &piece->kind, &piece->argument)) goto failed;
        piece->before = Py_NewRef(before);
        if (piece->kind < TEXT || piece->kind > CENTS || piece->argument < 0 || piece->argument >= template->cells) {
            PyErr_SetString(PyExc_ValueError, "a cell is of no known kind, or made of no argument");
            goto failed;
        }
    }
    return (PyObject *)template;
failed:
    Py_DECREF(template);
    return NULL;
}

/* page.take() -> (the bytes of its rows, how many rows); the page is empty then. */
static PyObject *take(PyObject *self, PyObject *nothing) {
    Page *page = (Page *)self;
    const char *from = page->buffer.at == NULL ? "" : page->buffer.at;
    PyObject *found = Py_BuildValue("(y#n)", from, page->buffer.size, page->rows);
    (void)nothing;
    if (found == NULL) return NULL;
    page->buffer.size = page->rows = 0;
    return found;
}

static void dealloc_page(PyObject *self) {
    PyMem_Free(((Page *)self)->buffer.at);
    Py_TYPE(self)->tp_free(self);
}

static PyMethodDef page_methods[] = {
    {"template", make_template, METH_VARARGS, NULL}, {"take", take, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static PyTypeObject PageType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "partnerlab.contracts.files._templates.Page",
    .tp_basicsize = sizeof(Page),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = page_methods,
    .tp_new = PyType_GenericNew,
    .tp_dealloc = dealloc_page,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "partnerlab.contracts.files._templates", .m_size = -1,
};

PyMODINIT_FUNC PyInit__templates(void) {
    PyObject *module;
    if (PyType_Ready(&TemplateType) < 0) return NULL;
    module = PyModule_Create(&definition);
    if (module == NULL) return NULL;
    if (PyModule_AddType(module, &PageType) || PyModule_AddIntConstant(module, "INTERFACE", INTERFACE)) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
