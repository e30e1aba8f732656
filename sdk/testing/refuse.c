/* refuse.c: calls of the module that are refused. A generation then has a copy of the host's table,
 * in which some functions come here first. */
#include "private.h"

#include <string.h>

enum { GENERATIONS_MAX = 32 };

/* X(function, parameters, arguments): those that return a portico_status. */
#define FUNCTION_LIST(X)                                                                       \
    X(session_send, (portico_session a, uint16_t b, const void *c, uint32_t d), (a, b, c, d))  \
    X(session_close, (portico_session a, portico_status b), (a, b))                            \
    X(session_info, (portico_session a, portico_session_info * b), (a, b))                     \
    X(session_set_label, (portico_session a, const char *b), (a, b))                           \
    X(session_label, (portico_session a, char b[PORTICO_LABEL_MAX]), (a, b))                   \
    X(session_join, (portico_session a, portico_room b, uint32_t c), (a, b, c))                \
    X(session_leave, (portico_session a), (a))                                                 \
    X(channel_join, (const char *a, portico_session b), (a, b))                                \
    X(channel_leave, (const char *a, portico_session b), (a, b))                               \
    X(room_create, (const char *a, const char *b, const void *c, uint32_t d, portico_room *e), \
      (a, b, c, d, e))                                                                         \
    X(room_close, (portico_room a, portico_status b), (a, b))                                  \
    X(room_info, (portico_room a, portico_room_info * b), (a, b))                              \
    X(post, (portico_entity a, uint32_t b, const void *c, uint32_t d), (a, b, c, d))           \
    X(post_after,                                                                              \
      (portico_entity a, uint32_t b, const void *c, uint32_t d, uint32_t e, portico_timer *f), \
      (a, b, c, d, e, f))                                                                      \
    X(post_every,                                                                              \
      (portico_entity a, uint32_t b, const void *c, uint32_t d, uint32_t e, portico_timer *f), \
      (a, b, c, d, e, f))                                                                      \
    X(timer_cancel, (portico_timer a), (a))                                                    \
    X(request,                                                                                 \
      (portico_entity a, uint32_t b, const void *c, uint32_t d, uint32_t e, uint32_t f,        \
       uint64_t *g),                                                                           \
      (a, b, c, d, e, f, g))                                                                   \
    X(reply, (uint64_t a, const void *b, uint32_t c), (a, b, c))                               \
    X(run_job, (uint32_t a, const void *b, uint32_t c, portico_entity d), (a, b, c, d))        \
    X(data_path, (const char *a, char *b, uint32_t c), (a, b, c))

enum {
#define NUMBER(name, parameters, arguments) FUNCTION_##name,
    FUNCTION_LIST(NUMBER)
#undef NUMBER
        FUNCTIONS
};

static const char *const names[FUNCTIONS] = {
#define NAME(name, parameters, arguments) #name,
    FUNCTION_LIST(NAME)
#undef NAME
};

static struct {
    uint32_t left[FUNCTIONS];
    portico_status status[FUNCTIONS];
    portico_host table;
    struct {
        const void *library; /* NULL: free */
        const portico_entry *entry;
    } generations[GENERATIONS_MAX];
} refuse;

static bool refuses(int function) {
    bool strikes = refuse.left[function] > 0;
    refuse.left[function] -= strikes;
    return strikes;
}

#define FUNCTION(name, parameters, arguments)                            \
    static portico_status refuse_##name parameters {                     \
        return refuses(FUNCTION_##name) ? refuse.status[FUNCTION_##name] \
                                        : portico->name arguments;       \
    }
FUNCTION_LIST(FUNCTION)
#undef FUNCTION

/* The loader looks up the entry only. */
static void on_library(const void *library, void *symbol) {
    for (uint32_t i = 0; i < GENERATIONS_MAX; i++) {
        if (refuse.generations[i].library == (symbol == NULL ? library : NULL)) {
            refuse.generations[i].library = symbol == NULL ? NULL : library;
            refuse.generations[i].entry = symbol;
            return;
        }
    }
}

/* Before the host starts: later its threads read the table. */
void testing_refuse_begin(void) {
    memset(&refuse, 0, sizeof refuse);
    refuse.table = *portico;
#define PUT(name, parameters, arguments) refuse.table.name = refuse_##name;
    FUNCTION_LIST(PUT)
#undef PUT
    sim_library_watch(on_library);
}

static int function_find(const char *name) {
    for (int i = 0; i < FUNCTIONS; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    TESTING_FAIL("portico_test_refuse: no function of the host that returns a status is named %s",
                 name);
}

void portico_test_refuse(portico_test *t, const char *function, portico_status status,
                         uint32_t count) {
    int number = function_find(function);
    portico_test_settle(t);
    refuse.left[number] = count;
    refuse.status[number] = status;
    for (uint32_t i = 0; i < GENERATIONS_MAX; i++) {
        const portico_entry *entry = refuse.generations[i].entry;
        if (refuse.generations[i].library != NULL && entry != NULL && entry->host != NULL &&
            *entry->host != NULL) {
            *entry->host = &refuse.table;
        }
    }
}
