/* No wake-up is lost: with all workers asleep a single post is always taken, thousands of times,
 * and tokens that workers post to each other never get stuck. */
#include "contract.h"

#include <stdatomic.h>

enum { WORKERS = 4, ROUNDS = 3000, TOKENS = 3, HOPS = 3000 };

typedef struct token {
    os_op op;
    uint32_t hops_left;
} token;

static os_port *the_port;
static os_op knock;
static os_op stops[WORKERS];
static token tokens[TOKENS];
static os_mutex lock;
static os_cond changed;
static uint32_t knocks_taken;
static uint32_t tokens_done;

static void count_up(uint32_t *counter) {
    os_mutex_lock(&lock);
    (*counter)++;
    os_cond_wake_all(&changed);
    os_mutex_unlock(&lock);
}

static void wait_for(const uint32_t *counter, uint32_t value) {
    os_mutex_lock(&lock);
    while (*counter < value) {
        os_cond_wait(&changed, &lock, UINT32_MAX);
    }
    os_mutex_unlock(&lock);
}

static void worker_main(void *arg) {
    (void)arg;
    for (;;) {
        os_completion done;
        CHECK_EQ(os_port_wait(the_port, &done, 1, UINT32_MAX), 1);
        if (done.op >= stops && done.op < stops + WORKERS) {
            return;
        }
        if (done.op == &knock) {
            count_up(&knocks_taken);
            continue;
        }
        token *t = (token *)done.op;
        if (t->hops_left-- == 0) {
            count_up(&tokens_done);
        } else {
            CHECK_OK(os_port_post(the_port, &t->op));
        }
    }
}

SCENARIO(post_wakes_sleepers) {
    the_port = contract_port();
    os_thread *workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        CHECK_OK(os_thread_start(&workers[i], "worker", worker_main, NULL));
    }
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        if (round % 2 != 0) {
            CHECK_OK(os_port_post(the_port, &knock));
        } else {
            os_port_posts_begin(the_port);
            CHECK_OK(os_port_post(the_port, &knock));
            os_port_posts_end(the_port);
        }
        wait_for(&knocks_taken, round);
    }
    for (int i = 0; i < TOKENS; i++) {
        tokens[i].hops_left = HOPS;
        CHECK_OK(os_port_post(the_port, &tokens[i].op));
    }
    wait_for(&tokens_done, TOKENS);
    for (int i = 0; i < WORKERS; i++) {
        CHECK_OK(os_port_post(the_port, &stops[i]));
    }
    for (int i = 0; i < WORKERS; i++) {
        os_thread_join(workers[i]);
    }
    os_port_destroy(the_port);
}
