/* A completion kept for a thread that does not come back to os_port_wait is handed out to another
 * thread once os_port_share_kept is called. Everything is handed out once, even while all threads
 * wait. */
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

/* Two operations that can complete at once: a byte has arrived, and there is room for another. */
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

/* This thread has waited, submits, and does not wait again. It calls os_port_share_kept once,
 * before or after the other thread sleeps. */
static void check_stuck(uint8_t *byte) {
    os_thread *other;
    submit(byte);
    CHECK_OK(os_thread_start(&other, "other", other_main, NULL));
    os_port_share_kept(port);
    while (!done_with(1)) {
        /* If this fails, the test's watchdog ends it. */
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

/* The thread does come back, and takes from its own list while another thread shares that list. */
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
