/* client.c: what `portico ctl` reads from a host, or from whatever answers at its address. The
 * answer arrives in pieces of any sizes: the same lines and the same exit code. One of the
 * operations may fail, or take too long.
 *
 * The socket and the port are the target's: the linker wraps the functions of the seam. Input: seed
 * of the pieces, then what the host sends.
 *
 * Covers: admin/client.c */
#include "admin/client.h"
#include "base/text.h"
#include "fuzz.h"
#include "os/local.h"

#include <stdarg.h>

static struct {
    const uint8_t *at; /* what the host still sends */
    size_t size;
    uint32_t pieces; /* the seed of their sizes; 0: as large as the client takes */
    os_op *op;       /* in flight */
    uint32_t bytes;  /* its result */
    uint32_t sent;   /* lines from the client */
    uint32_t fails;  /* the number of the operation that fails; 0: none */
    uint32_t waited; /* operations so far */
    bool local;      /* it has a local socket; else only TCP */
    bool open;
} host;

static struct {
    char text[4096]; /* what the client has printed to stderr */
    size_t size;
} printed;

/* ---- the seam -------------------------------------------------------------------------------- */

portico_status __wrap_os_port_create(os_port **port);
void __wrap_os_port_destroy(os_port *port);
portico_status __wrap_os_connect(os_port *port, const os_address *to, const os_address *from,
                                 os_op *op, os_socket **socket);
portico_status __wrap_os_connect_local(os_port *port, const char *path, os_op *op,
                                       os_socket **socket);
portico_status __wrap_os_send(os_socket *socket, os_op *op, os_buffer *list);
portico_status __wrap_os_recv(os_socket *socket, os_op *op, void *data, uint32_t capacity);
uint32_t __wrap_os_port_wait(os_port *port, os_completion *completions, uint32_t capacity,
                             uint32_t timeout_ms);
void __wrap_os_close(os_socket *socket, bool reset);

portico_status __wrap_os_port_create(os_port **port) {
    *port = (os_port *)&host;
    return PORTICO_OK;
}

void __wrap_os_port_destroy(os_port *port) {
    CHECK(port == (os_port *)&host && host.op == NULL && !host.open);
}

static portico_status submit(os_op *op, uint32_t bytes) {
    CHECK(host.op == NULL);
    host.op = op;
    host.bytes = bytes;
    return PORTICO_OK;
}

portico_status __wrap_os_connect(os_port *port, const os_address *to, const os_address *from,
                                 os_op *op, os_socket **socket) {
    CHECK(port == (os_port *)&host && to->family == OS_ADDRESS_IPV4 && from == NULL);
    *socket = (os_socket *)&host;
    host.open = true;
    return submit(op, 0);
}

portico_status __wrap_os_connect_local(os_port *port, const char *path, os_op *op,
                                       os_socket **socket) {
    CHECK(port == (os_port *)&host);
    CHECK_TEXT(path, "run/game.sock");
    if (!host.local) {
        return PORTICO_E_NOT_FOUND;
    }
    *socket = (os_socket *)&host;
    host.open = true;
    return submit(op, 0);
}

portico_status __wrap_os_send(os_socket *socket, os_op *op, os_buffer *list) {
    CHECK(socket == (os_socket *)&host && list->next != NULL && list->next->next == NULL);
    CHECK(list->next->size == 1 && *(const char *)list->next->data == '\n');
    host.sent++;
    return submit(op, list->size + 1);
}

portico_status __wrap_os_recv(os_socket *socket, os_op *op, void *data, uint32_t capacity) {
    CHECK(socket == (os_socket *)&host && capacity > 0);
    uint32_t size = host.size < capacity ? (uint32_t)host.size : capacity;
    if (host.pieces != 0) {
        host.pieces = host.pieces * 1664525u + 1013904223u;
        uint32_t most = 1 + (host.pieces >> 8) % (host.pieces >> 30 == 0 ? 3000 : 7);
        size = size < most ? size : most;
    }
    memcpy(data, host.at, size);
    host.at += size;
    host.size -= size;
    return submit(op, size);
}

uint32_t __wrap_os_port_wait(os_port *port, os_completion *completions, uint32_t capacity,
                             uint32_t timeout_ms) {
    CHECK(port == (os_port *)&host && capacity == 1);
    if (host.op == NULL) {
        CHECK(timeout_ms == 0);
        return 0;
    }
    bool fails = ++host.waited == host.fails;
    if (fails && host.bytes % 2 == 0 && timeout_ms != UINT32_MAX) {
        return 0; /* it stays in flight */
    }
    completions[0] = (os_completion){.op = host.op, .bytes = host.bytes};
    completions[0].status = fails ? PORTICO_E_RESET : PORTICO_OK;
    host.op = NULL;
    return 1;
}

void __wrap_os_close(os_socket *socket, bool reset) {
    CHECK(socket == (os_socket *)&host && host.open && !reset);
    host.open = false;
}

/* ---- stderr ---------------------------------------------------------------------------------- */

/* The compiler calls one of these for fprintf, depending on the system and its options. A check
 * that fails also prints through them. */
int __wrap_fprintf(FILE *file, const char *format, ...);
int __wrap___fprintf_chk(FILE *file, int flag, const char *format, ...);
int __wrap___mingw_vfprintf(FILE *file, const char *format, va_list arguments);

static void show_printed(void) {
    (void)fputs(printed.text, stderr);
}

int __wrap___mingw_vfprintf(FILE *file, const char *format, va_list arguments) {
    static bool shows;
    size_t space = sizeof printed.text - printed.size;
    if (file == stderr) {
        int size = vsnprintf(printed.text + printed.size, space, format, arguments);
        printed.size += (size_t)size < space ? (size_t)size : space - 1;
    }
    if (!shows) {
        shows = atexit(show_printed) == 0;
    }
    return 0;
}

int __wrap_fprintf(FILE *file, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int size = __wrap___mingw_vfprintf(file, format, arguments);
    va_end(arguments);
    return size;
}

int __wrap___fprintf_chk(FILE *file, int flag, const char *format, ...) {
    (void)flag;
    va_list arguments;
    va_start(arguments, format);
    int size = __wrap___mingw_vfprintf(file, format, arguments);
    va_end(arguments);
    return size;
}

/* ---- two readings ---------------------------------------------------------------------------- */

typedef struct reading {
    int codes[2]; /* of two questions; -1: not connected */
    uint32_t lines;
    size_t bytes;
    uint64_t hash; /* of the lines */
    char why[CLIENT_WHY_MAX];
    char printed[sizeof printed.text];
    size_t left; /* what the host has not sent */
} reading;

static void take(void *arg, const char *line) {
    reading *r = arg;
    size_t size = strlen(line);
    CHECK(size < 4096 && text_is_plain(line, size));
    r->lines++;
    r->bytes += size;
    for (size_t i = 0; i <= size; i++) {
        r->hash = (r->hash ^ (uint8_t)line[i]) * 1099511628211u;
    }
}

static void read_answers(const config *settings, const char *bytes, size_t size, uint32_t pieces,
                         uint32_t fails, bool local, reading *r) {
    memset(&host, 0, sizeof host);
    memset(r, 0, offsetof(reading, why));
    r->why[0] = '\0';
    host.at = (const uint8_t *)bytes;
    host.size = size;
    host.pieces = pieces;
    host.fails = fails;
    host.local = local;
    printed.size = 0;
    printed.text[0] = '\0';
    client *c = client_open(settings, r->why);
    r->codes[0] = r->codes[1] = -1;
    if (c != NULL) {
        r->codes[0] = client_ask(c, "status", take, r);
        if (fails == 0) { /* else an operation may still be in flight, and ctl asks no more */
            r->codes[1] = client_ask(c, "top", take, r);
        }
        CHECK(host.sent == (local ? 2 : 3) || fails != 0);
        client_close(c);
    }
    CHECK(!host.open && host.op == NULL);
    CHECK((c == NULL) == (r->why[0] != '\0'));
    CHECK(r->bytes <= size);
    memcpy(r->printed, printed.text, printed.size + 1);
    r->left = host.size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static reading whole;
    static reading pieces;
    static char address[] = "127.0.0.1";
    static char token[] = "0123456789abcdef";
    static char path[] = "conf/game.ini";
    static char run_dir[] = "run";
    config settings = {
        .admin_enabled = true, .admin_token = token, .path = path, .run_dir = run_dir};
    settings.admin.address = address;
    settings.admin.port = 4000;
    input in = {data, size};
    uint32_t seed = 1 + input_u8(&in);
    bool local = seed % 2 == 0;
    size_t sent = in.size;
    char *bytes = input_rest(&in);
    read_answers(&settings, bytes, sent, seed, 1 + seed % 16, local, &pieces);
    read_answers(&settings, bytes, sent, 0, 0, local, &whole);
    read_answers(&settings, bytes, sent, seed, 0, local, &pieces);
    CHECK_INT(pieces.codes[0], whole.codes[0]);
    CHECK_INT(pieces.codes[1], whole.codes[1]);
    CHECK_INT(pieces.lines, whole.lines);
    CHECK(pieces.hash == whole.hash);
    CHECK_TEXT(pieces.why, whole.why);
    CHECK_TEXT(pieces.printed, whole.printed);
    CHECK((whole.codes[0] == 1 || whole.codes[1] == 1) == (whole.printed[0] != '\0'));
    printed.text[0] = '\0'; /* no check has failed */
    free(bytes);
    return 0;
}
