/* http_admin.c: [admin] http_port: /metrics in both forms, and every command as /api/NAME, with the
 * same answer as `ctl --json`. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/http.h"
#include "support/wire.h"

#include <stdlib.h>

static char answer[1 << 20];
static uint16_t port;

static int get(const char *path) {
    return http_ask(port, "GET", path, HTTP_RIGHT, NULL, answer, sizeof answer);
}

static int post(const char *path, const char *body) {
    return http_ask(port, "POST", path, HTTP_RIGHT, body, answer, sizeof answer);
}

static void metrics(void) {
    CHECK_INT(get("/metrics"), 200);
    CHECK_HAS(answer, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
    CHECK_HAS(answer, "\n# TYPE portico_received_packets_total counter\n");
    CHECK_HAS(answer, "\nportico_received_packets_total{listener=\"game\"} 3\n");
    CHECK_HAS(answer, "\n# TYPE portico_build_info gauge\n");
    CHECK(strstr(answer, "# EOF") == NULL);
    CHECK_INT(http_ask(port, "GET", "/metrics",
                       HTTP_RIGHT "Accept: application/openmetrics-text;version=1.0.0\r\n", NULL,
                       answer, sizeof answer),
              200);
    CHECK_HAS(answer,
              "\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n");
    CHECK_HAS(answer, "\n# TYPE portico_received_packets counter\n");
    CHECK_HAS(answer, "\n# UNIT portico_received_bytes bytes\n");
    CHECK_HAS(answer, "\nportico_received_packets_total{listener=\"game\"} 3\n");
    CHECK_TEXT(answer + strlen(answer) - 6, "# EOF\n");
    CHECK_INT(post("/metrics", ""), 405);
}

static void reports(void) {
    CHECK_INT(get("/api/status"), 200);
    CHECK_HAS(answer, "\r\nContent-Type: application/json\r\n");
    CHECK_HAS(answer, "\r\nCache-Control: no-store\r\n");
    CHECK_HAS(answer, "\"received_packets\": 3");
    CHECK_HAS(answer, "\"ok\": true");
    CHECK_INT(get("/api/sessions"), 200);
    CHECK_HAS(answer, "\"type\": \"echo.session\"");
    CHECK_INT(get("/api/modules"), 200);
    CHECK_HAS(answer, "\"name\": \"echo\"");
    CHECK_INT(get("/api/faults?20"), 200);
    CHECK_INT(get("/api/top?--interval%201"), 200);
    CHECK_INT(get("/api/memory"), 200);
    CHECK_HAS(answer, "\"allocated_bytes\": ");
    CHECK_INT(get("/api/metrics"), 200);
    CHECK_HAS(answer, "\"name\": \"portico_sessions\"");
    CHECK_INT(get("/api/faults?x"), 400);
    CHECK_HAS(answer, "usage: faults [N]");
    CHECK_INT(get("/api/dance"), 400);
    CHECK_INT(get("/api/"), 404);
    CHECK_INT(post("/api/status", ""), 405);
}

static void actions(host *h, net_socket s) {
    char id[32];
    CHECK_INT(get("/api/sessions"), 200);
    const char *at = strstr(answer, "\"id\": \"");
    CHECK(at != NULL);
    CHECK_INT(sscanf(at, "\"id\": \"%31[0-9]\"", id), 1);
    CHECK_INT(get("/api/kick?12"), 405);
    CHECK_INT(post("/api/kick", "12"), 404);
    CHECK_HAS(answer, "\"status\": \"PORTICO_E_GONE\"");
    CHECK_INT(post("/api/kick", id), 200);
    CHECK(net_wait_end(s, 20000));
    host_wait_log(h, "` by HTTP at 127.0.0.1:", 2); /* with the one that was not there */
    CHECK_INT(post("/api/swap", "--force echo"), 200);
    CHECK_HAS(answer, "generation 2");
    CHECK_INT(post("/api/swap", "nowhere"), 404);
    CHECK_INT(post("/api/swap", "echo\nkick 1"), 400);
    CHECK_INT(post("/api/reopen-log", ""), 404);
    host_expect_error(h, "nowhere is not swapped");
}

SCENARIO(http_admin) {
    host_options options = {
        .name = "http_admin",
        .modules = "echo",
        .listeners = {{"game", "echo.session", NULL}},
        .admin_keys = "http_port = 0\n",
    };
    host *h = host_start(&options);
    port = host_port(h, "http");
    net_socket s = net_connect(host_port(h, "game"));
    for (int i = 0; i < 3; i++) {
        wire_expect_echo(s, WIRE_U16, 1, "hello");
    }
    metrics();
    reports();
    actions(h, s);
    net_close(s);
    CHECK_INT(post("/api/stop", ""), 200);
    CHECK_INT(host_wait_exit(h, 30000), 0);
    host_finish(h, 0);
}
