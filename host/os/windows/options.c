/* options.c: the options of a connected socket. Any thread. */
#include "error.h"
#include "socket.h"

#include <limits.h>
#include <mstcpip.h>

static void set_option(const os_socket *socket, int level, int option, const void *value, int size,
                       portico_status *first) {
    if (setsockopt(socket->handle, level, option, value, size) != 0 && *first == PORTICO_OK) {
        *first = error_set((DWORD)WSAGetLastError());
    }
}

/* The system does only the reset on close; os_close does a linger of some seconds. */
static void set_linger(os_socket *socket, int32_t linger_s, portico_status *first) {
    LINGER linger = {.l_onoff = linger_s == 0, .l_linger = 0};
    set_option(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger, first);
    socket->linger_s = linger_s;
}

static void set_keep_alive(const os_socket *socket, uint32_t idle_s, portico_status *first) {
    /* Windows fixes the number of probes at ten. */
    enum { PROBE_INTERVAL_MS = 1000, IDLE_MAX_S = INT32_MAX / 1000 };
    struct tcp_keepalive values = {
        .onoff = idle_s > 0,
        .keepalivetime = (idle_s < IDLE_MAX_S ? idle_s : IDLE_MAX_S) * 1000,
        .keepaliveinterval = PROBE_INTERVAL_MS,
    };
    DWORD got = 0;
    if (WSAIoctl(socket->handle, SIO_KEEPALIVE_VALS, &values, sizeof values, NULL, 0, &got, NULL,
                 NULL) != 0 &&
        *first == PORTICO_OK) {
        *first = error_set((DWORD)WSAGetLastError());
    }
}

static int cut_to_int(uint32_t value) {
    return value < INT_MAX ? (int)value : INT_MAX;
}

portico_status os_socket_configure(os_socket *socket, const os_socket_options *options) {
    portico_status first = PORTICO_OK;
    BOOL no_delay = options->no_delay;
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay, &first);
    set_keep_alive(socket, options->keep_alive_s, &first);
    if (options->linger_s >= 0) {
        set_linger(socket, options->linger_s, &first);
    }
    if (options->send_buffer_bytes > 0) {
        int bytes = cut_to_int(options->send_buffer_bytes);
        set_option(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes, &first);
    }
    if (options->recv_buffer_bytes > 0) {
        int bytes = cut_to_int(options->recv_buffer_bytes);
        set_option(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes, &first);
    }
    return first;
}
