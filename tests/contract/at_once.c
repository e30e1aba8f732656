/* os_recv_now and os_send_now do what goes at once, where the system can, and leave the rest to
 * os_recv and os_send: bytes, the end of the stream, a reset. Nothing is lost between the two ways,
 * and neither call yields a completion. */
#include "contract.h"

#include <stdbool.h>

enum { MANY_BYTES = 8 * 1024 * 1024 };

/* Takes what has arrived, in either way. Returns how many bytes; 0 at the end of the stream. */
static uint32_t recv_either(os_port *port, os_socket *socket, void *data, uint32_t capacity) {
    probe recv = {0};
    uint32_t bytes = os_recv_now(socket, data, capacity);
    if (bytes == 0) {
        CHECK_OK(probe_recv(&recv, socket, data, capacity));
        CHECK_OK(probe_wait(&recv, port));
        bytes = recv.last.bytes;
    }
    return bytes;
}

/* Sends everything, in both ways, while the other end reads. Returns how many bytes went at once.
 */
static uint32_t send_either(os_port *port, pair *p, uint8_t *sent, uint8_t *got) {
    os_buffer second = {.data = sent + 10, .size = MANY_BYTES - 10};
    os_buffer first = {.next = &second, .data = sent, .size = 10};
    os_buffer *list = &first;
    probe send = {0};
    uint32_t now = os_send_now(p->client, &list);
    probe_expect_quiet(port);
    if (list != NULL) {
        CHECK_OK(probe_send(&send, p->client, list));
        uint8_t byte = 0;
        os_buffer more = {.data = &byte, .size = 1};
        os_buffer *rest = &more;
        CHECK_EQ(os_send_now(p->client, &rest), 0); /* never past what is in flight */
        CHECK(rest == &more);
    }
    uint32_t count = 0;
    while (count < MANY_BYTES) {
        count += recv_either(port, p->server, got + count, MANY_BYTES - count);
    }
    if (list != NULL) {
        CHECK_OK(probe_wait(&send, port));
        CHECK_EQ(send.last.bytes, MANY_BYTES - now);
    }
    CHECK(memcmp(sent, got, MANY_BYTES) == 0);
    return now;
}

static void check_bytes(os_port *port, uint8_t *sent, uint8_t *got) {
    pair p = pair_open(port);
    CHECK_EQ(os_recv_now(p.server, got, 10), 0); /* nothing has arrived */
    probe ready = {0};
    CHECK_OK(probe_recv(&ready, p.server, NULL, 0));
    CHECK_EQ(os_recv_now(p.server, got, 10), 0); /* an os_recv is in flight */
    contract_send(port, p.client, sent, 10);
    CHECK_OK(probe_wait(&ready, port));
    CHECK_EQ(os_recv_now(p.server, got, 4), 4); /* some of what has completed a recv-ready */
    CHECK_EQ(os_recv_now(p.server, got + 4, 100), 6);
    CHECK(memcmp(sent, got, 10) == 0);
    CHECK_EQ(os_recv_now(p.server, got, 10), 0);

    uint32_t now = send_either(port, &p, sent, got);
    CHECK(now >= 10 && now < MANY_BYTES);

    os_shutdown(p.client);
    CHECK_OK(probe_recv(&ready, p.server, NULL, 0));
    CHECK_OK(probe_wait(&ready, port));
    CHECK_EQ(os_recv_now(p.server, got, 10), 0);
    CHECK_EQ(recv_either(port, p.server, got, 10), 0);
    pair_close(&p);
}

/* The system reports a reset once: os_recv_now must not swallow it. */
static void check_reset(os_port *port, uint8_t *got) {
    pair p = pair_open(port);
    probe recv = {0};
    CHECK_OK(probe_recv(&recv, p.server, NULL, 0));
    os_close(p.client, true);
    (void)probe_wait(&recv, port);
    portico_status status = recv.last.status;
    if (status == PORTICO_OK) {
        CHECK_EQ(os_recv_now(p.server, got, 10), 0);
        CHECK_OK(probe_recv(&recv, p.server, got, 10));
        status = probe_wait(&recv, port);
    }
    CHECK_STATUS(status, PORTICO_E_RESET);
    os_close(p.server, false);
}

SCENARIO(at_once) {
    os_port *port = contract_port();
    uint8_t *sent = malloc(MANY_BYTES);
    uint8_t *got = malloc(MANY_BYTES);
    CHECK(sent != NULL && got != NULL);
    contract_pattern(sent, MANY_BYTES, 1);
    check_bytes(port, sent, got);
    check_reset(port, got);
    free(sent);
    free(got);
    os_port_destroy(port);
}
