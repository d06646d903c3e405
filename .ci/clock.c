/* The calendar of every process of a run, moved by the nanoseconds in the file CLOCK_FILE, which one of them may change.
   Monotonic clocks, and so all waits, stay as they are: what libfaketime makes of them Python's sleep refuses. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000L

static volatile long unmoved, *moved_ns = &unmoved;

void clock_file(const char *path) {
    int file = open(path, O_RDONLY);
    void *found = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    if (found != MAP_FAILED) moved_ns = found;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CLOCK_FILE");
    if (path) clock_file(path);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, at);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        long ns = at->tv_nsec + *moved_ns % SECOND + SECOND;
        at->tv_sec += *moved_ns / SECOND + ns / SECOND - 1;
        at->tv_nsec = ns % SECOND;
    }
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *kept) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept) *kept = now.tv_sec;
    return now.tv_sec;
}
