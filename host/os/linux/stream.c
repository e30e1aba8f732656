/* stream.c: recv, recv-ready and send on connected sockets.
 *
 * Any thread; all work is done with the socket's lock held, either by the submit, when the last edge
 * says that it can succeed, or by the thread that fetched the next edge.
 */
#include "error.h"
#include "socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

static_assert(OS_SEND_BUFFERS_MAX <= 1024, "more than one sendmsg takes");

/* The last look found nothing: the next edge will tell. */
static void stream_drained(os_socket *s) {
    s->readable = READABLE_NO;
    s->hangup = false; /* it was an error that has gone by; after an end of stream one never gets here */
    s->drained_epoch = atomic_load(&s->port->epoch);
}

/* recv() that goes on after signals; the result, or minus the code. */
static ssize_t stream_recv_some(os_socket *s, void *data, size_t size, int flags) {
    ssize_t count;
    do {
        count = recv(s->fd, data, size, flags);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -(ssize_t)errno : count;
}

static void stream_complete_recv(os_socket *s, op *o, ssize_t result) {
    s->recv = NULL;
    o->bytes = result > 0 ? (uint32_t)result : 0;
    port_complete_code(s->port, o, result < 0 ? (int)-result : 0);
}

/* recv-ready: nothing is read; at most looked at. */
static void stream_run_ready(os_socket *s, op *o) {
    ssize_t result = 0;
    if (s->readable != READABLE_SURE) {
        uint8_t byte;
        result = stream_recv_some(s, &byte, 1, MSG_PEEK);
        if (result == -EAGAIN) {
            stream_drained(s);
            return;
        }
        s->readable = READABLE_SURE;
    }
    stream_complete_recv(s, o, result < 0 ? result : 0);
}

void stream_run_recv(os_socket *s) {
    op *o = s->recv;
    if (o == NULL || s->readable == READABLE_NO) {
        return;
    }
    if (o->data == NULL) {
        stream_run_ready(s, o);
        return;
    }
    ssize_t result = stream_recv_some(s, o->data, o->capacity, 0);
    if (result == -EAGAIN) {
        stream_drained(s);
        return;
    }
    if (result <= 0) {
        s->hangup = true; /* no edge will come again: later recvs look for themselves */
    }
    if (result > 0 && (uint32_t)result < o->capacity && !s->hangup) {
        stream_drained(s); /* a short recv has emptied it: what comes later makes a new edge */
    } else {
        s->readable = READABLE_MAYBE;
    }
    stream_complete_recv(s, o, result);
}

/* ---- send -------------------------------------------------------------------------------- */

/* Takes `count` sent bytes, and nodes without any, off the list. */
static void send_advance(op *o, size_t count) {
    o->bytes += (uint32_t)count;
    while (o->list != NULL && o->list->size <= count) {
        count -= o->list->size;
        o->list = o->list->next;
    }
    if (count > 0) {
        o->list->data += count;
        o->list->size -= (uint32_t)count;
    }
}

/* One sendmsg of what is left; the result, or minus the code. */
static ssize_t send_some(os_socket *s, op *o) {
    struct iovec vectors[OS_SEND_BUFFERS_MAX];
    size_t used = 0;
    for (const os_buffer *b = o->list; b != NULL; b = b->next) {
        vectors[used].iov_base = (void *)(uintptr_t)b->data; /* only read, but iovec knows no const */
        vectors[used].iov_len = b->size;
        used++;
    }
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = used};
    ssize_t count;
    do {
        count = sendmsg(s->fd, &message, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -(ssize_t)errno : count;
}

static void stream_complete_send(os_socket *s, op *o, int code) {
    s->send = NULL;
    if (s->shutdown_after_send) {
        s->shutdown_after_send = false;
        shutdown(s->fd, SHUT_WR);
    }
    port_complete_code(s->port, o, code);
}

void stream_run_send(os_socket *s) {
    op *o = s->send;
    if (o == NULL) {
        return;
    }
    while (o->list != NULL) {
        if (!s->writable) {
            return;
        }
        ssize_t result = send_some(s, o);
        if (result == -EAGAIN) {
            s->writable = false;
        } else if (result < 0) {
            stream_complete_send(s, o, (int)-result);
            return;
        } else {
            send_advance(o, (size_t)result);
        }
    }
    stream_complete_send(s, o, 0);
}

/* ---- submits ----------------------------------------------------------------------------- */

portico_status os_recv(os_socket *s, os_op *submitted, void *data, uint32_t capacity) {
    if (capacity > 0 && data == NULL) {
        return error_refuse(PORTICO_E_INVALID);
    }
    op *o = (op *)submitted;
    portico_status status = PORTICO_OK;
    pthread_mutex_lock(&s->lock);
    if (s->kind != SOCKET_STREAM || s->recv != NULL) {
        status = error_refuse(PORTICO_E_STATE);
    } else {
        o->data = capacity > 0 ? data : NULL;
        o->capacity = capacity;
        o->bytes = 0;
        s->recv = o;
        stream_run_recv(s);
    }
    pthread_mutex_unlock(&s->lock);
    return status;
}

/* PORTICO_OK when one os_send may take this list. */
static portico_status send_check(const os_buffer *list) {
    uint32_t nodes = 0;
    uint64_t bytes = 0;
    for (const os_buffer *b = list; b != NULL; b = b->next) {
        nodes++;
        bytes += b->size;
        if (nodes > OS_SEND_BUFFERS_MAX) {
            return PORTICO_E_INVALID;
        }
    }
    return nodes == 0 ? PORTICO_E_INVALID : bytes > UINT32_MAX ? PORTICO_E_TOO_BIG : PORTICO_OK;
}

portico_status os_send(os_socket *s, os_op *submitted, os_buffer *list) {
    portico_status status = send_check(list);
    if (status != PORTICO_OK) {
        return error_refuse(status);
    }
    op *o = (op *)submitted;
    pthread_mutex_lock(&s->lock);
    if (s->kind != SOCKET_STREAM || s->send != NULL) {
        status = error_refuse(PORTICO_E_STATE);
    } else {
        o->list = list;
        o->bytes = 0;
        send_advance(o, 0);
        s->send = o;
        stream_run_send(s);
    }
    pthread_mutex_unlock(&s->lock);
    return status;
}
