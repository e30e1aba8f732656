/* ready.c: see ready.h. */
#include "net/ready.h"

#include "base/system_text.h"
#include "net/services.h"

#include <string.h>

enum { PATH_BYTES = 4096 };

static char admin_address[OS_ADDRESS_TEXT]; /* "": the admin side does not listen */
static const config
    *written; /* the configuration whose file this process has written; NULL: none */

static void write_listener(void *arg, listener *l, connector *c) {
    FILE *file = arg;
    (void)c;
    os_address address;
    char text[OS_ADDRESS_TEXT];
    if (l == NULL || listener_look(l, &address) != LISTENER_LISTENING) {
        return;
    }
    os_address_format(&address, text);
    fprintf(file, "listener %s %s\n", listener_service(l)->config->name, text);
}

void ready_set_admin(const char *address) {
    snprintf(admin_address, sizeof admin_address, "%s", address);
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

bool ready_update(void) {
    const config *c = written;
    if (c == NULL) {
        return true;
    }
    char draft[PATH_BYTES];
    snprintf(draft, sizeof draft, "%s.%u", c->ready_file, os_process_id());
    FILE *file = os_fopen(draft, "w");
    bool good = file != NULL;
    if (good) {
        fprintf(file, "pid %u\n", os_process_id());
        services_each(write_listener, file);
        if (admin_address[0] != '\0') {
            fprintf(file, "admin %s\n", admin_address);
        }
        good = ferror(file) == 0;
        good = fclose(file) == 0 && good;
        good = good && os_file_rename(draft, c->ready_file) == PORTICO_OK;
    }
    if (!good) {
        log_error("host", "[host] ready_file = %s cannot be written (%s)", c->ready_file,
                  system_text(os_error()));
        (void)os_file_remove(draft);
    }
    return good;
}

bool ready_write(const config *c) {
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
    written = c;
    if (!ready_update()) {
        written = NULL;
    }
    return written != NULL;
}

void ready_remove(void) {
    if (written != NULL) {
        (void)os_file_remove(written->ready_file);
        written = NULL;
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
