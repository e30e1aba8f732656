/* http_places.c: places for HTTP connections. Those of one address do not take another's place, and
 * an address that offers many tokens at once is refused. */
#include "support/host.h"
#include "support/http.h"

enum { PLACES = 40, OFFERED = 12, AT_ONCE = 8 };

static net_socket others[2 * PLACES];
static char answer[1 << 16];

static net_socket from_elsewhere(uint16_t port) {
    net_socket s = net_try_connect_from("127.0.0.2", "127.0.0.1", port);
    CHECK(s != NET_NONE);
    return s;
}

static void send_request(net_socket s, uint16_t port, const char *headers) {
    char request[256];
    CHECK(net_send_all(
        s, request,
        http_request(port, "GET", "/api/status", headers, NULL, request, sizeof request)));
}

/* The operator connects, then twice as many others as there are places, then the operator asks. */
static void check_crowd(uint16_t port) {
    net_socket operator_ = net_connect(port);
    for (int i = 0; i < 2 * PLACES; i++) {
        others[i] = from_elsewhere(port);
    }
    send_request(operator_, port, HTTP_RIGHT);
    CHECK_INT(http_read(operator_, answer, sizeof answer), 200);
    for (int i = 0; i < 2 * PLACES; i++) {
        net_close(others[i]);
    }
}

/* Of many tokens at once few are looked at; the operator's own address is served. */
static void check_offers(uint16_t port) {
    int refused = 0;
    for (int i = 0; i < OFFERED; i++) {
        others[i] = from_elsewhere(port);
    }
    for (int i = 0; i < OFFERED; i++) {
        send_request(others[i], port, "Authorization: Bearer wrong\r\n");
    }
    for (int i = 0; i < OFFERED; i++) {
        int status = http_read(others[i], answer, sizeof answer);
        CHECK(status == 401 || status == 429);
        refused += status == 429;
    }
    CHECK(refused > 0 && refused <= OFFERED - AT_ONCE);
    net_socket s = net_connect(port);
    send_request(s, port, HTTP_RIGHT);
    CHECK_INT(http_read(s, answer, sizeof answer), 200);
}

SCENARIO(http_places) {
    host_options options = {
        .name = "http_places", .modules = "echo", .admin_keys = "http_port = 0\n"};
    host *h = host_start(&options);
    uint16_t port = host_port(h, "http");
    check_crowd(port);
    check_offers(port);
    host_stop(h);
}
