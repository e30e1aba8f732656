/* state_views_module.c: `ctl module NAME` shows a module's own state, field by field, read in its
 * own turn: two fields that its messages change together are the same, also while it is swapped and
 * while it is frozen. A message that does not return delays only the answer, which names it. */
#include "support/check.h"
#include "support/host.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <stdlib.h>

enum { HANG_MODULE = 3, FAULT_MODULE = 4, LOOKS = 200, SWAPS = 6, HANG_MS = 4000 };

static host *h;
static char answer[1 << 16];

static const char *ask(const char *command) {
    host_admin(h, command, answer, sizeof answer);
    return answer;
}

/* The value of a field of the module's state. */
static unsigned long long value_of(const char *name) {
    char start[32];
    unsigned long long value = 0;
    const char *state = strstr(answer, "\nstate of views generation ");
    snprintf(start, sizeof start, "\n  %s = ", name);
    const char *at = state != NULL ? strstr(state, start) : NULL;
    if (at == NULL) {
        fprintf(stderr, "no field %s in:\n%s", name, answer);
        exit(1);
    }
    CHECK_INT(sscanf(at + strlen(start), "%llu ", &value), 1);
    return value;
}

static unsigned long long look(void) {
    (void)ask("module views");
    unsigned long long value = value_of("a");
    CHECK_INT(value, value_of("b"));
    return value;
}

static void fields(void) {
    (void)look();
    CHECK_HAS(answer, "\nstate of views generation 1 bytes 32\n  a = ");
    CHECK_HAS(answer, "\n  name = \"the house\" (text of 12 bytes)\n");
    CHECK_HAS(answer, "\nstate of the module bytes 32 version 1\n"); /* as it is declared */
    (void)ask("json module views");
    CHECK_HAS(answer, "\"states\": [");
    CHECK_HAS(answer, "\"value\": \"\\\"the house\\\"\"");
    CHECK_HAS(answer, "\"not_read\": null");
    (void)ask("module echo");
    CHECK(strstr(answer, "\nstate of echo ") == NULL);
    CHECK(strstr(answer, "not shown") == NULL);
    CHECK(!host_try_admin(h, "module nowhere", answer, sizeof answer));
    CHECK_HAS(answer, "no module of that name is loaded: see `modules`");
}

static void consistent(void) {
    unsigned long long first = look();
    for (uint32_t i = 0; i < LOOKS; i++) {
        (void)look();
    }
    while (look() == first) { /* it ticks */
    }
}

static void swapped(void) {
    for (int i = 0; i < SWAPS; i++) {
        unsigned long long before = look();
        swaps_to(h, "views", i % 2 == 0 ? "views" : "views_2", NULL, 0);
        CHECK(look() >= before);
        CHECK_INT(strstr(answer, "\n  between = ") != NULL, i % 2 != 0);
    }
}

static void packet(net_socket s, uint16_t opcode, const void *data, uint32_t size) {
    CHECK(wire_send(s, WIRE_U16, opcode, data, size));
}

static void stuck(net_socket s) {
    uint32_t hang_ms = HANG_MS;
    packet(s, HANG_MODULE, &hang_ms, sizeof hang_ms);
    host_wait_log(h, "hangs now", 1);
    (void)ask("module views");
    CHECK_HAS(answer,
              "the state is not shown: its turn has not come within 1000 ms: views, message "
              "2 of module");
    CHECK(strstr(answer, "\nstate of views generation ") == NULL);
    host_wait_figure(h, "late_calls", 0); /* it returns */
    (void)look();
}

static void frozen(net_socket s) {
    host_expect_error(h, "views");
    packet(s, FAULT_MODULE, NULL, 0);
    host_wait_log(h, "the module waits for its next build or ctl thaw", 1);
    unsigned long long value = look(); /* that of before the call that faulted */
    CHECK_HAS(answer, " frozen\n");
    CHECK_INT(look(), value);
    (void)ask("json module views");
    CHECK_HAS(answer, "\"frozen\": true");
    CHECK_HAS(answer, "\"not_read\": null");
    swaps_to(h, "views", "views_2", NULL, 0);
    while (look() == value) { /* it ticks again */
    }
}

SCENARIO(state_views_module) {
    const host_options options = {.name = "state_views_module",
                                  .modules = "views echo",
                                  .host_keys = "watchdog_ms = 500\n",
                                  .listeners = {{"game", "views.guest", NULL}}};
    h = host_start(&options);
    net_socket s = net_connect(host_port(h, "game"));
    fields();
    consistent();
    stuck(s);
    frozen(s);
    swapped();
    net_close(s);
    host_stop(h);
}
