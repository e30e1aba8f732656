/* swap_stale.c: with swap_check, a swap names every address of the old image that remains in a
 * state: of a function, a literal, a static; in the states of sessions, rooms and the module, with
 * their field or offset. Nothing is reported for a module that keeps none, or without
 * swap_check. */
#include "support/check.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <stdio.h>

static host *h;

/* As in tests/abi/stale.c. */
typedef struct declared {
    uint32_t before;
    void (*call)(void);
    uint64_t between;
    const char *title;
    const char *names[3];
} declared;

static net_socket fill(const char *listener) {
    uint32_t generation = 0;
    net_socket s = net_connect(host_port(h, listener));
    CHECK_INT(wire_ask(s, 1, NULL, 0, &generation, sizeof generation), sizeof generation);
    CHECK_INT(generation, 1);
    return s;
}

static void start(const char *module, const char *keys) {
    host_options options = {
        .name = module,
        .modules = module,
        .module_keys = keys,
        .listeners =
            {
                {"game", "stale.session", NULL},
                {"plain", "stale.plain", NULL},
            },
    };
    h = host_start(&options);
}

/* Swaps, and waits until all states have followed, each in its own turn. */
static void swap_and_ask(const char *file, net_socket s) {
    uint32_t generation = 0;
    char answer[1024];
    swaps_to(h, "stale", file, NULL, 0);
    CHECK_INT(wire_ask(s, 2, NULL, 0, &generation, sizeof generation), sizeof generation);
    CHECK_INT(generation, 2);
    host_admin(h, "rollback stale", answer, sizeof answer); /* not before all have followed */
}

static void expect(const char *state, const char *where, size_t offset) {
    char text[256];
    char line[1024];
    snprintf(text, sizeof text, ", %s at offset %u points into generation 1", where,
             (unsigned)offset);
    host_wait_log_line(h, text, line, sizeof line);
    snprintf(text, sizeof text, "stale pointer: the state of %s, entity ", state);
    host_wait_log_some(h, text, 1);
}

static void stale(void) {
    start("stale", "swap_check = true\n");
    net_socket s = fill("game");
    net_socket plain = fill("plain");
    swap_and_ask("stale_2", s);
    expect("stale.session", "field call", offsetof(declared, call));
    expect("stale.session", "field title", offsetof(declared, title));
    expect("stale.session", "field names", offsetof(declared, names) + sizeof(char *));
    expect("stale.plain", "no declared field", sizeof(uint64_t));
    expect("stale.place", "no declared field", sizeof(uint64_t));
    /* Each of the four states once: three in the session's and the module's, one in the others'. */
    host_wait_log(h, "stale pointer: the state of stale.session, ", 3);
    host_wait_log(h, "stale pointer: the state of the module, ", 3);
    host_wait_log(h, "stale pointer: the state of stale.plain, ", 1);
    host_wait_log(h, "stale pointer: the state of stale.place, ", 1);
    host_wait_log(h, "stale pointer", 8);
    net_close(s);
    net_close(plain);
    host_stop(h);
}

static void nothing(const char *module, const char *next, const char *keys) {
    start(module, keys);
    net_socket s = fill("game");
    net_socket plain = fill("plain");
    swap_and_ask(next, s);
    CHECK_INT(host_log_settled(h, "stale pointer"), 0);
    net_close(s);
    net_close(plain);
    host_stop(h);
}

SCENARIO(swap_stale) {
    stale();
    nothing("stale_clean", "stale_clean_2", "swap_check = true\n");
    nothing("stale", "stale_2", NULL);
}
