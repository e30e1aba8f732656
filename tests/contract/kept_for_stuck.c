/* A completion that is kept for a thread which does not come back to os_port_wait is handed out to another
 * one, once somebody asks for that; and everything is handed out once, also while all of them wait. */
#include "contract.h"

#include <stdatomic.h>

enum { ROUNDS = 2000 };

static os_port *port;
static pair sockets;
static os_op recv_op;
static os_op send_op;
static os_op end_op;
static atomic_uint received;
static atomic_uint sent;
static atomic_bool ended;

static void count(const os_completion *done) {
    CHECK_OK(done->status);
    if (done->op == &recv_op) {
        CHECK_EQ(done->bytes, 1);
        atomic_fetch_add(&received, 1);
    } else if (done->op == &send_op) {
        CHECK_EQ(done->bytes, 1);
        atomic_fetch_add(&sent, 1);
    } else {
        CHECK(done->op == &end_op);
        atomic_store(&ended, true);
    }
}

static void other_main(void *arg) {
    (void)arg;
    while (!atomic_load(&ended)) {
        os_completion done;
        CHECK_EQ(os_port_wait(port, &done, 1, UINT32_MAX), 1);
        count(&done);
    }
}

/* Two operations that can be done at once: a byte is there, and there is room for another one. */
static void submit(uint8_t *byte) {
    static const uint8_t data = 'y';
    static os_buffer buffer;
    buffer = (os_buffer){.data = &data, .size = 1};
    CHECK_OK(os_recv(sockets.server, &recv_op, byte, 1));
    CHECK_OK(os_send(sockets.client, &send_op, &buffer));
}

static bool done_with(uint32_t rounds) {
    return atomic_load(&received) == rounds && atomic_load(&sent) == rounds;
}

/* This thread has waited, submits, and waits no more. It asks once, before or after the other one sleeps. */
static void check_stuck(uint8_t *byte) {
    os_thread *other;
    submit(byte);
    CHECK_OK(os_thread_start(&other, "other", other_main, NULL));
    os_port_share_kept(port);
    while (!done_with(1)) {
        /* The test's watchdog ends this. */
    }
    CHECK_EQ(*byte, 'x');
    CHECK_OK(os_port_post(port, &end_op));
    os_thread_join(other);
    CHECK(atomic_exchange(&ended, false));
}

static void sharing_main(void *arg) {
    (void)arg;
    while (!atomic_load(&ended)) {
        os_completion done;
        os_port_share_kept(port);
        if (os_port_wait(port, &done, 1, 0) > 0) {
            count(&done);
        }
    }
}

/* The thread comes back after all, and takes from its own list while another one shares it out. */
static void check_race(uint8_t *byte) {
    os_thread *sharing;
    CHECK_OK(os_thread_start(&sharing, "sharing", sharing_main, NULL));
    for (uint32_t round = 2; round <= ROUNDS; round++) {
        submit(byte);
        while (!done_with(round)) {
            os_completion done;
            if (os_port_wait(port, &done, 1, 0) > 0) {
                count(&done);
            }
        }
        CHECK_EQ(*byte, 'y');
    }
    atomic_store(&ended, true);
    os_thread_join(sharing);
    CHECK(done_with(ROUNDS));
}

SCENARIO(kept_for_stuck) {
    uint8_t byte = 0;
    port = contract_port();
    os_port_share_kept(port); /* no thread has waited yet */
    sockets = pair_open(port);
    contract_send(port, sockets.client, "wx", 2);
    contract_recv(port, sockets.server, &byte, 1);
    CHECK_EQ(byte, 'w');
    check_stuck(&byte);
    check_race(&byte);
    pair_close(&sockets);
    os_port_destroy(port);
}
