/* http_places.c: the places over HTTP. Connections of one address do not take that of another, and an
 * address that offers many tokens at once is refused. */
#include "support/host.h"
#include "support/http.h"

enum { PLACES = 40, OFFERED = 12, AT_ONCE = 8 };

static net_socket others[2 * PLACES];

static net_socket from_elsewhere(uint16_t port) {
    net_socket s = net_try_connect_from("127.0.0.2", "127.0.0.1", port);
    CHECK(s != NET_NONE);
    return s;
}

static int read_status(net_socket s) {
    char answer[4096];
    size_t used = 0;
    int got = 1;
    int status = 0;
    while (got > 0 && used < sizeof answer - 1) {
        got = net_recv_some(s, answer + used, sizeof answer - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    answer[used] = '\0';
    net_close(s);
    return sscanf(answer, "HTTP/1.1 %d ", &status) == 1 ? status : 0;
}

static void send_request(net_socket s, uint16_t port, const char *token) {
    char request[256];
    int size = snprintf(request, sizeof request,
                        "GET /api/status HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                        "Authorization: Bearer %s\r\n\r\n",
                        (unsigned)port, token);
    CHECK(net_send_all(s, request, (size_t)size));
}

/* The operator connects, then twice as many others as there are places, then the operator asks. */
static void check_crowd(uint16_t port) {
    net_socket operator_ = net_connect(port);
    for (int i = 0; i < 2 * PLACES; i++) {
        others[i] = from_elsewhere(port);
    }
    send_request(operator_, port, HTTP_TOKEN);
    CHECK_INT(read_status(operator_), 200);
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
        send_request(others[i], port, "wrong");
    }
    for (int i = 0; i < OFFERED; i++) {
        int status = read_status(others[i]);
        CHECK(status == 401 || status == 429);
        refused += status == 429;
    }
    CHECK(refused > 0 && refused <= OFFERED - AT_ONCE);
    net_socket s = net_connect(port);
    send_request(s, port, HTTP_TOKEN);
    CHECK_INT(read_status(s), 200);
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
