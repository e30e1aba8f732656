/* Bytes that a peer sends as urgent arrive in their place, and so does what follows them. The
 * system ends a recv before an urgent byte, so a short one has not emptied the socket. */
#include "contract.h"

#include "support/net.h"

enum { ROUNDS = 50, AROUND_MAX = 40 };

static net_socket accept_peer(os_port *port, os_socket **server) {
    os_address address;
    os_socket *listener = contract_listen(port, "127.0.0.1", &address);
    probe accept = {0};
    CHECK_OK(probe_accept(&accept, listener));
    net_socket peer = net_connect(address.port);
    CHECK_OK(probe_wait(&accept, port));
    *server = accept.accept.socket;
    os_close(listener, false);
    return peer;
}

static net_socket connect_peer(os_port *port, os_socket **client) {
    os_address address;
    uint16_t number = 0;
    net_socket listener = net_listen(&number);
    CHECK_OK(os_address_parse("127.0.0.1", number, &address));
    probe connect = {0};
    CHECK_OK(probe_connect(&connect, port, &address, client));
    net_socket peer = net_accept(listener, NET_TIMEOUT_MS);
    CHECK(peer != NET_NONE);
    CHECK_OK(probe_wait(&connect, port));
    net_close(listener);
    return peer;
}

/* As a session receives: waits until there is something, then takes what has arrived. */
static uint32_t take_some(os_port *port, os_socket *socket, uint8_t *data, uint32_t capacity) {
    probe ready = {0};
    CHECK_OK(probe_recv(&ready, socket, NULL, 0));
    CHECK_OK(probe_wait(&ready, port));
    uint32_t got = os_recv_now(socket, data, capacity);
    if (got > 0) {
        return got;
    }
    probe recv = {0};
    CHECK_OK(probe_recv(&recv, socket, data, capacity));
    CHECK_OK(probe_wait(&recv, port));
    CHECK(recv.last.bytes > 0);
    return recv.last.bytes;
}

static void exchange(os_port *port, os_socket *socket, net_socket peer, uint32_t round) {
    uint8_t sent[2 * AROUND_MAX + 1];
    uint8_t got[sizeof sent];
    uint32_t before = round % AROUND_MAX;
    uint32_t after = round * 7 % AROUND_MAX;
    uint32_t size = before + 1 + after;
    contract_pattern(sent, size, round);
    CHECK(net_send_all(peer, sent, before));
    CHECK(net_send_urgent(peer, sent[before]));
    CHECK(net_send_all(peer, sent + before + 1, after));
    uint32_t at = 0;
    while (at < size) {
        at += take_some(port, socket, got + at, (uint32_t)sizeof got - at);
    }
    CHECK_EQ(at, size);
    CHECK(memcmp(got, sent, size) == 0);
}

SCENARIO(urgent) {
    os_port *port = contract_port();
    os_socket *server;
    os_socket *client;
    net_socket of_server = accept_peer(port, &server);
    net_socket of_client = connect_peer(port, &client);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        exchange(port, server, of_server, round);
        exchange(port, client, of_client, round);
    }
    os_close(server, true);
    os_close(client, true);
    net_close(of_server);
    net_close(of_client);
    os_port_destroy(port);
}
