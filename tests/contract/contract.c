/* contract.c: the runner and what contract.h promises. */
#include "contract.h"

static struct {
    os_thread *thread;
    os_mutex lock;
    os_cond changed;
    bool done;
} watchdog;

static void watchdog_main(void *arg) {
    (void)arg;
    uint64_t deadline_ns = os_monotonic_ns() + (uint64_t)CONTRACT_WATCHDOG_MS * 1000000;
    os_mutex_lock(&watchdog.lock);
    while (!watchdog.done && os_monotonic_ns() < deadline_ns) {
        os_cond_wait(&watchdog.changed, &watchdog.lock, 1000);
    }
    bool done = watchdog.done;
    os_mutex_unlock(&watchdog.lock);
    if (!done) {
        contract_fail(__FILE__, __LINE__, "the test hangs: the watchdog ends it");
    }
}

int main(int argc, char **argv) {
    CHECK_OK(os_init(&argc, &argv));
    if (argc > 2) {
        return scenario_main(argc, argv); /* a child of child.c */
    }
    CHECK_OK(os_thread_start(&watchdog.thread, "watchdog", watchdog_main, NULL));
    int code = scenario_main(argc, argv);
    os_mutex_lock(&watchdog.lock);
    watchdog.done = true;
    os_cond_wake_all(&watchdog.changed);
    os_mutex_unlock(&watchdog.lock);
    os_thread_join(watchdog.thread);
    return code;
}

void contract_skip(const char *reason) {
    printf("skipped: %s\n", reason);
}

_Noreturn void contract_fail(const char *file, int line, const char *text) {
    fprintf(stderr, "%s:%d: failed: %s (last system error %d)\n", file, line, text,
            (int)os_error());
    fflush(stderr);
    os_exit(1);
    abort(); /* not reached: os_exit is not declared noreturn */
}

void contract_check_equal(const char *file, int line, const char *text, long long found,
                          long long expected) {
    if (found != expected) {
        char words[256];
        snprintf(words, sizeof words, "%s is %lld, expected %lld", text, found, expected);
        contract_fail(file, line, words);
    }
}

const char *contract_status_name(portico_status status) {
    switch (status) {
#define NAME_CASE(name, number, sentence) \
    case number: return #name;
        PORTICO_STATUS_LIST(NAME_CASE)
#undef NAME_CASE
    default: return "(no status)";
    }
}

void contract_check_status(const char *file, int line, const char *text, portico_status found,
                           portico_status expected) {
    if (found != expected) {
        char words[256];
        snprintf(words, sizeof words, "%s is %s, expected %s", text, contract_status_name(found),
                 contract_status_name(expected));
        contract_fail(file, line, words);
    }
}

/* ---- probes ------------------------------------------------------------------------------ */

static portico_status probe_count(probe *p, portico_status status) {
    p->submitted += status == PORTICO_OK;
    return status;
}

portico_status probe_accept(probe *p, os_socket *listener) {
    return probe_count(p, os_accept(listener, &p->accept));
}

portico_status probe_connect(probe *p, os_port *port, const os_address *to, os_socket **socket) {
    return probe_count(p, os_connect(port, to, NULL, &p->accept.op, socket));
}

portico_status probe_recv(probe *p, os_socket *socket, void *data, uint32_t capacity) {
    return probe_count(p, os_recv(socket, &p->accept.op, data, capacity));
}

portico_status probe_send(probe *p, os_socket *socket, os_buffer *list) {
    return probe_count(p, os_send(socket, &p->accept.op, list));
}

portico_status probe_post(probe *p, os_port *port) {
    return probe_count(p, os_port_post(port, &p->accept.op));
}

uint32_t probe_pump(os_port *port, uint32_t timeout_ms) {
    os_completion completions[OS_WAIT_MAX];
    uint32_t count = os_port_wait(port, completions, OS_WAIT_MAX, timeout_ms);
    CHECK(count <= OS_WAIT_MAX);
    for (uint32_t i = 0; i < count; i++) {
        probe *p = (probe *)completions[i].op;
        p->completed++;
        CHECK(p->completed <= p->submitted);
        CHECK((completions[i].status == PORTICO_OK) == (completions[i].system_error == 0));
        p->last = completions[i];
    }
    return count;
}

portico_status probe_wait(probe *p, os_port *port) {
    while (p->completed < p->submitted) {
        probe_pump(port, UINT32_MAX);
    }
    return p->last.status;
}

void probe_expect_quiet(os_port *port) {
    CHECK_EQ(probe_pump(port, CONTRACT_QUIET_MS), 0);
}

/* ---- sockets ----------------------------------------------------------------------------- */

os_port *contract_port(void) {
    os_port *port = NULL;
    CHECK_OK(os_port_create(&port));
    CHECK(port != NULL);
    return port;
}

os_socket *contract_listen(os_port *port, const char *host, os_address *address) {
    os_listen_options options = {.backlog = 512, .dual_stack = true};
    os_socket *listener = NULL;
    CHECK_OK(os_address_parse(host, 0, address));
    portico_status status = os_listen(port, address, &options, &listener);
    if (status == PORTICO_E_ADDRESS) {
        return NULL;
    }
    CHECK_OK(status);
    CHECK_OK(os_socket_address(listener, address));
    CHECK(address->port != 0);
    return listener;
}

pair pair_open(os_port *port) {
    pair made = {0};
    os_address address;
    os_socket *listener = contract_listen(port, "127.0.0.1", &address);
    probe accept = {0};
    probe connect = {0};
    CHECK_OK(probe_accept(&accept, listener));
    CHECK_OK(probe_connect(&connect, port, &address, &made.client));
    CHECK_OK(probe_wait(&accept, port));
    CHECK_OK(probe_wait(&connect, port));
    made.server = accept.accept.socket;
    CHECK(made.server != NULL);
    os_close(listener, false);
    return made;
}

void pair_close(pair *p) {
    os_close(p->client, false);
    os_close(p->server, false);
}

void contract_send(os_port *port, os_socket *socket, const void *data, uint32_t size) {
    probe send = {0};
    os_buffer buffer = {.data = data, .size = size};
    CHECK_OK(probe_send(&send, socket, &buffer));
    CHECK_OK(probe_wait(&send, port));
    CHECK_EQ(send.last.bytes, size);
}

void contract_recv(os_port *port, os_socket *socket, void *data, uint32_t size) {
    uint8_t *at = data;
    while (size > 0) {
        probe recv = {0};
        CHECK_OK(probe_recv(&recv, socket, at, size));
        CHECK_OK(probe_wait(&recv, port));
        CHECK(recv.last.bytes > 0 && recv.last.bytes <= size);
        at += recv.last.bytes;
        size -= recv.last.bytes;
    }
}

void contract_spin(uint32_t ms) {
    uint64_t until_ns = os_monotonic_ns() + ms * 1000000ull;
    while (os_monotonic_ns() < until_ns) {
    }
}

void contract_pattern(uint8_t *data, size_t size, uint32_t seed) {
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = (uint8_t)(state >> 24);
    }
}
