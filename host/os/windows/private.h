/* private.h: what the files of this folder share, and nobody outside it includes.
 *
 * Link with: ws2_32 bcrypt ntdll advapi32 shell32 (kernel32 and the C library are always there).
 * Needs Windows 10, version 1607, or Windows Server 2016; what is newer is looked up at run time.
 * Every failing function goes through win_fail(), which keeps the raw code for os_error().
 */
#ifndef PORTICO_OS_WINDOWS_PRIVATE_H
#define PORTICO_OS_WINDOWS_PRIVATE_H

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN /* else windows.h brings the winsock of 1993 */
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif

#include <winsock2.h>
#include <ws2tcpip.h>

#include <mswsock.h>
#include <windows.h>
#include <winternl.h>

#ifndef TCP_MAXRT
#define TCP_MAXRT 5 /* as in the Windows SDK's ws2ipdef.h; mingw's headers lack it */
#endif

#include "os/os.h"

#include <stdatomic.h>

/* ---- error.c ---- */

/* The one translation of Win32 and Winsock codes (their ranges do not overlap). */
portico_status win_status(DWORD code);

/* Keeps `code` for os_error() and translates it. */
portico_status win_fail(DWORD code);

/* For what is refused here, without the system's saying a word: os_error() is then 0. */
portico_status win_refuse(portico_status status);

/* The Win32 code of an NTSTATUS, 0 for success; the NTSTATUS itself where there is no such code. */
DWORD win_code_of_nt(NTSTATUS nt);

/* ---- text.c ---- */

/* UTF-16 of UTF-8 and back; the caller frees. NULL with the code in GetLastError(). */
wchar_t *win_wide(const char *text);
char *win_utf8(const wchar_t *wide);

/* Puts a \\?\ before an absolute path that is longer than the system takes without; the caller frees. */
wchar_t *win_path(const char *path);

/* ---- system.c ---- */

typedef void (*win_function)(void);

/* A function that not every Windows has, or NULL. Cast it to its own type. */
win_function win_find(const wchar_t *library, const char *name);

/* Whether this is Wine: only what deviates there may ask. */
bool win_is_wine(void);

/* A duration of the system's in nanoseconds. */
uint64_t win_ns_of(FILETIME time);

/* ---- imports.c ---- */

/* Writes the name of the first DLL that `library`, a full path, imports and that is not to be found. False
 * when there is none: then it is one that a DLL it needs needs in turn. */
bool win_missing_import(const wchar_t *library, char *name, size_t size);

/* ---- owner.c ---- */

/* Fills in security for what only its owner (and the system) may open. False: see GetLastError(). */
bool win_owner_only(SECURITY_ATTRIBUTES *security, bool folder);
void win_owner_only_free(SECURITY_ATTRIBUTES *security);

/* ---- address.c ---- */

/* Whether its family is one that sockets can have. */
bool win_address_valid(const os_address *address);

/* Returns the size of what it wrote. */
int win_address_to_system(const os_address *address, SOCKADDR_STORAGE *system);
void win_address_from_system(const SOCKADDR *system, os_address *address);

/* ---- socket.c, stream.c, accept.c, connect.c, port.c ---- */

typedef struct win_extensions {
    LPFN_ACCEPTEX accept;
    LPFN_GETACCEPTEXSOCKADDRS accept_addresses;
    LPFN_CONNECTEX connect;
} win_extensions;

extern win_extensions win_winsock; /* written by os_init only */

/* Asks the provider for the functions above; a Winsock code, 0 for success. */
DWORD win_winsock_load(void);

/* Whether what is done at once need not go through the port. Written by os_init only. */
extern bool win_winsock_skips;

typedef struct win_op win_op;

typedef struct win_ops {
    win_op *first;
    win_op *last; /* when there is a first */
} win_ops;

struct os_port {
    HANDLE handle;
    uint64_t id;
    os_port *next; /* under the lock of port.c */
    SRWLOCK lock;
    win_ops kept;     /* under `lock`: done, not handed out yet */
    win_ops deferred; /* under `lock`: recvs that have not begun */
    atomic_uint kept_count;
    atomic_uint deferred_count;
    atomic_uint sleepers; /* threads that wait, or are about to */
};

/* Every operation in flight holds its os_socket, so that its completion can tell that os_close has come
 * in between. Accepts and connects need the handle itself once more when they complete: `lock` keeps it
 * from being closed, and its number from being given to another socket, in that moment. */
struct os_socket {
    SOCKET handle;
    os_port *port;
    volatile LONG holds;     /* the owner's and one per operation in flight */
    volatile LONG receiving; /* 1 while an os_recv is in flight */
    volatile LONG sending;   /* 1 while an os_send is in flight */
    volatile LONG closed;    /* 1 once os_close was called; set under `lock` */
    SRWLOCK lock;            /* shared: uses the handle in a completion; exclusive: closes it */
    int family;
    int32_t linger_s; /* from os_socket_configure, for os_close */
    bool skips;       /* what is done at once has no completion at the port */
    bool nonblocking; /* what has no OVERLAPPED does not wait */
    /* Of the os_recv in flight, or of whoever submits the next one */
    uint8_t *early; /* what a recv-ready receives into; NULL: it receives nothing */
    uint16_t early_size;
    uint16_t early_begin; /* of the bytes that wait for an os_recv */
    uint16_t early_end;
    uint16_t early_small; /* times in a row that a smaller one would have done */
};

typedef enum win_op_kind {
    WIN_OP_POST,
    WIN_OP_ACCEPT,
    WIN_OP_CONNECT,
    WIN_OP_RECV,
    WIN_OP_SEND
} win_op_kind;

/* What an os_op contains while it is in flight: all that its completion needs. */
struct win_op {
    OVERLAPPED overlapped; /* first: its address is what the port hands out */
    win_op_kind kind;
    uint32_t wanted_bytes; /* RECV: the capacity; SEND: less than that is a failure */
    os_socket *held;       /* what it was submitted on; NULL for POST */
    os_socket *accepted;   /* ACCEPT: what the connection will be taken into */
    void *data;            /* RECV */
    win_op *next;          /* in a list of the port's: the next one */
    DWORD code;            /* kept: how it ended */
    bool kept;             /* its end is not in the OVERLAPPED */
    bool early;            /* RECV: has taken what was received early */
    bool deferred;         /* RECV: has not begun. With the next one, under the socket's lock */
    bool cancelled;        /* RECV: and shall not */
};

_Static_assert(sizeof(win_op) <= sizeof(((os_op *)0)->sys), "os_op is too small");

/* Begins an operation: clears the OVERLAPPED, as every submit needs, and holds the socket. */
win_op *win_op_begin(os_op *op, win_op_kind kind, os_socket *held);

/* Opens a socket that no child process inherits. NULL: the code is in WSAGetLastError(). */
os_socket *win_socket_open(int family, os_port *port);

/* Binds the socket's completions to its port; a Win32 code, 0 for success. */
DWORD win_socket_attach(os_socket *socket);

/* From here on, what is done at once on the connected socket skips the port, if it can. */
void win_socket_skip(os_socket *socket);

/* Completes an operation of which the port knows nothing: `code` is how it ended. */
void win_port_keep(os_port *port, win_op *op, DWORD code, uint32_t bytes);

/* What a thread knows of the port that it waits on. */
typedef struct win_waiter {
    uint64_t port_id;   /* 0: none. Not the port: it may be gone */
    uint32_t streak;    /* waits in a row that did not ask the port */
    uint64_t looked_ns; /* when it last did */
    bool kept_first;    /* at that look, what is kept came first: every other time */
    bool sleeping;      /* it is counted in `sleepers` */
} win_waiter;

extern _Thread_local win_waiter waiter_self;

/* The thread waits on this port from now on. */
void waiter_enter(os_port *port);

/* Adds to one of a port's lists. */
void port_ops_add(os_port *port, win_ops *ops, atomic_uint *count, win_op *op);

/* Takes up to `most` of a port's list. */
win_op *port_ops_take(os_port *port, win_ops *ops, atomic_uint *count, uint32_t most);

/* Begins the recvs that were deferred. */
void win_recvs_begin(os_port *port);

void win_socket_hold(os_socket *socket);
void win_socket_release(os_socket *socket);

/* Each ends one kind of operation: `code` is what the system says, the result is what the caller is told,
 * as Win32 codes; ERROR_IO_PENDING: nothing, the operation goes on. They leave the hold to os_port_wait. */
DWORD win_accept_end(win_op *op, DWORD code);
DWORD win_connect_end(win_op *op, DWORD code);
DWORD win_recv_end(win_op *op, DWORD code,
                   uint32_t *bytes); /* `bytes`: moved, in; what is told of, out */
DWORD win_send_end(win_op *op, DWORD code, uint32_t bytes);

#endif
