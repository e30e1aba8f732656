/* When all threads but one leave with work for long, the last one sees new events, even after all
 * of them have waited for a while. Two of three threads get a posted operation and stay busy until
 * the third has received. */
#include "contract.h"

#include <stdatomic.h>

enum { WAITERS = 3, ROUNDS = 60, IDLE_MS = 12, PATIENCE_MS = 5000 };

static os_port *port;
static pair sockets;
static os_op recv_op;
static os_op blocking[WAITERS - 1];
static os_op end_ops[WAITERS];
static os_alarm *never_rung;
static uint8_t byte;
static atomic_uint round_now;
static atomic_uint received;
static atomic_uint blocked; /* how often an operation kept its thread busy to the end */

static void sleep_ms(uint32_t ms) {
    uint64_t until_ns = os_monotonic_ns() + ms * 1000000ull;
    while (os_monotonic_ns() < until_ns) {
        os_alarm_sleep(never_rung, until_ns);
    }
}

static void keep_busy(void) {
    uint32_t before = atomic_load(&round_now);
    uint64_t until_ns = os_monotonic_ns() + PATIENCE_MS * 1000000ull;
    while (atomic_load(&received) <= before) {
        CHECK(os_monotonic_ns() < until_ns);
    }
    atomic_fetch_add(&blocked, 1);
}

static void waiter_main(void *arg) {
    (void)arg;
    for (;;) {
        os_completion done;
        CHECK_EQ(os_port_wait(port, &done, 1, UINT32_MAX), 1);
        CHECK_OK(done.status);
        if (done.op == &recv_op) {
            CHECK_EQ(done.bytes, 1);
            atomic_fetch_add(&received, 1);
        } else if (done.op >= end_ops && done.op < end_ops + WAITERS) {
            return;
        } else {
            keep_busy();
        }
    }
}

static void run_round(uint32_t round) {
    uint8_t sent = (uint8_t)round;
    os_buffer buffer = {.data = &sent, .size = 1};
    os_buffer *list = &buffer;
    atomic_store(&round_now, round);
    CHECK_OK(os_recv(sockets.server, &recv_op, &byte, 1));
    sleep_ms(IDLE_MS);
    for (int i = 0; i < WAITERS - 1; i++) {
        CHECK_OK(os_port_post(port, &blocking[i]));
    }
    (void)os_send_now(sockets.client, &list);
    CHECK(list == NULL);
    while (atomic_load(&blocked) < (round + 1) * (WAITERS - 1)) {
        sleep_ms(1);
    }
    CHECK_EQ(byte, sent);
}

SCENARIO(blocked_waiters) {
    os_thread *threads[WAITERS];
    CHECK_OK(os_alarm_create(&never_rung));
    port = contract_port();
    sockets = pair_open(port);
    for (int i = 0; i < WAITERS; i++) {
        CHECK_OK(os_thread_start(&threads[i], "waiter", waiter_main, NULL));
    }
    for (uint32_t round = 0; round < ROUNDS; round++) {
        run_round(round);
    }
    for (int i = 0; i < WAITERS; i++) {
        CHECK_OK(os_port_post(port, &end_ops[i]));
    }
    for (int i = 0; i < WAITERS; i++) {
        os_thread_join(threads[i]);
    }
    pair_close(&sockets);
    os_port_destroy(port);
    os_alarm_destroy(never_rung);
}
