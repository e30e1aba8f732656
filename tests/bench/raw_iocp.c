/* raw_iocp.c: the floor on Windows, an echo written by hand on a completion port: one thread, as
 * few calls as possible.
 *
 *   bench.raw_iocp [skip]
 *
 * Listens on 127.0.0.1, prints `port=N`, and returns every byte until it is ended from outside. A
 * connection has one operation in flight: it sends what a recv brought, then starts the next recv.
 *
 * Without `skip` every completion goes through the port, one per call. With `skip` an operation
 * that completes at once does not (FILE_SKIP_COMPLETION_PORT_ON_SUCCESS), and completions are taken
 * in batches: a connection whose recv completes at once waits in a list until all others in it had
 * their turn. The loop looks at the port after BATCH turns, however long the list is. If it counted
 * rounds of the list, a connection that had waited once would wait for all others again and again.
 */
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>

#include <mswsock.h>
#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCEPTS = 64, BATCH = 64, BUFFER_BYTES = 16384, ADDRESS_ROOM = sizeof(SOCKADDR_IN) + 16 };

typedef enum step { ACCEPTING, RECEIVING, SENDING } step;

typedef struct connection {
    OVERLAPPED overlapped; /* first: the port returns its address */
    SOCKET socket;
    step step;
    DWORD wanted_bytes;      /* SENDING */
    struct connection *next; /* in `ready` */
    char buffer[BUFFER_BYTES];
} connection;

static HANDLE port;
static SOCKET listener;
static LPFN_ACCEPTEX accept_ex;
static bool skip;
static connection *ready; /* connections whose recv has completed */
static connection **ready_end = &ready;

static void fail(const char *what) {
    fprintf(stderr, "%s: error %lu\n", what, GetLastError());
    exit(1);
}

static void hang_up(connection *c) {
    closesocket(c->socket);
    free(c);
}

/* Whether the operation has completed and the port will not report it. Also false if it failed:
 * then the connection is closed. */
static bool done_now(connection *c, int failed) {
    if (failed && WSAGetLastError() != WSA_IO_PENDING) {
        hang_up(c);
        return false;
    }
    return !failed && skip;
}

static bool begin_recv(connection *c) {
    WSABUF buffer = {.len = BUFFER_BYTES, .buf = c->buffer};
    DWORD flags = 0;
    c->overlapped = (OVERLAPPED){0};
    c->step = RECEIVING;
    return done_now(c, WSARecv(c->socket, &buffer, 1, NULL, &flags, &c->overlapped, NULL));
}

static bool begin_send(connection *c, DWORD bytes) {
    WSABUF buffer = {.len = bytes, .buf = c->buffer};
    c->overlapped = (OVERLAPPED){0};
    c->step = SENDING;
    c->wanted_bytes = bytes;
    return done_now(c, WSASend(c->socket, &buffer, 1, NULL, 0, &c->overlapped, NULL));
}

static void begin_accept(void) {
    connection *c = calloc(1, sizeof *c);
    DWORD got = 0;
    if (c == NULL) {
        fail("calloc");
    }
    c->socket = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    if (c->socket == INVALID_SOCKET) {
        fail("WSASocketW");
    }
    c->step = ACCEPTING;
    if (!accept_ex(listener, c->socket, c->buffer, 0, ADDRESS_ROOM, ADDRESS_ROOM, &got,
                   &c->overlapped) &&
        WSAGetLastError() != WSA_IO_PENDING) {
        fail("AcceptEx");
    }
}

static bool accepted(connection *c) {
    BOOL no_delay = TRUE;
    begin_accept();
    setsockopt(c->socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (const char *)&listener,
               sizeof listener);
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, (const char *)&no_delay, sizeof no_delay);
    if (CreateIoCompletionPort((HANDLE)c->socket, port, 0, 0) == NULL) {
        fail("CreateIoCompletionPort");
    }
    UCHAR modes = FILE_SKIP_SET_EVENT_ON_HANDLE | (skip ? FILE_SKIP_COMPLETION_PORT_ON_SUCCESS : 0);
    if (!SetFileCompletionNotificationModes((HANDLE)c->socket, modes)) {
        fail("SetFileCompletionNotificationModes");
    }
    return begin_recv(c);
}

/* Runs a connection until an operation has to wait or it has received again: then it is the others'
 * turn. */
static void go_on(connection *c, DWORD bytes) {
    bool now = true;
    while (now) {
        switch (c->step) {
        case ACCEPTING: now = accepted(c); break;
        case RECEIVING:
            if (bytes == 0) {
                hang_up(c);
                return;
            }
            now = begin_send(c, bytes);
            break;
        case SENDING:
            if (bytes < c->wanted_bytes) {
                hang_up(c);
                return;
            }
            now = begin_recv(c);
            break;
        }
        if (now && c->step == RECEIVING) {
            c->next = NULL;
            *ready_end = c;
            ready_end = &c->next;
            return;
        }
        bytes = now ? (DWORD)c->overlapped.InternalHigh : 0;
    }
}

/* Gives up to BATCH connections in the list a turn. */
static void run_ready(void) {
    for (int turns = 0; ready != NULL && turns < BATCH; turns++) {
        connection *c = ready;
        ready = c->next;
        if (ready == NULL) {
            ready_end = &ready;
        }
        go_on(c, (DWORD)c->overlapped.InternalHigh);
    }
}

static void take_one(void) {
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    OVERLAPPED *overlapped = NULL;
    BOOL ok = GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE);
    if (overlapped == NULL) {
        fail("GetQueuedCompletionStatus");
    }
    connection *c = CONTAINING_RECORD(overlapped, connection, overlapped);
    if (ok) {
        go_on(c, bytes);
    } else {
        hang_up(c);
    }
}

static void take_batch(DWORD timeout_ms) {
    OVERLAPPED_ENTRY entries[BATCH];
    ULONG count = 0;
    if (!GetQueuedCompletionStatusEx(port, entries, BATCH, &count, timeout_ms, FALSE)) {
        if (GetLastError() != WAIT_TIMEOUT) {
            fail("GetQueuedCompletionStatusEx");
        }
        return;
    }
    for (ULONG i = 0; i < count; i++) {
        connection *c = CONTAINING_RECORD(entries[i].lpOverlapped, connection, overlapped);
        if ((LONG)c->overlapped.Internal >= 0) { /* an NTSTATUS */
            go_on(c, entries[i].dwNumberOfBytesTransferred);
        } else {
            hang_up(c);
        }
    }
}

static void begin(void) {
    WSADATA data;
    GUID id = WSAID_ACCEPTEX;
    DWORD got = 0;
    SOCKADDR_IN address = {.sin_family = AF_INET};
    int size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) {
        fail("WSAStartup");
    }
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    listener = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    if (port == NULL || listener == INVALID_SOCKET ||
        bind(listener, (SOCKADDR *)&address, sizeof address) != 0 ||
        listen(listener, SOMAXCONN) != 0 ||
        getsockname(listener, (SOCKADDR *)&address, &size) != 0 ||
        CreateIoCompletionPort((HANDLE)listener, port, 0, 0) == NULL ||
        WSAIoctl(listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, &accept_ex,
                 sizeof accept_ex, &got, NULL, NULL) != 0) {
        fail("listening");
    }
    for (int i = 0; i < ACCEPTS; i++) {
        begin_accept();
    }
    printf("port=%u\n", ntohs(address.sin_port));
    fflush(stdout);
}

int main(int argc, char **argv) {
    skip = argc > 1 && strcmp(argv[1], "skip") == 0;
    begin();
    while (!skip) {
        take_one();
    }
    for (;;) {
        take_batch(ready == NULL ? INFINITE : 0);
        run_ready();
    }
}
