/* token.c: see token.h. */
#include "admin/token.h"

#include "base/status.h"
#include "base/system_text.h"
#include "run/control.h"

#include <string.h>

enum { RANDOM_BYTES = 24, PATH_BYTES = 4096, TOKEN_MIN = 16, FOUND_BYTES = 64 };

/* Reads the file. PORTICO_E_ACCESS: others may read it; `found` is its mode. */
static portico_status token_load(const char *path, char token[TOKEN_MAX], char found[FOUND_BYTES]) {
    FILE *file = os_fopen(path, "rb");
    if (file == NULL) {
        return PORTICO_E_NOT_FOUND;
    }
    portico_status status = os_file_private(file, found, FOUND_BYTES);
    if (status != PORTICO_OK) {
        fclose(file);
        return status;
    }
    size_t size = fread(token, 1, TOKEN_MAX - 1, file);
    fclose(file);
    token[size] = '\0';
    token[strcspn(token, "\r\n")] = '\0';
    return strlen(token) >= TOKEN_MIN ? PORTICO_OK : PORTICO_E_INVALID;
}

/* Makes a token and its file. PORTICO_E_EXISTS: another host was first. */
static portico_status token_make(const char *folder, const char *path, char token[TOKEN_MAX]) {
    uint8_t bytes[RANDOM_BYTES];
    portico_status status = os_folder_create(folder);
    if (status != PORTICO_OK) {
        return status;
    }
    status = os_random(bytes, sizeof bytes);
    if (status != PORTICO_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    }
    FILE *file = os_fopen(path, "wx");
    if (file == NULL) {
        return PORTICO_E_EXISTS;
    }
    bool written = fprintf(file, "%s\n", token) > 0;
    if (fclose(file) != 0 || !written) {
        (void)os_file_remove(path);
        return PORTICO_E_SYSTEM;
    }
    return PORTICO_OK;
}

/* Writes the sentence for the user. */
static void token_explain(portico_status status, bool make, const char *path, const char *found,
                          char why[TOKEN_WHY_MAX]) {
    const char *system = system_text(os_error());
    if (status == PORTICO_E_ACCESS && found[0] != '\0') {
        snprintf(why, TOKEN_WHY_MAX,
                 "%s can be read by others than its owner (%s): its token is no secret; delete the "
                 "file, and the "
                 "next start makes a new one",
                 path, found);
    } else if (status == PORTICO_E_INVALID) {
        snprintf(
            why, TOKEN_WHY_MAX,
            "%s has fewer than %d characters: delete the file, and the next start makes a new one",
            path, (int)TOKEN_MIN);
    } else if (make) {
        snprintf(why, TOKEN_WHY_MAX, "cannot create %s: %s (%s)", path, status_text(status),
                 system);
    } else {
        snprintf(why, TOKEN_WHY_MAX,
                 "%s cannot be read (%s): has the host been started, by this user?", path, system);
    }
}

portico_status token_read(const config *c, bool make, char token[TOKEN_MAX],
                          char why[TOKEN_WHY_MAX]) {
    enum { TRIES = 50, PAUSE_MS = 20 };
    char path[PATH_BYTES];
    char found[FOUND_BYTES] = "";
    if (c->admin_token != NULL) {
        snprintf(token, TOKEN_MAX, "%s", c->admin_token);
        return PORTICO_OK;
    }
    snprintf(path, sizeof path, "%s/admin.token", c->run_dir);
    portico_status status = token_load(path, token, found);
    if (status == PORTICO_E_NOT_FOUND && make) {
        status = token_make(c->run_dir, path, token);
    }
    for (int i = 0; i < TRIES && (status == PORTICO_E_EXISTS || status == PORTICO_E_INVALID); i++) {
        os_sleep(PAUSE_MS); /* another host may be writing it */
        status = token_load(path, token, found);
    }
    if (status != PORTICO_OK) {
        token_explain(status, make, path, found, why);
    }
    return status;
}

portico_status token_check(const config *c, char why[TOKEN_WHY_MAX]) {
    char path[PATH_BYTES];
    char token[TOKEN_MAX];
    os_file_info info;
    snprintf(path, sizeof path, "%s/admin.token", c->run_dir);
    if (c->admin_token != NULL || os_file_look(path, &info) == PORTICO_E_NOT_FOUND) {
        return PORTICO_OK; /* none is needed, or the start makes it */
    }
    return token_read(c, false, token, why);
}

bool token_equal(const char *token, const char *offered, size_t offered_size) {
    size_t size = strlen(token);
    unsigned char difference = size != offered_size;
    for (size_t i = 0; i < offered_size; i++) {
        difference |= (unsigned char)(token[size > 0 ? i % size : 0] ^ offered[i]);
    }
    return difference == 0;
}
