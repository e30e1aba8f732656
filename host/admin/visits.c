/* visits.c: see visits.h. */
#include "admin/visits.h"

#include <string.h>

enum { AT_ONCE_BYTES = 64 * 1024, PIECE_BYTES = 256 };

visit_counts visits;

/* The next bytes of the answer, at most this many. */
static os_buffer *next_piece(visit_answer *a, size_t most) {
    size_t left = a->lines.size - a->sent;
    a->piece = (os_buffer){.data = (const uint8_t *)a->lines.text + a->sent,
                           .size = (uint32_t)(left < most ? left : most)};
    return &a->piece;
}

portico_status visit_send(visit_answer *a, os_socket *socket, os_op *op) {
    uint32_t sent = 1;
    while (sent > 0 && a->lines.size - a->sent > PIECE_BYTES) {
        size_t most = a->lines.size - a->sent - PIECE_BYTES;
        os_buffer *list = next_piece(a, most < AT_ONCE_BYTES ? most : AT_ONCE_BYTES);
        sent = os_send_now(socket, &list);
        a->sent += sent;
    }
    return os_send(socket, op, next_piece(a, PIECE_BYTES));
}

bool visit_same_client(const os_address *a, const os_address *b) {
    enum { NETWORK_BYTES = 8 };
    size_t size = a->family == OS_ADDRESS_IPV6 ? NETWORK_BYTES : sizeof a->bytes;
    return a->family == b->family && memcmp(a->bytes, b->bytes, size) == 0;
}

bool visit_may_pass(portico_status status) {
    return status == PORTICO_E_NO_MEMORY || status == PORTICO_E_NO_HANDLES;
}
