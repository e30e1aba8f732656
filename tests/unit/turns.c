/* turns.c: waits of messages are counted for each module, up to a number of modules; those of
 * further ones are not, and change no other count. Measuring ends with its time. */
#include "run/turns.h"

#include "os/os.h"

#include "support/check.h"

enum { SERIES = 128, MODULES = 200 };

static char names[MODULES]; /* compared by address */

typedef struct seen {
    uint64_t times; /* each has been counted */
    uint32_t series;
} seen;

static void look(void *arg, const char *module_name, const char *kind, const durations_view *view) {
    seen *s = arg;
    uint64_t count = 0;
    for (uint32_t i = 0; i < sizeof view->counts / sizeof view->counts[0]; i++) {
        count += view->counts[i];
    }
    CHECK(kind == NULL);
    CHECK(module_name == &names[s->series]);
    CHECK_INT(count, s->times);
    s->series++;
}

static void count_all(void) {
    for (int i = 0; i < MODULES; i++) {
        turns_count_wait(&names[i], os_monotonic_ns());
    }
}

static void many_modules(void) {
    for (uint64_t times = 1; times <= 3; times++) {
        seen s = {.times = times};
        count_all();
        turns_each(true, look, &s);
        CHECK_INT(s.series, SERIES);
        turns_each(false, look, &s); /* none */
        CHECK_INT(s.series, SERIES);
    }
}

static void time_is_over(void) {
    CHECK(!turns_on());
    turns_measure(1000, 500);
    CHECK(turns_on());
    turns_look(1499);
    CHECK(turns_on());
    turns_look(1500);
    CHECK(!turns_on());
}

SCENARIO(turns) {
    many_modules();
    time_is_over();
}
