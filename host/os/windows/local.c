/* local.c: named pipes. Any thread. Lock: the listener's, for its instances.
 *
 * A pipe has one instance for each client. An accept opens one and waits for a client to connect to
 * it, so a listener with accepts in flight needs no further handle for the next client.
 */
#include "os/local.h"

#include "error.h"
#include "socket.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

enum { NAME_MAX = 48, NAME_BYTES = NAME_MAX * sizeof(wchar_t), PIPE_BYTES = 64 * 1024 };

/* The name is made from the absolute path, so that two hosts have two pipes. 0, or a Win32 code. */
static DWORD make_name(const char *path, wchar_t name[NAME_MAX]) {
    wchar_t *wide = win_path(path);
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    if (wide == NULL) {
        return GetLastError();
    }
    for (const wchar_t *at = wide; *at != L'\0'; at++) {
        hash = (hash ^ (uint64_t)towlower(*at == L'/' ? L'\\' : *at)) * 1099511628211u;
    }
    free(wide);
    _snwprintf(name, NAME_MAX, L"\\\\.\\pipe\\portico-%016llx", (unsigned long long)hash);
    return 0;
}

static os_socket *pipe_object(os_port *port) {
    os_socket *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->handle = INVALID_SOCKET;
        s->first = INVALID_SOCKET;
        s->port = port;
        s->holds = 1;
        s->pipe = true;
        InitializeSRWLock(&s->lock);
    }
    return s;
}

/* ---- listening ------------------------------------------------------------------------------- */

/* The name of a listener's pipe is kept in its early buffer, which pipes do not need. */
static wchar_t *name_of(const os_socket *listener) {
    return (wchar_t *)(void *)listener->early;
}

/* Wine 8 does not know FILE_FLAG_FIRST_PIPE_INSTANCE, so ask whether there is such a pipe. */
static bool wine_is_taken(const wchar_t *name) {
    enum { SHORTLY_MS = 1 };
    return win_is_wine() &&
           (WaitNamedPipeW(name, SHORTLY_MS) || GetLastError() == ERROR_SEM_TIMEOUT);
}

/* Opens an instance that only this user can open, and that cannot be reached from other machines.
 * INVALID_SOCKET: see GetLastError(). */
static SOCKET instance_open(const wchar_t *name, bool first) {
    SECURITY_ATTRIBUTES security;
    if (first && wine_is_taken(name)) {
        SetLastError(ERROR_ACCESS_DENIED);
        return INVALID_SOCKET;
    }
    if (!win_owner_only(&security, false)) {
        return INVALID_SOCKET;
    }
    HANDLE handle = CreateNamedPipeW(
        name,
        PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0),
        PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
        PIPE_UNLIMITED_INSTANCES, PIPE_BYTES, PIPE_BYTES, 0, &security);
    DWORD code = GetLastError();
    win_owner_only_free(&security);
    SetLastError(code);
    return (SOCKET)handle;
}

portico_status os_listen_local(os_port *port, const char *path, os_socket **listener) {
    wchar_t name[NAME_MAX];
    *listener = NULL;
    DWORD code = make_name(path, name);
    os_socket *s = code == 0 ? pipe_object(port) : NULL;
    if (s == NULL) {
        return error_set(code != 0 ? code : ERROR_NOT_ENOUGH_MEMORY);
    }
    s->early = malloc(NAME_BYTES);
    if (s->early != NULL) {
        memcpy(s->early, name, NAME_BYTES);
        s->first = instance_open(name, true);
        code = s->first == INVALID_SOCKET ? GetLastError() : 0;
    } else {
        code = ERROR_NOT_ENOUGH_MEMORY;
    }
    if (code != 0) {
        socket_release(s);
        /* Another process has the first instance: the manual names this code. */
        return code == ERROR_ACCESS_DENIED || code == ERROR_PIPE_BUSY ? error_set(WSAEADDRINUSE)
                                                                      : error_set(code);
    }
    *listener = s;
    return PORTICO_OK;
}

portico_status os_listener_reserve(os_socket *listener) {
    (void)listener;
    return PORTICO_OK;
}

void os_local_remove(const char *path) {
    (void)path; /* a pipe ends with its last handle */
}

static void instance_add(os_socket *listener, os_socket *instance) {
    AcquireSRWLockExclusive(&listener->lock);
    instance->next_instance = listener->instances;
    listener->instances = instance;
    ReleaseSRWLockExclusive(&listener->lock);
}

static void instance_remove(os_socket *listener, os_socket *instance) {
    AcquireSRWLockExclusive(&listener->lock);
    os_socket **link = &listener->instances;
    while (*link != instance) {
        link = &(*link)->next_instance;
    }
    *link = instance->next_instance;
    ReleaseSRWLockExclusive(&listener->lock);
}

/* An instance for the next client, attached to the port. NULL: see GetLastError(). */
static os_socket *instance_create(os_socket *listener) {
    os_socket *instance = pipe_object(listener->port);
    if (instance == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    AcquireSRWLockExclusive(&listener->lock);
    instance->handle = listener->first;
    listener->first = INVALID_SOCKET;
    ReleaseSRWLockExclusive(&listener->lock);
    if (instance->handle == INVALID_SOCKET) {
        instance->handle = instance_open(name_of(listener), false);
    }
    DWORD code = instance->handle == INVALID_SOCKET ? GetLastError() : socket_attach(instance);
    if (code != 0) {
        os_close(instance, true);
        SetLastError(code);
        return NULL;
    }
    return instance;
}

DWORD pipe_accept(os_socket *listener, os_accept_op *accept) {
    os_socket *instance = instance_create(listener);
    if (instance == NULL) {
        return GetLastError();
    }
    op *o = socket_op_begin(listener, &accept->op, OP_ACCEPT);
    o->accepted = instance;
    instance_add(listener, instance);
    DWORD code = ConnectNamedPipe(pipe_handle(instance), &o->overlapped) ? 0 : GetLastError();
    if (code == ERROR_PIPE_CONNECTED || code == ERROR_NO_DATA) {
        port_keep(listener->port, o, 0, 0); /* a client came, and may have gone, before this call */
    } else if (code != 0 && code != ERROR_IO_PENDING) {
        instance_remove(listener, instance);
        socket_release(listener);
        os_close(instance, true);
        return code;
    }
    return 0;
}

DWORD pipe_accept_finish(op *o, DWORD code) {
    os_accept_op *accept = (os_accept_op *)(void *)o;
    os_socket *listener = o->held;
    os_socket *instance = o->accepted;
    memset(&accept->peer, 0, sizeof accept->peer);
    instance_remove(listener, instance);
    if (code == 0 && !listener->closed) {
        accept->socket = instance;
        return 0;
    }
    os_close(instance, true);
    return listener->closed ? ERROR_OPERATION_ABORTED : code;
}

/* ---- connecting ------------------------------------------------------------------------------ */

/* The listener may identify the client, and not act in its name. */
static HANDLE client_open(const wchar_t *name) {
    return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                       FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
                       NULL);
}

portico_status os_connect_local(os_port *port, const char *path, os_op *submitted,
                                os_socket **result) {
    wchar_t name[NAME_MAX];
    *result = NULL;
    DWORD code = make_name(path, name);
    os_socket *s = code == 0 ? pipe_object(port) : NULL;
    if (s == NULL) {
        return error_set(code != 0 ? code : ERROR_NOT_ENOUGH_MEMORY);
    }
    s->handle = (SOCKET)client_open(name);
    code = s->handle == INVALID_SOCKET ? GetLastError() : socket_attach(s);
    if (code != 0) {
        os_close(s, true);
        return code == ERROR_PIPE_BUSY ? error_refuse(PORTICO_E_BACKLOG) : error_set(code);
    }
    *result = s;
    port_keep(port, socket_op_begin(s, submitted, OP_CONNECT), 0, 0);
    return PORTICO_OK;
}
