/* ready.c: see ready.h. */
#include "net/ready.h"

#include "base/status.h"
#include "base/system_text.h"
#include "net/services.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

/* The configuration whose file this process has written; NULL: none. */
static const config *_Atomic written;
static os_lock *locked;                     /* the ready file's name; NULL: not yet */
static char admin_address[OS_ADDRESS_TEXT]; /* "": the admin side does not listen */
static char http_address[OS_ADDRESS_TEXT];  /* likewise over HTTP */

/* The contents of the file. */
typedef struct ready_text {
    char *bytes; /* NULL: it is only measured */
    size_t capacity;
    size_t size;
} ready_text;

static char *last; /* what this process has written last; NULL: nothing */

static void add(ready_text *t, const char *what, const char *name, const char *address) {
    bool fits = t->size < t->capacity;
    int size = snprintf(fits ? t->bytes + t->size : NULL, fits ? t->capacity - t->size : 0,
                        "%s %s%s%s\n", what, name, name[0] != '\0' ? " " : "", address);
    t->size += size > 0 ? (size_t)size : 0;
}

static void add_listener(void *arg, listener *l, connector *c) {
    (void)c;
    os_address address;
    char text[OS_ADDRESS_TEXT];
    if (l == NULL || listener_look(l, &address) != LISTENER_LISTENING) {
        return;
    }
    os_address_format(&address, text);
    add(arg, "listener", listener_service(l)->config->name, text);
}

static void add_all(ready_text *t) {
    char process[16];
    snprintf(process, sizeof process, "%u", os_process_id());
    add(t, "pid", "", process);
    services_each(add_listener, t);
    if (admin_address[0] != '\0') {
        add(t, "admin", "", admin_address);
    }
    if (http_address[0] != '\0') {
        add(t, "http", "", http_address);
    }
}

/* Returns what is to be in the file, on the heap; NULL: out of memory. Only this thread opens and
 * closes listeners, so both passes see the same ones. */
static char *ready_make(void) {
    ready_text t = {0};
    add_all(&t);
    t.capacity = t.size + 1;
    t.size = 0;
    t.bytes = malloc(t.capacity);
    if (t.bytes != NULL) {
        t.bytes[0] = '\0';
        add_all(&t);
    }
    return t.bytes;
}

void ready_set_admin(const char *address) {
    snprintf(admin_address, sizeof admin_address, "%s", address);
}

void ready_set_http(const char *address) {
    snprintf(http_address, sizeof http_address, "%s", address);
}

/* A mistake in the ini must not destroy another file. */
bool ready_may_replace(const char *path) {
    char begin[4] = "";
    FILE *file = os_fopen(path, "r");
    if (file == NULL) {
        os_file_info info;
        return os_file_look(path, &info) == PORTICO_E_NOT_FOUND; /* else a device, a folder ... */
    }
    size_t size = fread(begin, 1, sizeof begin, file);
    fclose(file);
    return size == 0 || (size == sizeof begin && memcmp(begin, "pid ", sizeof begin) == 0);
}

/* Writes the draft and closes it. */
static bool write_all(FILE *file, const char *text) {
    if (fputs(text, file) < 0 || fflush(file) != 0) {
        (void)os_file_error();
        fclose(file);
        return false;
    }
    if (fclose(file) != 0) {
        (void)os_file_error();
        return false;
    }
    return true;
}

static bool ready_replace(const config *c, const char *text) {
    char draft[PATH_BYTES];
    snprintf(draft, sizeof draft, "%s.%u", c->ready_file, os_process_id());
    (void)os_file_remove(draft); /* of a host that was killed, or planted */
    FILE *file = os_fopen(draft, "wxo");
    if (file == NULL || !write_all(file, text) ||
        os_file_rename(draft, c->ready_file) != PORTICO_OK) {
        log_error("host", "[host] ready_file = %s cannot be written (%s)", c->ready_file,
                  system_text(os_error()));
        (void)os_file_remove(draft);
        return false;
    }
    return true;
}

bool ready_update(void) {
    const config *c = atomic_load(&written);
    if (c == NULL) {
        return true;
    }
    char *text = ready_make();
    if (text == NULL) {
        log_error("host", "[host] ready_file = %s cannot be written (out of memory)",
                  c->ready_file);
        return false;
    }
    if (last != NULL && strcmp(text, last) == 0) {
        free(text); /* a swap that needs no other listeners, or was refused */
        return true;
    }
    if (!ready_replace(c, text)) {
        free(text);
        return false;
    }
    free(last);
    last = text;
    return true;
}

bool ready_take(const config *c) {
    char path[PATH_BYTES];
    uint32_t process = 0;
    if (c->ready_file == NULL) {
        return true;
    }
    if (!ready_may_replace(c->ready_file)) {
        log_error(
            "host",
            "[host] ready_file = %s: a file of that name exists and is not a ready file; choose "
            "another name",
            c->ready_file);
        return false;
    }
    snprintf(path, sizeof path, "%s.lock", c->ready_file);
    portico_status status = os_lock_take(path, &locked, &process);
    if (status == PORTICO_E_EXISTS) {
        log_error(
            "host",
            "[host] ready_file = %s is that of the host that runs as process %u: stop that one "
            "first, or name another ready_file in this configuration",
            c->ready_file, process);
    } else if (status != PORTICO_OK) {
        log_error("host", "[host] ready_file = %s: cannot lock %s: %s (%s)", c->ready_file, path,
                  status_text(status), system_text(os_error()));
    }
    return status == PORTICO_OK;
}

bool ready_write(const config *c) {
    if (c->ready_file == NULL) {
        return true;
    }
    atomic_store(&written, c);
    bool good = ready_update();
    if (!good) {
        atomic_store(&written, NULL);
    }
    return good;
}

void ready_remove(void) {
    const config *c = atomic_exchange(&written, NULL);
    if (c != NULL) {
        (void)os_file_remove(c->ready_file);
    }
}

void ready_give_back(void) {
    free(last);
    last = NULL;
    if (locked != NULL) {
        os_lock_give_back(locked);
        locked = NULL;
    }
}

uint16_t ready_line_port(const char *line) {
    const char *colon = strrchr(line, ':');
    if (colon == NULL || strncmp(line, "admin ", 6) != 0) {
        return 0;
    }
    uint32_t port = 0;
    const char *at = colon + 1;
    for (; *at >= '0' && *at <= '9' && port <= UINT16_MAX; at++) {
        port = port * 10 + (uint32_t)(*at - '0');
    }
    at += strspn(at, "\r\n");
    return *at == '\0' && port <= UINT16_MAX ? (uint16_t)port : 0;
}

uint16_t ready_admin_port(const config *c) {
    FILE *file = c->ready_file != NULL ? os_fopen(c->ready_file, "r") : NULL;
    char line[256];
    uint16_t port = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        uint16_t found = ready_line_port(line);
        port = found != 0 ? found : port;
    }
    if (file != NULL) {
        fclose(file);
    }
    return port;
}
