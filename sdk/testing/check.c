/* check.c: what ends a run before its end. */
#include "private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool testing_faulted(void) {
    sim_figures figures;
    sim_look(&figures);
    return figures.faults > figures.faults_of[SIM_FAULT_WAKE];
}

void testing_print_again(const portico_test *t) {
    fprintf(stderr, "  again: %s\n", t->again);
}

/* After a fault only the host's end is still checked. */
static void end_after_fault(portico_test *t) {
    t->strict = true;
    testing_finish(t);
    fflush(NULL);
    _Exit(t->apart ? TESTING_EXIT_FAULTED : 0);
}

void portico_test_fail(const char *file, int line, const char *format, ...) {
    portico_test *t = testing_current();
    va_list arguments;
    if (t != NULL && !t->strict && t->began && testing_faulted()) {
        end_after_fault(t);
    }
    fflush(NULL);
    if (t != NULL) {
        fprintf(stderr, "FAILED %s, seed %" PRIu64 ": ", t->test->name, t->seed);
    }
    if (file != NULL) {
        fprintf(stderr, "%s:%d: ", file, line);
    }
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    if (t != NULL) {
        testing_print_log(t->folder);
        testing_print_again(t);
        testing_folder_delete(t->folder);
    }
    fflush(NULL);
    _Exit(t != NULL && t->apart ? TESTING_EXIT_FAILED : 1);
}

void portico_test_check_int(int64_t found, int64_t right, const char *what, const char *file,
                            int line) {
    if (found != right) {
        portico_test_fail(file, line, "%s\n  is       %" PRId64 "\n  must be  %" PRId64, what,
                          found, right);
    }
}

void portico_test_check_text(const char *found, const char *right, const char *what,
                             const char *file, int line) {
    bool same = found == NULL || right == NULL ? found == right : strcmp(found, right) == 0;
    if (!same) {
        portico_test_fail(file, line, "%s\n  is       %s\n  must be  %s", what,
                          found != NULL ? found : "NULL", right != NULL ? right : "NULL");
    }
}
