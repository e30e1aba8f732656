/* Events arrive for a socket while another worker closes it, and for the next socket in its slot:
 * thousands of short connections on four workers, and each op completes once. */
#include "contract.h"

#include <stdatomic.h>

enum { WORKERS = 4, CHAINS = 16, LIVES = 100 };

/* One client connection after another, with its accepted end. All steps of a chain hold its lock.
 */
typedef struct chain {
    os_accept_op accept; /* first: tells the ops apart by their addresses */
    os_op connect;
    os_op recv_client;
    os_op recv_server;
    os_mutex lock;
    os_socket *listener;
    os_address address;
    os_socket *client;
    os_socket *server;
    bool connected;
    uint32_t pending;
    uint32_t lives_left;
    uint8_t byte;
} chain;

static os_port *the_port;
static chain chains[CHAINS];
static os_op stops[WORKERS];
static os_mutex finish_lock;
static os_cond finish_changed;
static uint32_t chains_left = CHAINS;

static void chain_begin(chain *c) {
    c->client = NULL;
    c->server = NULL;
    c->connected = false;
    c->pending = 2;
    CHECK_OK(os_accept(c->listener, &c->accept));
    CHECK_OK(os_connect(the_port, &c->address, NULL, &c->connect, &c->client));
}

/* Both ends are connected: submits a recv on each, then closes both while the peer's end of the
 * stream is on its way. */
static void chain_collide(chain *c) {
    bool client_first = c->lives_left % 2 == 0;
    c->pending += 2;
    CHECK_OK(os_recv(c->client, &c->recv_client, NULL, 0));
    CHECK_OK(os_recv(c->server, &c->recv_server, &c->byte, 1));
    os_close(client_first ? c->client : c->server, c->lives_left % 3 == 0);
    os_close(client_first ? c->server : c->client, c->lives_left % 5 == 0);
}

static void chain_end(chain *c) {
    if (--c->lives_left > 0) {
        chain_begin(c);
        return;
    }
    os_close(c->listener, false);
    os_mutex_lock(&finish_lock);
    chains_left--;
    os_cond_wake_all(&finish_changed);
    os_mutex_unlock(&finish_lock);
}

static void chain_on(chain *c, const os_completion *done) {
    os_mutex_lock(&c->lock);
    CHECK(c->pending > 0);
    c->pending--;
    if (done->op == &c->accept.op) {
        CHECK_OK(done->status);
        c->server = c->accept.socket;
    } else if (done->op == &c->connect) {
        CHECK_OK(done->status);
        c->connected = true;
    } else {
        CHECK(done->op == &c->recv_client || done->op == &c->recv_server);
    }
    bool standing = done->op == &c->accept.op || done->op == &c->connect;
    if (standing && c->server != NULL && c->connected) {
        chain_collide(c);
    } else if (c->pending == 0) {
        chain_end(c);
    }
    os_mutex_unlock(&c->lock);
}

static void worker_main(void *arg) {
    (void)arg;
    os_completion done;
    for (;;) {
        CHECK_EQ(os_port_wait(the_port, &done, 1, UINT32_MAX), 1);
        if (done.op >= stops && done.op < stops + WORKERS) {
            return;
        }
        size_t index = (size_t)((const char *)done.op - (const char *)chains) / sizeof chains[0];
        CHECK(index < CHAINS);
        chain_on(&chains[index], &done);
    }
}

SCENARIO(close_race) {
    the_port = contract_port();
    os_thread *workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        CHECK_OK(os_thread_start(&workers[i], "worker", worker_main, NULL));
    }
    for (int i = 0; i < CHAINS; i++) {
        chain *c = &chains[i];
        os_mutex_lock(&c->lock);
        c->listener = contract_listen(the_port, "127.0.0.1", &c->address);
        c->lives_left = LIVES;
        chain_begin(c);
        os_mutex_unlock(&c->lock);
    }
    os_mutex_lock(&finish_lock);
    while (chains_left > 0) {
        os_cond_wait(&finish_changed, &finish_lock, UINT32_MAX);
    }
    os_mutex_unlock(&finish_lock);
    for (int i = 0; i < WORKERS; i++) {
        CHECK_OK(os_port_post(the_port, &stops[i]));
    }
    for (int i = 0; i < WORKERS; i++) {
        os_thread_join(workers[i]);
    }
    os_port_destroy(the_port);
}
