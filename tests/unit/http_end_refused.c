/* http_end_refused.c: an answer over HTTP with TLS has been sent, and then the system refuses to
 * send the end of TLS, as Windows does when the client has reset the connection, and any system
 * without memory. The visit ends, and nothing of it is used after that. */
#include "admin/http/visit.h"

#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"

#include <stdio.h>
#include <string.h>

/* END_MOST: of the end of TLS; everything else that is sent here has more bytes. */
enum { END_MOST = 40, WAIT_MS = 20, LIMIT_MS = 30000 };

portico_status __real_os_send(os_socket *s, os_op *op, os_buffer *list);
portico_status __wrap_os_send(os_socket *s, os_op *op, os_buffer *list);

static bool refuses;
static uint32_t refused;

portico_status __wrap_os_send(os_socket *s, os_op *op, os_buffer *list) {
    if (refuses && list->next == NULL && list->size <= END_MOST) {
        refused++;
        return PORTICO_E_RESET;
    }
    return __real_os_send(s, op, list);
}

static os_port *port;
static os_socket *listener;
static os_accept_op accepted;
static http_visit visit;

static void on_accepted(const os_completion *completion) {
    CHECK_INT(completion->status, PORTICO_OK);
    http_visit_open(&visit, accepted.socket, &accepted.peer);
}

static uint32_t none_judging(const os_address *peer) {
    (void)peer;
    return 0;
}

/* A browser that gets the login page. Returns when the host has closed the connection. */
static void browse(void *arg) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static char answer[64 * 1024];
    const tls_options options = {.port = *(const uint16_t *)arg};
    size_t used = 0;
    tls_client *c = tls_connect(&options);
    CHECK(tls_send_all(c, request, sizeof request - 1));
    int got = 1;
    while (got > 0 && used < sizeof answer) {
        got = tls_recv_some(c, answer + used, sizeof answer - used);
        used += got > 0 ? (size_t)got : 0;
    }
    CHECK_INT(got, NET_BROKEN);
    CHECK(strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) == 0);
    tls_cut(c);
}

static void serve_one(tls_keeper *keeper) {
    http_site site = {.tls = true};
    os_address address;
    os_thread *browser = NULL;
    os_completion completion;
    os_listen_options options = {.backlog = 4};
    CHECK_INT(os_address_parse("127.0.0.1", 0, &address), PORTICO_OK);
    CHECK_INT(os_listen(port, &address, &options, &listener), PORTICO_OK);
    CHECK_INT(os_socket_address(listener, &site.address), PORTICO_OK);
    http_visits_start("0123456789abcdef", &site, keeper, none_judging);
    accepted.op.done = on_accepted;
    CHECK_INT(os_accept(listener, &accepted), PORTICO_OK);
    CHECK_INT(os_thread_start(&browser, "browser", browse, &site.address.port), PORTICO_OK);
    uint64_t until_ms = clock_now_ms() + LIMIT_MS;
    while (refused == 0 || !http_visit_is_free(&visit)) {
        CHECK(clock_now_ms() < until_ms);
        if (os_port_wait(port, &completion, 1, WAIT_MS) > 0) {
            completion.op->done(&completion);
        }
        if (visit.wire.turn != 0) {
            http_wire_take_turn(&visit.wire); /* seats.c does it for a host */
        }
        http_visit_look(&visit, os_monotonic_ms());
    }
    os_thread_join(browser);
    os_close(listener, false);
}

SCENARIO(http_end_refused) {
    char folder[400];
    char certificate_path[512];
    char key_path[512];
    config_service settings = {.name = "admin:http"};
    tls_keeper keeper;
    const tls_made made = {.name = "localhost", .hosts = "DNS:localhost", .key = TLS_KEY_A};
    snprintf(folder, sizeof folder, "%s/http_end_refused", host_test_folder());
    snprintf(certificate_path, sizeof certificate_path, "%s/c.pem", folder);
    snprintf(key_path, sizeof key_path, "%s/k.pem", folder);
    folder_make(host_test_folder());
    folder_make(folder);
    tls_write_certificate(certificate_path, &made);
    tls_write_key(key_path, TLS_KEY_A);
    settings.tls = (config_tls){.on = true, .certificate = certificate_path, .key = key_path};
    CHECK(tls_keeper_start(&keeper, &settings));
    CHECK_INT(os_port_create(&port), PORTICO_OK);
    refuses = true;
    serve_one(&keeper);
    refuses = false;
    CHECK_INT(refused, 1);
    CHECK_INT(visits.open[VISIT_HTTP], 0);
    tls_keeper_stop(&keeper);
    os_port_destroy(port);
}
