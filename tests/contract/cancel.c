/* os_cancel completes a recv, a recv-ready, a send and an accept, each once. After a cancelled recv
 * the stream continues where it was. Cancelling what has completed does nothing. */
#include "contract.h"

enum { SIZE = 32 << 20 };

static void check_cancel_recv(os_port *port, uint32_t capacity) {
    pair p = pair_open(port);
    char text[4] = "";
    probe recv = {0};
    CHECK_OK(probe_recv(&recv, p.server, capacity > 0 ? text : NULL, capacity));
    probe_expect_quiet(port);
    os_cancel(p.server, &recv.accept.op);
    CHECK_STATUS(probe_wait(&recv, port), PORTICO_E_CANCELLED);
    os_cancel(p.server, &recv.accept.op);
    probe_expect_quiet(port);
    contract_send(port, p.client, "abcd", 4);
    contract_recv(port, p.server, text, 4);
    CHECK(memcmp(text, "abcd", 4) == 0);
    pair_close(&p);
}

static void check_cancel_send(os_port *port) {
    pair p = pair_open(port);
    uint8_t *data = calloc(1, SIZE);
    CHECK(data != NULL);
    os_buffer buffer = {.data = data, .size = SIZE};
    probe send = {0};
    CHECK_OK(probe_send(&send, p.client, &buffer));
    probe_expect_quiet(port);
    os_cancel(p.client, &send.accept.op);
    CHECK(probe_wait(&send, port) != PORTICO_OK);
    free(data);
    os_close(p.client, true);
    os_close(p.server, true);
    probe_expect_quiet(port);
}

static void check_cancel_accept(os_port *port) {
    os_address address;
    os_socket *listener = contract_listen(port, "127.0.0.1", &address);
    static probe accepts[3];
    for (int i = 0; i < 3; i++) {
        CHECK_OK(probe_accept(&accepts[i], listener));
    }
    os_cancel(listener, &accepts[1].accept.op);
    CHECK_STATUS(probe_wait(&accepts[1], port), PORTICO_E_CANCELLED);
    probe_expect_quiet(port);
    for (int i = 0; i < 2; i++) { /* the other two still work */
        probe connect = {0};
        os_socket *client = NULL;
        CHECK_OK(probe_connect(&connect, port, &address, &client));
        CHECK_OK(probe_wait(&connect, port));
        os_close(client, false);
    }
    for (int i = 0; i < 3; i += 2) {
        CHECK_OK(probe_wait(&accepts[i], port));
        os_close(accepts[i].accept.socket, false);
    }
    os_close(listener, false);
    probe_expect_quiet(port);
}

SCENARIO(cancel) {
    os_port *port = contract_port();
    check_cancel_recv(port, 4);
    check_cancel_recv(port, 0);
    check_cancel_send(port);
    check_cancel_accept(port);
    os_port_destroy(port);
}
