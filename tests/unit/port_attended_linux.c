/* port_attended_linux.c: while a thread that has got a completion takes long, a call of
 * os_port_share_kept sees to it that another thread waits for new events at once, and not after its
 * nap. Only the port of Linux has naps. */
#include "support/check.h"

#if defined(_WIN32)

SCENARIO(port_attended_linux) {
    printf("skipped: the port of this system has no naps\n");
}

#else

#include "os/linux/port.h"

enum { ROUNDS = 300, NAPPERS = 2 };

static os_port *port;
static os_op round_op;
static os_op end_op;
static atomic_uint begun;
static atomic_bool ended;
static uint32_t napped; /* rounds in which a nap was ended */

/* Takes long: nobody polls, unless a nap has just ended. */
static void on_round(void) {
    uint32_t naps = atomic_load(&port->naps);
    bool naps_before = atomic_load(&port->napping) == NAPPERS && !atomic_load(&port->polled);
    os_port_share_kept(port);
    CHECK(!naps_before || atomic_load(&port->polled) || atomic_load(&port->naps) != naps);
    napped += naps_before;
    atomic_fetch_add(&begun, 1);
}

static void wait_main(void *arg) {
    (void)arg;
    while (!atomic_load(&ended)) {
        os_completion done;
        CHECK_INT(os_port_wait(port, &done, 1, UINT32_MAX), 1);
        if (done.op == &round_op) {
            on_round();
        }
    }
    CHECK_INT(os_port_post(port, &end_op), PORTICO_OK); /* the next one */
}

static void play_round(uint32_t number) {
    while (atomic_load(&port->napping) != NAPPERS || !atomic_load(&port->polled)) {
        os_sleep(0); /* or the test's time limit ends it */
    }
    CHECK_INT(os_port_post(port, &round_op), PORTICO_OK);
    while (atomic_load(&begun) != number) {
        os_sleep(0);
    }
}

SCENARIO(port_attended_linux) {
    os_thread *threads[NAPPERS + 1];
    CHECK_INT(os_port_create(&port), PORTICO_OK);
    for (int i = 0; i <= NAPPERS; i++) {
        CHECK_INT(os_thread_start(&threads[i], "waits", wait_main, NULL), PORTICO_OK);
    }
    for (uint32_t number = 1; number <= ROUNDS; number++) {
        play_round(number);
    }
    printf("nobody polled at first in %u of %d rounds\n", napped, ROUNDS);
    CHECK(napped > 0);
    atomic_store(&ended, true);
    CHECK_INT(os_port_post(port, &end_op), PORTICO_OK);
    for (int i = 0; i <= NAPPERS; i++) {
        os_thread_join(threads[i]);
    }
    os_completion late;
    while (os_port_wait(port, &late, 1, 0) > 0) { /* the last one's */
    }
    os_port_destroy(port);
}

#endif
