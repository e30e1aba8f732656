/* stream.c: recv, recv-ready and send on connected sockets.
 *
 * Any thread; all work is done with the socket's lock held: by the submit, if the last edge says
 * that it can succeed, or by the thread that fetched the next edge.
 */
#include "call.h"
#include "error.h"
#include "os/compiler.h"
#include "socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

static_assert(OS_SEND_BUFFERS_MAX <= 1024, "more than one sendmsg takes");

/* The last look found nothing: an edge will follow. */
static void stream_drained(os_socket *s) {
    s->readable = READABLE_NO;
    /* It was an error that has passed; after an end of stream this is never reached. */
    s->hangup = false;
    s->urgent = false; /* the urgent byte has been read: a further one makes an edge */
    s->drained_epoch = atomic_load(&s->port->epoch);
}

/* A recv that retries after signals. Returns the result, or minus the code. */
static ssize_t stream_recv_some(os_socket *s, void *data, size_t size, int flags) {
    ssize_t count;
    do {
        count = call_recv(s->fd, data, size, flags);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -(ssize_t)errno : count;
}

static void stream_complete_recv(os_socket *s, op *o, ssize_t result) {
    s->recv = NULL;
    o->bytes = result > 0 ? (uint32_t)result : 0;
    port_complete_code(s->port, o, result < 0 ? (int)-result : 0);
}

/* recv-ready without an event that says there is something: peeks. */
NOINLINE static void stream_peek(os_socket *s, op *o) {
    uint8_t byte;
    ssize_t result = stream_recv_some(s, &byte, 1, MSG_PEEK);
    if (result == -EAGAIN) {
        stream_drained(s);
        return;
    }
    s->readable = READABLE_SURE;
    stream_complete_recv(s, o, result < 0 ? result : 0);
}

/* One recv that records what it finds out about the socket. Returns as stream_recv_some. */
static ssize_t stream_recv(os_socket *s, void *data, uint32_t capacity) {
    ssize_t result =
        s->recv_failed != 0 ? -(ssize_t)s->recv_failed : stream_recv_some(s, data, capacity, 0);
    s->recv_failed = 0;
    if (result == -EAGAIN) {
        stream_drained(s);
        return result;
    }
    if (result <= 0) {
        s->hangup = true; /* no more edges will come: later recvs look for themselves */
    }
    if (result > 0 && (uint32_t)result < capacity && !s->hangup && !s->urgent) {
        stream_drained(s); /* a short recv has emptied it: new bytes make a new edge */
    } else {
        s->readable = READABLE_MAYBE;
    }
    return result;
}

/* A recv that has a buffer. */
NOINLINE static void stream_fill(os_socket *s, op *o) {
    ssize_t result = stream_recv(s, o->data, o->capacity);
    if (result != -EAGAIN) {
        stream_complete_recv(s, o, result);
    }
}

void stream_perform_recv(os_socket *s) {
    op *o = s->recv;
    if (o->data != NULL) {
        stream_fill(s, o);
    } else if (s->readable != READABLE_SURE && s->recv_failed == 0) {
        stream_peek(s, o);
    } else {
        stream_complete_recv(s, o, 0); /* recv-ready reads nothing */
    }
}

uint32_t os_recv_now(os_socket *s, void *data, uint32_t capacity) {
    ssize_t result = 0;
    mutex_lock(&s->lock);
    if (s->kind == SOCKET_STREAM && s->recv == NULL && s->readable != READABLE_NO && capacity > 0) {
        result = stream_recv(s, data, capacity);
        /* The system reports a failure once, but the end of the stream again and again. */
        s->recv_failed = result < 0 && result != -EAGAIN ? (uint8_t)-result : 0;
    }
    mutex_unlock(&s->lock);
    return result > 0 ? (uint32_t)result : 0;
}

/* ---- send -------------------------------------------------------------------------------- */

/* Takes `count` sent bytes, and empty nodes, off the list. Returns the rest of the list. */
static os_buffer *send_advance(os_buffer *list, size_t count) {
    while (list != NULL && list->size <= count) {
        count -= list->size;
        list = list->next;
    }
    if (count > 0 && list != NULL) {
        list->data += count;
        list->size -= (uint32_t)count;
    }
    return list;
}

/* One buffer: sendmsg costs a little more than send. */
static ssize_t send_one(os_socket *s, const os_buffer *b) {
    ssize_t count;
    do {
        count = call_send(s->fd, b->data, b->size, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -(ssize_t)errno : count;
}

static ssize_t send_many(os_socket *s, const os_buffer *list) {
    struct iovec vectors[OS_SEND_BUFFERS_MAX];
    size_t used = 0;
    for (const os_buffer *b = list; b != NULL; b = b->next) {
        vectors[used].iov_base = (void *)(uintptr_t)b->data; /* only read, but iovec has no const */
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

/* Sends what it can of the list, which is not empty, and takes it off. Returns how many bytes;
 * *code says why it stopped, or is 0. */
static uint32_t stream_send(os_socket *s, os_buffer **list, int *code) {
    uint32_t sent = 0;
    *code = 0;
    while (*list != NULL && s->writable && *code == 0) {
        ssize_t result = (*list)->next == NULL ? send_one(s, *list) : send_many(s, *list);
        if (result == -EAGAIN) {
            s->writable = false;
        } else if (result < 0) {
            *code = (int)-result;
        } else {
            sent += (uint32_t)result;
            *list = send_advance(*list, (size_t)result);
        }
    }
    return sent;
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
    int code = 0;
    o->bytes += stream_send(s, &o->list, &code);
    if (code != 0 || o->list == NULL) {
        stream_complete_send(s, o, code);
    }
}

/* ---- submits ----------------------------------------------------------------------------- */

portico_status os_recv(os_socket *s, os_op *submitted, void *data, uint32_t capacity) {
    if (capacity > 0 && data == NULL) {
        return error_refuse(PORTICO_E_INVALID);
    }
    op *o = (op *)submitted;
    portico_status status = PORTICO_OK;
    mutex_lock(&s->lock);
    if (s->kind != SOCKET_STREAM || s->recv != NULL) {
        status = error_refuse(PORTICO_E_STATE);
    } else {
        o->data = capacity > 0 ? data : NULL;
        o->capacity = capacity;
        o->bytes = 0;
        s->recv = o;
        stream_run_recv(s);
    }
    mutex_unlock(&s->lock);
    return status;
}

/* PORTICO_OK when os_send may take this list. */
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
    if (nodes == 0) {
        return PORTICO_E_INVALID;
    }
    return bytes > UINT32_MAX ? PORTICO_E_TOO_BIG : PORTICO_OK;
}

portico_status os_send(os_socket *s, os_op *submitted, os_buffer *list) {
    portico_status status = send_check(list);
    if (status != PORTICO_OK) {
        return error_refuse(status);
    }
    op *o = (op *)submitted;
    mutex_lock(&s->lock);
    if (s->kind != SOCKET_STREAM || s->send != NULL) {
        status = error_refuse(PORTICO_E_STATE);
    } else {
        o->list = send_advance(list, 0);
        o->bytes = 0;
        s->send = o;
        stream_run_send(s);
    }
    mutex_unlock(&s->lock);
    return status;
}

uint32_t os_send_now(os_socket *s, os_buffer **list) {
    if (send_check(*list) != PORTICO_OK) {
        return 0; /* os_send will say why */
    }
    uint32_t sent = 0;
    mutex_lock(&s->lock);
    if (s->kind == SOCKET_STREAM && s->send == NULL) {
        int code; /* os_send will find one of the same meaning */
        sent = stream_send(s, list, &code);
    }
    mutex_unlock(&s->lock);
    return sent;
}
