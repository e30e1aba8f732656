/* Local listeners: clients connect by the path, bytes go both ways, and the ends are seen. A second
 * listener at the path is refused while the first one lives, and takes its place afterwards. */
#include "contract.h"

#include "os/local.h"

#define FOLDER "contract_local"
#define PATH FOLDER "/host.sock"

enum { CLIENTS = 20, BIG = 200000 };

/* A listener whose accepts have all been taken may be busy for a moment. */
static os_socket *connect_to(os_port *port, const char *path, probe *connect) {
    os_socket *client = NULL;
    portico_status status = PORTICO_E_BACKLOG;
    for (int i = 0; i < 500 && status == PORTICO_E_BACKLOG; i++) {
        status = os_connect_local(port, path, &connect->accept.op, &client);
        os_sleep(status == PORTICO_E_BACKLOG ? 10 : 0);
    }
    CHECK_OK(status);
    connect->submitted++;
    CHECK(client != NULL);
    CHECK_OK(probe_wait(connect, port));
    return client;
}

static pair open_pair(os_port *port, os_socket *listener, const char *path) {
    probe accept = {0};
    probe connect = {0};
    pair p;
    CHECK_OK(probe_accept(&accept, listener));
    p.client = connect_to(port, path, &connect);
    CHECK_OK(probe_wait(&accept, port));
    p.server = accept.accept.socket;
    CHECK(p.server != NULL);
    return p;
}

static void both_ways(os_port *port, pair *p) {
    char text[8];
    contract_send(port, p->client, "hello", 5);
    contract_recv(port, p->server, text, 5);
    CHECK(memcmp(text, "hello", 5) == 0);
    contract_send(port, p->server, "goodbye", 7);
    contract_recv(port, p->client, text, 7);
    CHECK(memcmp(text, "goodbye", 7) == 0);
}

/* A list of two, as ctl sends a line, and more than the system holds. */
static void gathered_and_big(os_port *port, pair *p) {
    static uint8_t sent[BIG];
    static uint8_t got[BIG];
    os_buffer second = {.data = (const uint8_t *)"\n", .size = 1};
    os_buffer first = {.next = &second, .data = (const uint8_t *)"line", .size = 4};
    probe send = {0};
    char text[5];
    CHECK_OK(probe_send(&send, p->client, &first));
    contract_recv(port, p->server, text, 5);
    CHECK(memcmp(text, "line\n", 5) == 0);
    CHECK_OK(probe_wait(&send, port));
    for (size_t i = 0; i < BIG; i++) {
        sent[i] = (uint8_t)(i * 7 + i / 251);
    }
    os_buffer big = {.data = sent, .size = BIG};
    CHECK_OK(probe_send(&send, p->server, &big));
    contract_recv(port, p->client, got, BIG);
    CHECK(memcmp(got, sent, BIG) == 0);
    CHECK_OK(probe_wait(&send, port));
}

/* Bytes that were sent before a close arrive, then the end. */
static void ends(os_port *port, pair *p) {
    char text[8];
    probe recv = {0};
    contract_send(port, p->server, "last", 4);
    os_close(p->server, false);
    contract_recv(port, p->client, text, 4);
    CHECK_OK(probe_recv(&recv, p->client, text, sizeof text));
    CHECK_OK(probe_wait(&recv, port));
    CHECK_EQ(recv.last.bytes, 0);
    os_close(p->client, false);
}

/* A recv in flight is cancelled by the close of its own socket. */
static void cancels(os_port *port, pair *p) {
    char text[8];
    probe recv = {0};
    CHECK_OK(probe_recv(&recv, p->server, text, sizeof text));
    os_close(p->server, false);
    CHECK_STATUS(probe_wait(&recv, port), PORTICO_E_CANCELLED);
    os_close(p->client, false);
}

static void many(os_port *port, os_socket *listener, const char *path) {
    pair pairs[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        pairs[i] = open_pair(port, listener, path);
    }
    for (int i = CLIENTS - 1; i >= 0; i--) {
        both_ways(port, &pairs[i]);
        os_close(pairs[i].client, false);
        os_close(pairs[i].server, false);
    }
}

static os_socket *listen_at(os_port *port, const char *path) {
    os_socket *listener = NULL;
    CHECK_OK(os_listen_local(port, path, &listener));
    CHECK(listener != NULL);
    return listener;
}

static void use(os_port *port, const char *path) {
    probe accept = {0};
    os_socket *other = NULL;
    os_socket *listener = listen_at(port, path);
    CHECK_OK(os_listener_reserve(listener));
    CHECK_STATUS(os_listen_local(port, path, &other), PORTICO_E_ADDRESS_IN_USE);
    pair p = open_pair(port, listener, path);
    both_ways(port, &p);
    gathered_and_big(port, &p);
    ends(port, &p);
    p = open_pair(port, listener, path);
    cancels(port, &p);
    many(port, listener, path);
    CHECK_OK(probe_accept(&accept, listener));
    os_close(listener, false);
    CHECK_STATUS(probe_wait(&accept, port), PORTICO_E_CANCELLED);
}

/* Nobody listens: refused, and the next listener takes the place. */
static void dead(os_port *port, const char *path) {
    probe connect = {0};
    os_socket *client = NULL;
    portico_status status = os_connect_local(port, path, &connect.accept.op, &client);
    CHECK(status == PORTICO_E_NOT_FOUND || status == PORTICO_E_REFUSED);
    os_close(listen_at(port, path), false);
    os_local_remove(path);
    CHECK_STATUS(os_connect_local(port, path, &connect.accept.op, &client), PORTICO_E_NOT_FOUND);
}

SCENARIO(local) {
    char longer[400];
    os_port *port = contract_port();
    CHECK_OK(os_folder_create(FOLDER));
    use(port, PATH);
    dead(port, PATH);
    /* Longer than a Unix socket's address. */
    memset(longer, 'x', sizeof longer);
    memcpy(longer, FOLDER "/", sizeof FOLDER);
    longer[200] = '\0';
    CHECK_OK(os_folder_create(longer));
    memcpy(longer + 200, "/host.sock", sizeof "/host.sock");
    use(port, longer);
    dead(port, longer);
    probe_expect_quiet(port);
    os_port_destroy(port);
}
