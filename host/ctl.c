/* ctl.c: see ctl.h. One connection, one thread: submits an operation and waits for it. */
#include "ctl.h"

#include "ready.h"
#include "status.h"
#include "system_text.h"
#include "token.h"

#include <string.h>

/* Longer than an unload may take. */
enum { ANSWER_TIMEOUT_MS = 120000, CONNECT_TIMEOUT_MS = 5000 };

typedef struct ctl {
    os_port *port;
    os_socket *socket;
    os_op op;
    char bytes[64 * 1024]; /* what has come and is not read yet */
    uint32_t size;
} ctl;

/* Waits for the operation in flight. */
static portico_status ctl_wait(ctl *c, uint32_t timeout_ms, uint32_t *bytes) {
    os_completion completion;
    if (os_port_wait(c->port, &completion, 1, timeout_ms) == 0) {
        return PORTICO_E_TIMEOUT;
    }
    *bytes = completion.bytes;
    return completion.status;
}

static portico_status ctl_send(ctl *c, const char *text) {
    uint32_t bytes = 0;
    os_buffer buffer = {.data = (const uint8_t *)text, .size = (uint32_t)strlen(text)};
    portico_status status = os_send(c->socket, &c->op, &buffer);
    return status == PORTICO_OK ? ctl_wait(c, ANSWER_TIMEOUT_MS, &bytes) : status;
}

/* Takes the next line of the answer, without its end. */
static portico_status ctl_line(ctl *c, char *line, size_t size) {
    for (;;) {
        char *end = memchr(c->bytes, '\n', c->size);
        if (end != NULL || c->size == sizeof c->bytes) {
            uint32_t used = end != NULL ? (uint32_t)(end - c->bytes) : c->size;
            snprintf(line, size, "%.*s", (int)used, c->bytes);
            used += end != NULL;
            memmove(c->bytes, c->bytes + used, c->size - used);
            c->size -= used;
            return PORTICO_OK;
        }
        uint32_t bytes = 0;
        portico_status status =
            os_recv(c->socket, &c->op, c->bytes + c->size, (uint32_t)sizeof c->bytes - c->size);
        status = status == PORTICO_OK ? ctl_wait(c, ANSWER_TIMEOUT_MS, &bytes) : status;
        if (status != PORTICO_OK || bytes == 0) {
            return status != PORTICO_OK ? status : PORTICO_E_EOF;
        }
        c->size += bytes;
    }
}

/* Sends one line and prints the answer. */
static int ctl_ask(ctl *c, const char *command) {
    char line[4096];
    portico_status status = ctl_send(c, command);
    status = status == PORTICO_OK ? ctl_send(c, "\n") : status;
    while (status == PORTICO_OK) {
        status = ctl_line(c, line, sizeof line);
        if (status == PORTICO_OK && strncmp(line, "| ", 2) == 0) {
            printf("%s\n", line + 2);
        } else if (status == PORTICO_OK) {
            bool ok = strcmp(line, "ok") == 0;
            if (!ok) {
                fprintf(stderr, "%s\n", strncmp(line, "error ", 6) == 0 ? line + 6 : line);
            }
            return ok ? 0 : 1;
        }
    }
    fprintf(stderr, "no answer: %s\n", status_text(status));
    return 1;
}

static int ctl_talk(ctl *c, const char *token, const char *command) {
    char line[TOKEN_MAX + 8];
    snprintf(line, sizeof line, "token %s", token);
    int code = ctl_ask(c, line);
    return code == 0 ? ctl_ask(c, command) : code;
}

static portico_status ctl_connect(ctl *c, const config *settings) {
    os_address address;
    uint32_t bytes = 0;
    uint16_t port = settings->admin.port != 0 ? settings->admin.port : ready_admin_port(settings);
    if (port == 0) {
        fprintf(
            stderr,
            "[admin] port is 0 and the ready file (%s) does not tell which one it became: is the host running?\n",
            settings->ready_file != NULL ? settings->ready_file : "[host] ready_file is not set");
        return PORTICO_E_NOT_FOUND;
    }
    portico_status status = os_address_parse(settings->admin.address, port, &address);
    if (status == PORTICO_OK) {
        status = os_connect(c->port, &address, NULL, &c->op, &c->socket);
    }
    if (status == PORTICO_OK) {
        status = ctl_wait(c, CONNECT_TIMEOUT_MS, &bytes);
    }
    if (status != PORTICO_OK) {
        fprintf(stderr, "no host answers on %s port %u: %s. Is it running with this configuration (%s)?\n",
                settings->admin.address, port, status_text(status), settings->path);
    }
    return status;
}

int ctl_run(const config *settings, const char *command) {
    static ctl c;
    char token[TOKEN_MAX];
    char why[TOKEN_WHY_MAX];
    if (!settings->admin_enabled) {
        fprintf(stderr, "%s: [admin] enabled = no: there is nothing to talk to\n", settings->path);
        return 1;
    }
    if (token_read(settings, false, token, why) != PORTICO_OK) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    if (os_port_create(&c.port) != PORTICO_OK) {
        fprintf(stderr, "no completion port (%s)\n", system_text(os_error()));
        return 1;
    }
    int code = ctl_connect(&c, settings) == PORTICO_OK ? ctl_talk(&c, token, command) : 1;
    if (c.socket != NULL) {
        os_close(c.socket, false);
    }
    os_completion late[4];
    while (os_port_wait(c.port, late, 4, 0) > 0) {
        /* What a time-out has left in flight comes home. */
    }
    os_port_destroy(c.port);
    return code;
}
