/* bad_pointers.c: a module calls every function of the host with bad pointers: NULL with a size,
 * missing memory, memory that is partly missing, and memory that may not be written. NULL is
 * refused; everything else is a fault of the module, which costs the session that it served its
 * connection. So is a call with little stack left. No lock of the host is held after it: another
 * session uses every function. */
#include "../abi/pointers.h"
#include "support/check.h"
#include "support/faults.h"
#include "support/wire.h"

#include <portico/status.h>

typedef struct pointer {
    const char *name;
    pointers_kind kind;
    int32_t answer; /* for NULL */
} pointer;

static const pointer all[POINTERS_WHATS] = {
#define POINTER(name, kind, answer) {#name, POINTERS_##kind, (answer)},
    POINTERS_LIST(POINTER)
#undef POINTER
};

static host *h;
static net_socket user;
static int faults;

static bool applies(pointers_kind kind, uint32_t where) {
    return where == POINTERS_READ_ONLY ? kind == POINTERS_WRITE
           : where == POINTERS_HOLE    ? kind == POINTERS_READ
                                       : true;
}

static void use(const char *after) {
    int32_t answer = -1;
    if (wire_ask(user, POINTERS_USE, NULL, 0, &answer, sizeof answer) != sizeof answer ||
        answer != 0) {
        (void)fprintf(stderr, "after %s: line %d of pointers.c\n", after, answer);
        CHECK(false);
    }
}

static void call(uint32_t what, uint32_t where) {
    pointers_call told = {what, where};
    int32_t answer = -1;
    net_socket s = net_connect(host_port(h, "game"));
    int64_t size = wire_ask(s, POINTERS_CALL, &told, sizeof told, &answer, sizeof answer);
    bool faulted = size < 0;
    if (where == POINTERS_NULL ? faulted || answer != all[what].answer : !faulted) {
        (void)fprintf(stderr, "%s, memory %u: %s %d\n", all[what].name, where,
                      faulted ? "has faulted," : "has returned", answer);
        CHECK(false);
    }
    faults += faulted;
    net_close(s);
    use(all[what].name);
}

/* A function of the host is called with little stack left. */
static void dive(void) {
    uint32_t nothing = 0;
    net_socket s = net_connect(host_port(h, "game"));
    CHECK_INT(wire_ask(s, POINTERS_DIVE, NULL, 0, &nothing, sizeof nothing), -1);
    net_close(s);
    use("the dive");
    host_wait_log(h, "has less than 64 KiB of stack left", 1);
    faults++;
}

SCENARIO(bad_pointers) {
    const host_options options = {.name = "bad_pointers",
                                  .modules = "pointers",
                                  .module_keys = faults_no_policy,
                                  .listeners = {{"game", "pointers.session", "framing = u16\n"}}};
    h = host_start(&options);
    host_expect_error(h, "pointers");
    user = net_connect(host_port(h, "game"));
    use("the start");
    dive(); /* first: the log has room for its report */
    for (uint32_t what = 0; what < POINTERS_WHATS; what++) {
        for (uint32_t where = 0; where < POINTERS_WHERES; where++) {
            if (applies(all[what].kind, where)) {
                call(what, where);
            }
        }
    }
    host_wait_figure(h, "module_faults", faults);
    net_close(user);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}
