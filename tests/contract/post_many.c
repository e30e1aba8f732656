/* 4 threads post while 4 threads wait: every post is handed out exactly once, whether posted alone
 * or many together. */
#include "contract.h"

#include <stdatomic.h>

enum { POSTERS = 4, WAITERS = 4, POSTS = 5000, TOGETHER = 50 };

typedef struct post {
    os_op op;
    atomic_uint taken;
} post;

static os_port *the_port;
static post posts[POSTERS][POSTS];
static os_op stops[WAITERS];
static atomic_uint total;

static bool is_stop(const os_op *op) {
    return op >= stops && op < stops + WAITERS;
}

static void waiter_main(void *arg) {
    (void)arg;
    os_completion completions[16];
    for (;;) {
        uint32_t count = os_port_wait(the_port, completions, 16, UINT32_MAX);
        bool stop = false;
        for (uint32_t i = 0; i < count; i++) {
            CHECK_OK(completions[i].status);
            CHECK_EQ(completions[i].bytes, 0);
            if (is_stop(completions[i].op) && stop) {
                CHECK_OK(os_port_post(the_port, completions[i].op)); /* meant for another waiter */
            } else if (is_stop(completions[i].op)) {
                stop = true;
            } else {
                CHECK_EQ(atomic_fetch_add(&((post *)completions[i].op)->taken, 1), 0);
                atomic_fetch_add(&total, 1);
            }
        }
        if (stop) {
            return;
        }
    }
}

static void poster_main(void *arg) {
    post *own = arg;
    for (int i = 0; i < POSTS; i++) {
        bool together = i / TOGETHER % 2 != 0;
        if (together && i % TOGETHER == 0) {
            os_port_posts_begin(the_port);
        }
        CHECK_OK(os_port_post(the_port, &own[i].op));
        if (together && i % TOGETHER == TOGETHER - 1) {
            os_port_posts_end(the_port);
        }
    }
}

SCENARIO(post_many) {
    the_port = contract_port();
    os_thread *waiters[WAITERS];
    os_thread *posters[POSTERS];
    for (int i = 0; i < WAITERS; i++) {
        CHECK_OK(os_thread_start(&waiters[i], "waiter", waiter_main, NULL));
    }
    for (int i = 0; i < POSTERS; i++) {
        CHECK_OK(os_thread_start(&posters[i], "poster", poster_main, posts[i]));
    }
    for (int i = 0; i < POSTERS; i++) {
        os_thread_join(posters[i]);
    }
    for (int i = 0; i < WAITERS; i++) {
        CHECK_OK(os_port_post(the_port, &stops[i]));
    }
    for (int i = 0; i < WAITERS; i++) {
        os_thread_join(waiters[i]);
    }
    /* A waiter that stopped with the last stop has left nothing but, perhaps, posts that no thread
     * waited for. */
    os_completion completions[OS_WAIT_MAX];
    uint32_t count;
    while ((count = os_port_wait(the_port, completions, OS_WAIT_MAX, 0)) > 0) {
        for (uint32_t i = 0; i < count; i++) {
            CHECK_EQ(atomic_fetch_add(&((post *)completions[i].op)->taken, 1), 0);
        }
        atomic_fetch_add(&total, count);
    }
    CHECK_EQ(atomic_load(&total), POSTERS * POSTS);
    os_port_destroy(the_port);
}
