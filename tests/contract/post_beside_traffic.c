/* A thread that keeps itself busy with one socket still gets posts, and events of other sockets. */
#include "contract.h"

enum { WARM_UP = 40, LIMIT = 1000 };

static os_op ready;
static os_op recv;
static os_op sent;
static os_op posted;
static pair busy;

/* Waits for one completion. The recv-ready, whose byte is never read, keeps completing. */
static os_op *next(os_port *port) {
    os_completion done;
    CHECK_EQ(os_port_wait(port, &done, 1, UINT32_MAX), 1);
    CHECK_OK(done.status);
    if (done.op == &ready) {
        CHECK_OK(os_recv(busy.server, &ready, NULL, 0));
    }
    return done.op;
}

SCENARIO(post_beside_traffic) {
    os_port *port = contract_port();
    pair other = pair_open(port);
    busy = pair_open(port);
    char byte = 0;
    contract_send(port, busy.client, "x", 1);
    CHECK_OK(os_recv(other.server, &recv, &byte, 1));
    CHECK_OK(os_recv(busy.server, &ready, NULL, 0));
    for (int i = 0; i < WARM_UP; i++) {
        CHECK(next(port) == &ready);
    }

    os_buffer buffer = {.data = (const uint8_t *)"y", .size = 1};
    CHECK_OK(os_send(other.client, &sent, &buffer));
    CHECK_OK(os_port_post(port, &posted));
    bool got_recv = false;
    bool got_sent = false;
    bool got_post = false;
    for (int i = 0; i < LIMIT && !(got_recv && got_sent && got_post); i++) {
        const os_op *op = next(port);
        got_recv = got_recv || op == &recv;
        got_sent = got_sent || op == &sent;
        got_post = got_post || op == &posted;
    }
    CHECK(got_sent);
    CHECK(got_post);
    CHECK(got_recv);
    CHECK_EQ(byte, 'y');

    os_close(busy.server, false);
    os_completion last;
    CHECK_EQ(os_port_wait(port, &last, 1, UINT32_MAX), 1);
    CHECK(last.op == &ready);
    os_close(busy.client, false);
    pair_close(&other);
    os_port_destroy(port);
}
