/* mailbox.c: what a module posts to itself in `load` waits until `load` has returned, then comes
 * although nobody posts anything else; exactly as much as promised may wait; and a module that
 * posts to itself without end can be unloaded. The module mutters checks it. */
#include "support/check.h"
#include "support/host.h"

SCENARIO(mailbox) {
    host_options options = {
        .name = "mailbox", .modules = "mutters", .host_keys = "stop_timeout_ms = 30000\n"};
    host *h = host_start(&options);
    host_wait_log(h, "all are handled", 1);
    host_admin(h, "unload mutters", NULL, 0);
    host_admin(h, "load mutters", NULL, 0);
    host_wait_log(h, "all are handled", 2);
    CHECK_INT(host_log_errors(h), 0);
    host_stop(h);
}
