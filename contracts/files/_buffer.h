/* Bytes that grow, for `_lines.c` and `_templates.c`. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

typedef struct {
    char *at;
    Py_ssize_t size, room;
} Buffer;

/* Whether there is room for so many bytes more; else an error is set. */
static int has_room(Buffer *buffer, Py_ssize_t more) {
    Py_ssize_t room = buffer->room;
    char *at;
    if (more <= room - buffer->size) return 1;
    if (more > PY_SSIZE_T_MAX / 4 - buffer->size) {
        PyErr_NoMemory();
        return 0;
    }
    room = (buffer->size + more) * 3 / 2;
    at = PyMem_Realloc(buffer->at, (size_t)room);
    if (at == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    buffer->at = at;
    buffer->room = room;
    return 1;
}

static int put(Buffer *buffer, const char *from, Py_ssize_t length) {
    if (!has_room(buffer, length)) return 0;
    memcpy(buffer->at + buffer->size, from, (size_t)length);
    buffer->size += length;
    return 1;
}
