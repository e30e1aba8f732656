/* fault.c: see fault.h. */
#include "config/fault.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool faults_grow(config_faults *faults) {
    if (faults->count < faults->capacity) {
        return true;
    }
    size_t capacity = faults->capacity == 0 ? 16 : 2 * faults->capacity;
    config_fault *list = realloc(faults->list, capacity * sizeof *list);
    if (list == NULL) {
        return false;
    }
    faults->list = list;
    faults->capacity = capacity;
    return true;
}

void fault_add(config_faults *faults, uint32_t line, const char *format, ...) {
    char text[FAULT_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    faults->found++;
    if (faults->count >= FAULT_KEEP_MAX) {
        return; /* fault_report reports how many more there are */
    }
    char *copy = text_copy(text, strlen(text));
    if (copy == NULL || !faults_grow(faults)) {
        free(copy);
        faults->no_memory = true;
        return;
    }
    faults->list[faults->count] = (config_fault){line, (uint32_t)faults->count, copy};
    faults->count++;
}

static int fault_compare(const void *a, const void *b) {
    const config_fault *x = a;
    const config_fault *y = b;
    if (x->line != y->line) {
        return x->line < y->line ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

void fault_report(config_faults *faults, config_report report, void *arg) {
    char text[FAULT_TEXT_MAX + 1024]; /* a longer path is cut */
    if (faults->count > 0) {
        qsort(faults->list, faults->count, sizeof *faults->list, fault_compare);
    }
    for (size_t i = 0; i < faults->count; i++) {
        const config_fault *fault = &faults->list[i];
        if (fault->line == 0) {
            (void)snprintf(text, sizeof text, "%s: %s", faults->path, fault->text);
        } else {
            (void)snprintf(text, sizeof text, "%s:%" PRIu32 ": %s", faults->path, fault->line,
                           fault->text);
        }
        report(arg, text);
    }
    if (faults->found > faults->count) {
        (void)snprintf(text, sizeof text, "%s: and %zu more", faults->path,
                       faults->found - faults->count);
        report(arg, text);
    }
    if (faults->no_memory) {
        (void)snprintf(text, sizeof text, "%s: out of memory", faults->path);
        report(arg, text);
    }
}

void fault_free(config_faults *faults) {
    for (size_t i = 0; i < faults->count; i++) {
        free(faults->list[i].text);
    }
    free(faults->list);
    faults->list = NULL;
    faults->count = faults->capacity = 0;
}
