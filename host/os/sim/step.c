/* step.c: see step.h. Any simulated thread. */
#include "step.h"

#include "token.h"

/* This file calls the C library's own. */
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef fwrite
#undef fread
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

/* A full disk, or a medium that cannot be read. */
size_t sim_fwrite(const void *data, size_t size, size_t count, FILE *file) {
    return fault_strikes(SIM_FAULT_FILES) ? 0 : fwrite(data, size, count, file);
}

size_t sim_fread(void *data, size_t size, size_t count, FILE *file) {
    return fault_strikes(SIM_FAULT_FILES) ? 0 : fread(data, size, count, file);
}

int sim_fclose(FILE *file) {
    bool fails = fault_strikes(SIM_FAULT_FILES);
    int code = fclose(file);
    return fails ? EOF : code;
}
