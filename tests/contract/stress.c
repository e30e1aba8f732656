/* Four workers that wait for one to eight completions, and hundreds of connections that echo random
 * sizes, checked byte for byte, with closes at random moments: every accepted submit yields exactly
 * one completion.
 *
 * Each connection has a lock, because its recv and its send may complete on two workers at once.
 * Lock order: a connection's lock, then `finish_lock`.
 */
#include "contract.h"

#include <stdatomic.h>

enum {
    WORKERS = 4,
    CLIENTS = 200,
    LIVES = 3,  /* connections that each client makes, one after the other */
    ROUNDS = 6, /* messages on each connection */
    MESSAGE_MAX = 20000,
    ACCEPTS = 16,
    SERVERS = CLIENTS * LIVES + ACCEPTS
};

typedef enum op_kind { OP_ACCEPT, OP_CONNECT, OP_RECV, OP_SEND, OP_STOP } op_kind;

struct connection;

typedef struct stress_op {
    os_accept_op accept; /* first */
    op_kind kind;
    atomic_uint in_flight;
    struct connection *owner;
} stress_op;

typedef struct connection {
    os_mutex lock;
    bool is_client;
    bool closed;
    uint32_t pending; /* ops in flight */
    uint32_t lives_left;
    uint32_t rounds_left;
    uint32_t random;
    uint32_t size;     /* of this round's message */
    uint32_t received; /* of it */
    bool sent;
    os_socket *socket;
    stress_op recv; /* the connect, too */
    stress_op send;
    os_buffer nodes[3];
    uint8_t *out;
    uint8_t *in;
} connection;

static os_port *the_port;
static os_socket *listener;
static os_address listen_address;
static connection clients[CLIENTS];
static connection servers[SERVERS];
static stress_op accepts[ACCEPTS];
static stress_op stops[WORKERS];
static atomic_uint servers_used;
static atomic_uint submits;
static atomic_uint completions_seen;
static atomic_uint bytes_echoed;
static os_mutex finish_lock;
static os_cond finish_changed;
static uint32_t open_ends; /* connections with something in flight, and accepts */

static uint32_t next_random(connection *c) {
    c->random = c->random * 1664525u + 1013904223u;
    return c->random >> 8;
}

static void ends_add(int change) {
    os_mutex_lock(&finish_lock);
    open_ends += (uint32_t)change;
    if (open_ends == 0) {
        os_cond_wake_all(&finish_changed);
    }
    os_mutex_unlock(&finish_lock);
}

/* Call it before a submit, which may complete on another worker before it returns. */
static os_op *op_begin(stress_op *o) {
    CHECK_EQ(atomic_exchange(&o->in_flight, 1), 0);
    atomic_fetch_add(&submits, 1);
    if (o->owner != NULL) {
        o->owner->pending++;
    }
    return &o->accept.op;
}

/* Call it after a submit. True if it was accepted. [owner's lock held] */
static bool op_accepted(stress_op *o, portico_status status) {
    if (status == PORTICO_OK) {
        return true;
    }
    CHECK_EQ(atomic_exchange(&o->in_flight, 0), 1);
    atomic_fetch_sub(&submits, 1);
    if (o->owner != NULL) {
        o->owner->pending--;
    }
    return false;
}

static void connection_close(connection *c, bool reset) {
    if (!c->closed) {
        c->closed = true;
        os_close(c->socket, reset);
    }
}

static void connection_recv(connection *c, bool ready_first) {
    uint32_t capacity = ready_first ? 0 : 1 + next_random(c) % MESSAGE_MAX;
    uint8_t *data = c->in;
    if (c->is_client && !ready_first) {
        capacity = c->size - c->received;
        data = c->in + c->received;
    }
    if (!op_accepted(&c->recv,
                     os_recv(c->socket, op_begin(&c->recv), ready_first ? NULL : data, capacity))) {
        connection_close(c, false);
    }
}

/* Sends `size` bytes in up to three pieces. */
static void connection_send(connection *c, const uint8_t *data, uint32_t size) {
    uint32_t left = size;
    for (int i = 0; i < 3; i++) {
        uint32_t piece = i == 2 ? left : next_random(c) % (left + 1);
        c->nodes[i] =
            (os_buffer){.next = i < 2 ? &c->nodes[i + 1] : NULL, .data = data, .size = piece};
        data += piece;
        left -= piece;
    }
    if (!op_accepted(&c->send, os_send(c->socket, op_begin(&c->send), c->nodes))) {
        connection_close(c, false);
    }
}

/* ---- the server side ---------------------------------------------------------------------- */

static void server_start(os_socket *socket) {
    uint32_t index = atomic_fetch_add(&servers_used, 1);
    CHECK(index < SERVERS);
    connection *c = &servers[index];
    os_mutex_lock(&c->lock);
    c->random = index;
    c->socket = socket;
    c->in = malloc(MESSAGE_MAX);
    CHECK(c->in != NULL);
    c->recv.kind = OP_RECV;
    c->send.kind = OP_SEND;
    c->recv.owner = c;
    c->send.owner = c;
    ends_add(1);
    connection_recv(c, true);
    bool over = c->pending == 0;
    os_mutex_unlock(&c->lock);
    if (over) {
        ends_add(-1);
    }
}

static void server_on(connection *c, stress_op *o, const os_completion *done, bool was_ready) {
    if (c->closed) {
        return;
    }
    if (done->status != PORTICO_OK || (o->kind == OP_RECV && !was_ready && done->bytes == 0)) {
        connection_close(c, false);
    } else if (o->kind == OP_RECV && was_ready) {
        connection_recv(c, false);
    } else if (o->kind == OP_RECV) {
        connection_send(c, c->in, done->bytes);
    } else {
        connection_recv(c, next_random(c) % 2 == 0);
    }
}

/* ---- the client side --------------------------------------------------------------------- */

static void client_connect(connection *c) {
    c->closed = false;
    c->rounds_left = ROUNDS;
    c->lives_left--;
    c->recv.kind = OP_CONNECT;
    bool accepted = op_accepted(
        &c->recv, os_connect(the_port, &listen_address, NULL, op_begin(&c->recv), &c->socket));
    CHECK(accepted);
}

/* The next message: the recv for its echo is in flight together with its send. */
static void client_round(connection *c) {
    if (c->rounds_left-- == 0) {
        connection_close(c, false);
        return;
    }
    c->size = 1 + next_random(c) % MESSAGE_MAX;
    c->received = 0;
    c->sent = false;
    contract_pattern(c->out, c->size, c->random);
    connection_recv(c, false);
    if (!c->closed) {
        connection_send(c, c->out, c->size);
    }
    if (next_random(c) % 12 == 0) {
        connection_close(c, next_random(c) % 2 == 0); /* in the middle of the message */
    }
}

static void client_on_recv(connection *c, uint32_t bytes) {
    CHECK(bytes > 0 && bytes <= c->size - c->received);
    CHECK(memcmp(c->in + c->received, c->out + c->received, bytes) == 0);
    atomic_fetch_add(&bytes_echoed, bytes);
    c->received += bytes;
    if (c->received < c->size) {
        connection_recv(c, false);
    }
}

static void client_on(connection *c, stress_op *o, const os_completion *done) {
    if (!c->closed) {
        CHECK_OK(done->status); /* the server side never closes first */
        if (o->kind == OP_CONNECT) {
            o->kind = OP_RECV;
            client_round(c);
        } else if (o->kind == OP_RECV) {
            client_on_recv(c, done->bytes);
        } else {
            CHECK_EQ(done->bytes, c->size);
            c->sent = true;
        }
        if (!c->closed && o->kind != OP_CONNECT && c->sent && c->received == c->size) {
            client_round(c);
        }
    }
    if (c->closed && c->pending == 0 && c->lives_left > 0) {
        client_connect(c);
    }
}

/* ---- workers ----------------------------------------------------------------------------- */

static void on_accept(stress_op *o, const os_completion *done) {
    if (done->status != PORTICO_OK) {
        CHECK_STATUS(done->status, PORTICO_E_CANCELLED); /* the end */
        ends_add(-1);
        return;
    }
    os_socket *socket = o->accept.socket;
    /* The listener is still open: it is closed after the last client has finished, see the
     * scenario. */
    bool again = op_accepted(o, os_accept(listener, (os_accept_op *)op_begin(o)));
    CHECK(again);
    server_start(socket);
}

static void on_connection(stress_op *o, const os_completion *done) {
    connection *c = o->owner;
    os_mutex_lock(&c->lock);
    CHECK(c->pending > 0);
    c->pending--;
    if (c->is_client) {
        client_on(c, o, done);
    } else {
        /* A server's recv with a buffer completes with 0 bytes only at the end; recv-ready always
         * does. */
        bool was_ready =
            o->kind == OP_RECV && done->status == PORTICO_OK && done->bytes == 0 && !c->sent;
        c->sent = was_ready; /* after a recv-ready comes the real recv */
        server_on(c, o, done, was_ready);
    }
    bool over = c->pending == 0;
    os_mutex_unlock(&c->lock);
    if (over) {
        ends_add(-1);
    }
}

static void worker_main(void *arg) {
    (void)arg;
    enum { CAPACITY = 8 };
    os_completion completions[CAPACITY];
    uint32_t waits = 0;
    for (bool stop = false; !stop;) {
        uint32_t count = os_port_wait(the_port, completions, waits++ % CAPACITY + 1, UINT32_MAX);
        for (uint32_t i = 0; i < count; i++) {
            stress_op *o = (stress_op *)completions[i].op;
            CHECK_EQ(atomic_exchange(&o->in_flight, 0), 1);
            if (o->kind == OP_STOP && stop) {
                atomic_store(&o->in_flight, 1);
                CHECK_OK(os_port_post(the_port, &o->accept.op)); /* meant for another worker */
                continue;
            }
            atomic_fetch_add(&completions_seen, 1);
            if (o->kind == OP_STOP) {
                stop = true;
            } else if (o->kind == OP_ACCEPT) {
                on_accept(o, &completions[i]);
            } else {
                on_connection(o, &completions[i]);
            }
        }
    }
}

static void wait_for_ends(uint32_t value) {
    os_mutex_lock(&finish_lock);
    while (open_ends > value) {
        os_cond_wait(&finish_changed, &finish_lock, 10);
    }
    os_mutex_unlock(&finish_lock);
}

static void clients_start(void) {
    ends_add(ACCEPTS + CLIENTS);
    for (int i = 0; i < ACCEPTS; i++) {
        accepts[i].kind = OP_ACCEPT;
        CHECK(op_accepted(&accepts[i], os_accept(listener, (os_accept_op *)op_begin(&accepts[i]))));
    }
    for (uint32_t i = 0; i < CLIENTS; i++) {
        connection *c = &clients[i];
        os_mutex_lock(&c->lock);
        c->is_client = true;
        c->lives_left = LIVES;
        c->random = i * 7919;
        c->out = malloc(MESSAGE_MAX);
        c->in = malloc(MESSAGE_MAX);
        CHECK(c->out != NULL && c->in != NULL);
        c->recv.owner = c;
        c->send.owner = c;
        c->send.kind = OP_SEND;
        client_connect(c);
        os_mutex_unlock(&c->lock);
    }
}

static void connections_free(connection *list, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        CHECK_EQ(list[i].pending, 0);
        free(list[i].in);
        free(list[i].out);
    }
}

SCENARIO(stress) {
    the_port = contract_port();
    listener = contract_listen(the_port, "127.0.0.1", &listen_address);
    os_thread *workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        CHECK_OK(os_thread_start(&workers[i], "worker", worker_main, NULL));
    }
    clients_start();
    wait_for_ends(ACCEPTS); /* all clients and all server ends have finished */
    os_close(listener, false);
    wait_for_ends(0);
    for (int i = 0; i < WORKERS; i++) {
        stops[i].kind = OP_STOP;
        CHECK_OK(os_port_post(the_port, op_begin(&stops[i])));
    }
    for (int i = 0; i < WORKERS; i++) {
        os_thread_join(workers[i]);
    }
    printf("%u submits, %u completions, %u bytes echoed\n", atomic_load(&submits),
           atomic_load(&completions_seen), atomic_load(&bytes_echoed));
    CHECK_EQ(atomic_load(&completions_seen), atomic_load(&submits));
    probe_expect_quiet(the_port);
    connections_free(clients, CLIENTS);
    connections_free(servers, atomic_load(&servers_used));
    os_port_destroy(the_port);
}
