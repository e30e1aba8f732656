/* stack_bytes.c: handlers and jobs have as much stack as [host] stack_bytes says, whatever the
 * system's own limit is, and one that uses more is contained. */
#include "support/check.h"
#include "support/faults.h"
#include "support/wire.h"

enum { DIG = 1, DIG_IN_A_JOB = 2, USUAL_KIB = 600, LARGE_KIB = 2500 };
enum { USUAL_BYTES_KIB = 1024, LARGE_BYTES_KIB = 4096 };

static host *start(const char *name, const char *keys) {
    const host_options options = {.name = name,
                                  .modules = "digs",
                                  .host_keys = keys,
                                  .module_keys = faults_no_policy,
                                  .listeners = {{"game", "digs.session", "framing = u16\n"}}};
    host *h = host_start(&options);
    host_expect_error(h, "digs");
    return h;
}

/* The answer's bytes: -1 if the session ends instead. */
static int64_t dig(host *h, uint16_t opcode, uint32_t kib) {
    uint32_t dug = 0;
    net_socket s = net_connect(host_port(h, "game"));
    int64_t size = wire_ask(s, opcode, &kib, sizeof kib, &dug, sizeof dug);
    net_close(s);
    return size;
}

static void one_size(const char *name, const char *keys, uint32_t fits, uint32_t does_not) {
    host *h = start(name, keys);
    for (int i = 0; i < 2; i++) { /* after an overflow the stack is whole again */
        CHECK_INT(dig(h, DIG, fits), sizeof fits);
        CHECK_INT(dig(h, DIG_IN_A_JOB, fits), sizeof fits);
        CHECK_INT(dig(h, DIG, does_not), -1);
        CHECK_INT(dig(h, DIG_IN_A_JOB, does_not), 0);
    }
    host_wait_log_some(h, "stack overflow", 2);
    host_wait_figure(h, "module_faults", 4);
    host_stop(h);
}

SCENARIO(stack_bytes) {
    one_size("stack_usual", NULL, USUAL_KIB, USUAL_BYTES_KIB);
    one_size("stack_large", "stack_bytes = 4M\n", LARGE_KIB, LARGE_BYTES_KIB);
}
