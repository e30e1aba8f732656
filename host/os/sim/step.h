/* step.h: included before every source of the host that is compiled for the simulation. The sources
 * themselves are unchanged.
 *
 * It makes every atomic operation a point at which the token may go to another thread, and every
 * allocation and use of a file one that may fail. All atomic operations are then sequentially
 * consistent: the simulation does not find a memory order that is too weak.
 */
#ifndef PORTICO_SIM_STEP_H
#define PORTICO_SIM_STEP_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Counts down to the next atomic operation that hands the token on. */
extern int64_t sim_atomics_left;
void sim_atomics_switch(void);

/* The token orders these accesses, of which the thread sanitizer knows nothing (races.h). */
__attribute__((no_sanitize("thread"))) static inline void sim_atomic(void) {
    if (--sim_atomics_left < 0) {
        sim_atomics_switch();
    }
}

/* The macros of <stdatomic.h> end in these builtins: clang's begin with __c11_, gcc's do not. A
 * macro is not expanded inside itself. */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
#define __c11_atomic_load(p, order) (sim_atomic(), __c11_atomic_load(p, order))
#define __c11_atomic_store(p, v, order) (sim_atomic(), __c11_atomic_store(p, v, order))
#define __c11_atomic_exchange(p, v, order) (sim_atomic(), __c11_atomic_exchange(p, v, order))
#define __c11_atomic_fetch_add(p, v, order) (sim_atomic(), __c11_atomic_fetch_add(p, v, order))
#define __c11_atomic_fetch_sub(p, v, order) (sim_atomic(), __c11_atomic_fetch_sub(p, v, order))
#define __c11_atomic_fetch_and(p, v, order) (sim_atomic(), __c11_atomic_fetch_and(p, v, order))
#define __c11_atomic_fetch_or(p, v, order) (sim_atomic(), __c11_atomic_fetch_or(p, v, order))
#define __c11_atomic_compare_exchange_strong(p, e, v, order, other) \
    (sim_atomic(), __c11_atomic_compare_exchange_strong(p, e, v, order, other))
#define __c11_atomic_compare_exchange_weak(p, e, v, order, other) \
    (sim_atomic(), __c11_atomic_compare_exchange_weak(p, e, v, order, other))
#define __atomic_load(p, v, order) (sim_atomic(), __atomic_load(p, v, order))
#define __atomic_store(p, v, order) (sim_atomic(), __atomic_store(p, v, order))
#define __atomic_exchange(p, v, old, order) (sim_atomic(), __atomic_exchange(p, v, old, order))
#define __atomic_fetch_add(p, v, order) (sim_atomic(), __atomic_fetch_add(p, v, order))
#define __atomic_fetch_sub(p, v, order) (sim_atomic(), __atomic_fetch_sub(p, v, order))
#define __atomic_fetch_and(p, v, order) (sim_atomic(), __atomic_fetch_and(p, v, order))
#define __atomic_fetch_or(p, v, order) (sim_atomic(), __atomic_fetch_or(p, v, order))
#define __atomic_compare_exchange(p, e, v, weak, order, other) \
    (sim_atomic(), __atomic_compare_exchange(p, e, v, weak, order, other))
/* NOLINTEND(bugprone-reserved-identifier) */

void *sim_malloc(size_t size);
void *sim_calloc(size_t count, size_t size);
void *sim_realloc(void *block, size_t size);
void sim_free(void *block);

/* A macro without parameters: the address of free() is taken, too. */
#define malloc sim_malloc
#define calloc sim_calloc
#define realloc sim_realloc
#define free sim_free

size_t sim_fwrite(const void *data, size_t size, size_t count, FILE *file);
int sim_fprintf(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
int sim_fflush(FILE *file);
size_t sim_fread(void *data, size_t size, size_t count, FILE *file);
char *sim_fgets(char *line, int size, FILE *file);
int sim_fseek(FILE *file, long offset, int whence);
int sim_ferror(FILE *file);
void sim_clearerr(FILE *file);
int sim_fclose(FILE *file);

/* Some C libraries define these as macros. */
#undef fprintf
#undef ferror
#undef clearerr
#define fwrite sim_fwrite
#define fprintf sim_fprintf
#define fflush sim_fflush
#define fread sim_fread
#define fgets sim_fgets
#define fseek sim_fseek
#define ferror sim_ferror
#define clearerr sim_clearerr
#define fclose sim_fclose

#endif
