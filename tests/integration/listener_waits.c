/* listener_waits.c: if another program uses a listener's address when the listener's module is
 * loaded, the host retries with growing pauses and logs it once. The listener opens when the
 * address is free. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>

/* Waits for the log's text about the listener, with its port in place of %u. */
static void expect_log(host *h, const char *format, uint16_t port) {
    char text[128];
    snprintf(text, sizeof text, format, port);
    host_wait_log(h, text, 1);
}

/* Waits until the ready file names the listener. */
static void expect_ready(const host *h, uint16_t port) {
    char path[1200];
    char text[128];
    uint64_t end_ms = clock_now_ms() + 20000;
    snprintf(path, sizeof path, "%s/ready", host_folder(h));
    snprintf(text, sizeof text, "listener fixed 127.0.0.1:%u\n", port);
    for (bool named = false; !named;) {
        CHECK(clock_now_ms() < end_ms);
        char *ready = file_read(path, NULL);
        named = ready != NULL && strstr(ready, text) != NULL;
        free(ready);
        clock_sleep_ms(named ? 0 : 10);
    }
}

SCENARIO(listener_waits) {
    char body[256];
    char path[1024];
    char command[1100];
    char answer[1024];
    uint16_t port = net_free_port();
    snprintf(body, sizeof body,
             "[listener fixed]\naddress = 127.0.0.1\nport = %u\ntype = counts.session\n", port);
    host_options options = {.name = "listener_waits", .modules = "echo", .body = body};
    host *h = host_start(&options);
    net_socket taken = net_listen(&port); /* not earlier: the host's process would inherit it */
    host_module_path("counts", path, sizeof path);
    snprintf(command, sizeof command, "load %s", path);
    host_expect_error(h, "cannot listen on 127.0.0.1");
    CHECK(!host_try_admin(h, command, answer, sizeof answer));
    CHECK(strstr(answer, "cannot open yet") != NULL);
    host_wait_log(h, "retrying in 500 ms", 1);
    host_wait_log(h, "retrying in 1000 ms", 1);
    host_wait_log(h, " cannot listen on 127.0.0.1 port ", 1);

    /* Unloading ends the retries. After another load they begin again with the first pause and are
     * logged again. */
    host_admin(h, "unload counts", NULL, 0);
    CHECK(!host_try_admin(h, command, answer, sizeof answer));
    host_wait_log(h, "retrying in 500 ms", 2);
    host_wait_log(h, " cannot listen on 127.0.0.1 port ", 2);

    net_close(taken);
    expect_log(h, "listening on 127.0.0.1:%u for counts.session", port);
    expect_ready(h, port);
    net_socket s = net_connect(port);
    wire_expect_echo(s, WIRE_U16, 1, "open at last");
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}
