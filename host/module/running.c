/* running.c: see running.h. */
#include "module/running.h"

#include <string.h>

enum { PAGE = 4096 };

_Thread_local running running_now;

static void touch(volatile char *at, bool write) {
    if (write) {
        *at = *at;
    } else {
        (void)*at;
    }
}

void running_probe_pages(const void *data, size_t size, bool write) {
    volatile char *at = (volatile char *)(uintptr_t)data;
    running_now.probing = true;
    for (size_t i = 0; i < size; i += PAGE) {
        touch(at + i, write);
    }
    if (size > 0) {
        touch(at + size - 1, write);
    }
    running_now.probing = false;
}

size_t running_probe_text(const char *text) {
    running_now.probing = true;
    size_t length = 0;
    while (((const volatile char *)text)[length] != '\0') {
        length++;
    }
    running_now.probing = false;
    return length;
}
