/* step.c: see step.h. Any simulated thread. */
#include "step.h"

#include "token.h"

#include <errno.h>
#include <stdarg.h>

/* This file calls the C library's own. */
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef fwrite
#undef fprintf
#undef fflush
#undef fread
#undef fgets
#undef fseek
#undef ferror
#undef clearerr
#undef fclose

int64_t sim_atomics_left; /* 0: the first one asks */

void sim_atomics_switch(void) {
    sim_atomics_left = token_atomic();
}

void sim_atomic_rate(uint32_t one_in) {
    run.options.atomic_switch = one_in;
    sim_atomics_left = 0;
}

/* ---- memory ------------------------------------------------------------------------------ */

static void *allocated(void *block) {
    if (block != NULL) {
        run.figures.allocations++;
    }
    return block;
}

void *sim_malloc(size_t size) {
    return fault_strikes(SIM_FAULT_MEMORY) ? NULL : allocated(malloc(size));
}

void *sim_calloc(size_t count, size_t size) {
    return fault_strikes(SIM_FAULT_MEMORY) ? NULL : allocated(calloc(count, size));
}

void *sim_realloc(void *block, size_t size) {
    if (fault_strikes(SIM_FAULT_MEMORY)) {
        return NULL;
    }
    void *moved = realloc(block, size);
    return block == NULL ? allocated(moved) : moved;
}

void sim_free(void *block) {
    if (block != NULL) {
        run.figures.allocations--;
    }
    free(block);
}

/* ---- files ------------------------------------------------------------------------------- */

enum { BROKEN_MAX = 8, TEXT_BYTES = 8192 };

/* Files that have failed. A `silent` one has lost bytes that it seemed to take, as the C library
 * collects them: its next flush or close reports it. */
typedef struct broken_file {
    FILE *file;
    bool silent;
} broken_file;

static broken_file broken[BROKEN_MAX];

/* NULL finds a free place. */
static broken_file *broken_find(const FILE *file) {
    for (int i = 0; i < BROKEN_MAX; i++) {
        if (broken[i].file == file) {
            return &broken[i];
        }
    }
    return NULL;
}

/* Whether the file fails now; NULL: it does not. A medium that cannot be read is an EIO. */
static broken_file *breaks(FILE *file, int code) {
    broken_file *b = broken_find(file);
    b = b != NULL ? b : broken_find(NULL);
    if (b == NULL || !fault_strikes(SIM_FAULT_FILES)) {
        return NULL;
    }
    *b = (broken_file){.file = file};
    errno = code;
    return b;
}

/* The disk is full after some of it. */
size_t sim_fwrite(const void *data, size_t size, size_t count, FILE *file) {
    broken_file *b = broken_find(file);
    if (b != NULL && b->silent) {
        return count;
    }
    b = count > 0 ? breaks(file, ENOSPC) : NULL;
    if (b == NULL) {
        return fwrite(data, size, count, file);
    }
    b->silent = sim_random(SIM_FAULTS, 2) == 0;
    size_t written = fwrite(data, size, (size_t)sim_random(SIM_FAULTS, count), file);
    return b->silent ? count : written;
}

int sim_fprintf(FILE *file, const char *format, ...) {
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size < 0 || size >= TEXT_BYTES) {
        sim_fail("the host prints more than %d bytes into a file at once", TEXT_BYTES);
    }
    return sim_fwrite(text, 1, (size_t)size, file) == (size_t)size ? size : -1;
}

int sim_fflush(FILE *file) {
    broken_file *b = broken_find(file);
    if (b != NULL && b->silent) {
        b->silent = false;
        errno = ENOSPC;
    } else {
        b = breaks(file, ENOSPC);
    }
    return b != NULL ? EOF : fflush(file);
}

size_t sim_fread(void *data, size_t size, size_t count, FILE *file) {
    bool fails = count > 0 && breaks(file, EIO) != NULL;
    return fread(data, size, fails ? (size_t)sim_random(SIM_FAULTS, count) : count, file);
}

char *sim_fgets(char *line, int size, FILE *file) {
    return breaks(file, EIO) != NULL ? NULL : fgets(line, size, file);
}

int sim_fseek(FILE *file, long offset, int whence) {
    return breaks(file, EIO) != NULL ? -1 : fseek(file, offset, whence);
}

int sim_ferror(FILE *file) {
    const broken_file *b = broken_find(file);
    return (b != NULL && !b->silent) || ferror(file) != 0;
}

void sim_clearerr(FILE *file) {
    broken_file *b = broken_find(file);
    if (b != NULL && !b->silent) {
        b->file = NULL;
    }
    clearerr(file);
}

int sim_fclose(FILE *file) {
    broken_file *b = broken_find(file);
    bool fails = (b != NULL && b->silent) || breaks(file, ENOSPC) != NULL;
    if ((b = broken_find(file)) != NULL) {
        b->file = NULL;
    }
    handle_give_back();
    return fclose(file) != 0 || fails ? EOF : 0;
}
