/* bounds.c: see bounds.h. */
#include "bounds.h"

#include "module/blocking.h"
#include "web/files.h"
#include "web/websocket.h"
#include "wire/buffer.h"

#include <inttypes.h>
#include <stdio.h>

/* Measured, and rounded up. */
enum {
    HOST_BYTES = 8 * 1024 * 1024,
    WORKER_BYTES = 1024 * 1024, /* its pools */
    SESSION_BYTES = 2048,       /* without the states of modules */
    TLS_BYTES = 192 * 1024,     /* of OpenSSL, in both directions; memory_limit_bytes ignores it */
    HOST_HANDLES = 64,          /* files, log, port, pipes, and one for each ctl */
    WORKER_HANDLES = 2
};

/* The block that a session receives into: doubled until a frame fits, and what may come with its
 * last byte: with WebSocket the beginning of the next frame, with TLS the rest of its record and
 * another recv. */
static uint64_t receive_bytes(const config_service *s) {
    enum { FRAME_BEGINS = WEBSOCKET_CONTROL_FRAME_MAX + WEBSOCKET_HEADER_MAX, RECORDS = 34 * 1024 };
    uint64_t most = s->frame_limit_bytes;
    most += s->transport == CONFIG_TRANSPORT_WEBSOCKET ? FRAME_BEGINS : 0;
    most += s->tls.on ? RECORDS : 0;
    uint64_t bytes = BLOCK_BYTES;
    while (bytes < most) {
        bytes *= 2;
    }
    return bytes;
}

static void add_service(const config_service *s, bounds *b) {
    uint64_t each = SESSION_BYTES + receive_bytes(s) + s->send_limit_bytes +
                    s->socket.send_buffer_bytes + s->socket.recv_buffer_bytes;
    b->session_bytes += s->max_sessions * each;
    b->other_bytes += s->tls.on ? (uint64_t)s->max_sessions * TLS_BYTES : 0;
    b->other_bytes += s->files != NULL ? FILES_ALL_MOST : 0;
    b->handles += s->max_sessions + (s->outgoing ? 0 : 1u + s->accepts);
}

static void add_modules(const config *c, uint32_t modules, bounds *b) {
    uint64_t configured = 0;
    for (size_t i = 0; i < c->module_count; i++) {
        b->module_bytes += config_module_memory_limit(c, c->modules[i].name);
        configured++;
    }
    if (modules > configured) {
        b->module_bytes += (modules - configured) * c->modules_memory_limit_bytes;
    }
}

void bounds_of(const config *c, uint32_t modules, bounds *b) {
    *b = (bounds){.handles = HOST_HANDLES + (uint64_t)c->workers * WORKER_HANDLES};
    for (size_t i = 0; i < c->listener_count; i++) {
        add_service(&c->listeners[i], b);
    }
    for (size_t i = 0; i < c->connector_count; i++) {
        add_service(&c->connectors[i], b);
    }
    if (c->admin_enabled) {
        add_service(&c->admin, b);
    }
    if (c->memory_limit_bytes != 0 && c->memory_limit_bytes < b->session_bytes) {
        b->session_bytes = c->memory_limit_bytes;
    }
    add_modules(c, modules, b);
    b->other_bytes += (uint64_t)(c->workers + c->blocking_threads) * c->stack_bytes;
    b->other_bytes += HOST_BYTES + (uint64_t)c->workers * WORKER_BYTES +
                      (uint64_t)c->blocking_threads * BLOCKING_REPLY_MAX + c->blocking_queue_bytes;
}

uint64_t bounds_bytes(const bounds *b) {
    return b->session_bytes + b->module_bytes + b->other_bytes;
}

enum { SIZE_TEXT = 32 };

static const char *size_text(uint64_t bytes, char text[SIZE_TEXT]) {
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes;
    size_t unit = 0;
    while (size >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        size /= 1024;
        unit++;
    }
    (void)snprintf(text, SIZE_TEXT, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
    return text;
}

void bounds_tell(const bounds *b, const os_machine *machine, config_faults *notes) {
    char all[SIZE_TEXT];
    char sessions[SIZE_TEXT];
    char modules[SIZE_TEXT];
    char other[SIZE_TEXT];
    uint64_t bytes = bounds_bytes(b);
    fault_add(notes, 0,
              "the host takes at most %s of memory (sessions %s, what modules make it keep %s, the "
              "rest %s) and %" PRIu64 " handles; what modules allocate comes on top",
              size_text(bytes, all), size_text(b->session_bytes, sessions),
              size_text(b->module_bytes, modules), size_text(b->other_bytes, other), b->handles);
    if (machine->memory_bytes != 0 && bytes > machine->memory_bytes) {
        fault_add(notes, 0,
                  "warning: %s is more memory than there is, %s: set [host] memory_limit_bytes, or "
                  "lower max_sessions, send_limit_bytes or [modules] memory_limit_bytes",
                  all, size_text(machine->memory_bytes, other));
    }
    if (machine->handles != 0 && b->handles > machine->handles) {
        fault_add(notes, 0,
                  "warning: %" PRIu64 " handles are more than a process may have, %" PRIu64
                  ": raise the limit (ulimit -n), or lower max_sessions",
                  b->handles, machine->handles);
    }
}
