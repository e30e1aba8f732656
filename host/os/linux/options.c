/* options.c: the options of a connected socket. Any thread. */
#include "error.h"
#include "socket.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Sets one option; keeps the first failure in *code. */
static void option_set(int fd, int level, int option, const void *value, socklen_t size,
                       int *code) {
    if (setsockopt(fd, level, option, value, size) < 0 && *code == 0) {
        *code = errno;
    }
}

static void option_set_int(int fd, int level, int option, int value, int *code) {
    option_set(fd, level, option, &value, sizeof value, code);
}

static int cut_to_int(uint32_t value) {
    return value < INT_MAX ? (int)value : INT_MAX;
}

/* The system does only the reset on close; os_close does a linger of some seconds. */
static void linger_set(os_socket *s, int32_t linger_s, int *code) {
    struct linger linger = {.l_onoff = linger_s == 0, .l_linger = 0};
    option_set(s->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger, code);
    s->linger_s = linger_s <= 0 ? 0 : linger_s < UINT16_MAX ? (uint16_t)linger_s : UINT16_MAX;
}

portico_status os_socket_configure(os_socket *s, const os_socket_options *options) {
    int code = 0;
    mutex_lock(&s->lock);
    int fd = s->fd;
    option_set_int(fd, IPPROTO_TCP, TCP_NODELAY, options->no_delay, &code);
    option_set_int(fd, SOL_SOCKET, SO_KEEPALIVE, options->keep_alive_s > 0, &code);
    if (options->keep_alive_s > 0) {
        option_set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, cut_to_int(options->keep_alive_s), &code);
    }
    if (options->linger_s >= 0) {
        linger_set(s, options->linger_s, &code);
    }
    if (options->send_buffer_bytes > 0) {
        option_set_int(fd, SOL_SOCKET, SO_SNDBUF, cut_to_int(options->send_buffer_bytes), &code);
    }
    if (options->recv_buffer_bytes > 0) {
        option_set_int(fd, SOL_SOCKET, SO_RCVBUF, cut_to_int(options->recv_buffer_bytes), &code);
    }
    mutex_unlock(&s->lock);
    return code == 0 ? PORTICO_OK : error_set(code);
}
