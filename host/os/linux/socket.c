/* socket.c: what listeners, connectors and streams have in common: open, cancel and close.
 *
 * Any thread. A socket is registered with epoll once, edge-triggered, for everything. `readable`
 * and `writable` remember what the edges reported, so a submit makes its system call only when it
 * can succeed.
 */
#include "socket.h"

#include "address.h"
#include "error.h"
#include "reserve.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Makes the slot free; anything that still refers to the socket sees another generation. [lock
 * held] */
static void socket_retire(os_socket *s) {
    s->kind = SOCKET_FREE;
    s->generation++;
    s->fd = -1;
    s->accepts = (op_queue){0};
}

portico_status socket_create(os_port *port, int fd, socket_kind kind, op *pending,
                             os_socket **result) {
    os_socket *s = slab_take(&port->slots);
    if (s == NULL) {
        return error_set(ENOMEM);
    }
    mutex_lock(&s->lock);
    s->port = port;
    s->accepts = (op_queue){0};
    if (kind == SOCKET_CONNECTING) {
        s->send = pending;
    }
    s->fd = fd;
    s->kind = (uint8_t)kind;
    s->readable = READABLE_NO;
    s->drained_epoch = atomic_load(&port->epoch);
    s->writable = kind == SOCKET_STREAM;
    s->hangup = false;
    s->urgent = false;
    s->recv_failed = 0;
    s->shutdown_after_send = false;
    s->linger_s = 0;
    s->reserve = 0;
    *result = s;
    struct epoll_event event = {.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.u64 = socket_tag(s)};
    portico_status status = PORTICO_OK;
    if (epoll_ctl(port->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        /* ENOSPC: the system's limit of watched descriptors is reached. */
        status = error_set(errno == ENOSPC ? EMFILE : errno);
        socket_retire(s);
        *result = NULL;
    }
    mutex_unlock(&s->lock);
    if (status != PORTICO_OK) {
        slab_give(&port->slots, s);
    }
    return status;
}

void os_shutdown(os_socket *s) {
    mutex_lock(&s->lock);
    if (s->kind == SOCKET_STREAM && s->send != NULL) {
        s->shutdown_after_send = true;
    } else if (s->kind == SOCKET_STREAM) {
        shutdown(s->fd, SHUT_WR);
    }
    mutex_unlock(&s->lock);
}

void os_cancel(os_socket *s, os_op *cancelled) {
    op *o = (op *)cancelled;
    bool found = false;
    mutex_lock(&s->lock);
    os_port *port = s->port;
    if (s->kind == SOCKET_LISTENER) {
        found = op_queue_remove(&s->accepts, o);
    } else if (s->recv == o) {
        s->recv = NULL;
        found = true;
    } else if (s->send == o) {
        s->send = NULL;
        found = true;
    } else {
        /* It has completed already: too late counts as success. */
    }
    mutex_unlock(&s->lock);
    if (found) {
        port_complete_code(port, o, ECANCELED);
    }
}

/* Closes the descriptor without ever blocking the worker. [lock held] */
static void socket_close_fd(os_socket *s, bool reset) {
    int fd = s->fd;
    if (reset) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    } else if (s->linger_s > 0) {
        /* With SO_LINGER, close() would block even on a non-blocking descriptor. TCP_USER_TIMEOUT
         * gives the bytes still queued the same time, followed by a reset, without blocking. */
        unsigned timeout_ms = s->linger_s * 1000u;
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
    }
    s->fd = -1; /* before: a copy of the process must not close another file of that number */
    if (s->reserve != 0 && s->kind == SOCKET_LISTENER) {
        reserve_destroy(s->reserve);
    } else if (s->reserve != 0 && reserve_take_back(s->reserve, fd)) {
        return; /* this has closed it */
    }
    close(fd); /* removes it from epoll, too: there is no second descriptor for it */
}

void os_close(os_socket *s, bool reset) {
    op_queue in_flight = {0};
    mutex_lock(&s->lock);
    if (s->kind == SOCKET_FREE) {
        abort(); /* closed twice: the second close would hit an unrelated socket */
    }
    os_port *port = s->port;
    socket_close_fd(s, reset);
    if (s->kind == SOCKET_LISTENER) {
        in_flight = s->accepts;
    } else {
        if (s->recv != NULL) {
            op_queue_push(&in_flight, s->recv);
        }
        if (s->send != NULL) {
            op_queue_push(&in_flight, s->send);
        }
    }
    socket_retire(s);
    mutex_unlock(&s->lock);
    slab_give(&port->slots, s);
    op *o;
    while ((o = op_queue_pop(&in_flight)) != NULL) {
        port_complete_code(port, o, ECANCELED);
    }
}

portico_status os_socket_address(os_socket *s, os_address *address) {
    struct sockaddr_storage system = {0};
    socklen_t size = sizeof system;
    mutex_lock(&s->lock);
    int code = getsockname(s->fd, (struct sockaddr *)&system, &size) < 0 ? errno : 0;
    mutex_unlock(&s->lock);
    if (code != 0) {
        return error_set(code);
    }
    address_from_system(&system, address);
    return PORTICO_OK;
}
