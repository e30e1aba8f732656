/* token.c: see token.h. */
#include "admin/token.h"

#include "base/status.h"
#include "base/system_text.h"
#include "run/control.h"

#include <string.h>

enum { RANDOM_BYTES = 24, PATH_BYTES = 4096, TOKEN_MIN = 16 };

/* Reads the file. PORTICO_E_NOT_FOUND: there is none. PORTICO_E_INVALID: it is too short, perhaps
 * because another host is writing it. `why` has a sentence for the user. */
static portico_status token_load(const char *path, char token[TOKEN_MAX], char why[TOKEN_WHY_MAX]) {
    FILE *file = NULL;
    char found[OS_FOUND_TEXT];
    portico_status status = os_fopen_private(path, &file, found);
    if (status != PORTICO_OK && found[0] != '\0') {
        snprintf(why, TOKEN_WHY_MAX,
                 "%s is no secret: %s; delete it, and the next start makes a new one", path, found);
        return status;
    }
    if (status != PORTICO_OK) {
        snprintf(why, TOKEN_WHY_MAX,
                 "%s cannot be read (%s): has the host been started, by this user?", path,
                 system_text(os_error()));
        return status;
    }
    size_t size = fread(token, 1, TOKEN_MAX - 1, file);
    fclose(file);
    token[size] = '\0';
    token[strcspn(token, "\r\n")] = '\0';
    snprintf(why, TOKEN_WHY_MAX,
             "%s has fewer than %d characters: delete the file, and the next start makes a new one",
             path, (int)TOKEN_MIN);
    return strlen(token) >= TOKEN_MIN ? PORTICO_OK : PORTICO_E_INVALID;
}

/* Writes a new file for its owner only. PORTICO_E_EXISTS: there is one. */
static portico_status token_write(const char *path, const char *token) {
    FILE *file = os_fopen(path, "wx");
    if (file == NULL) {
        return os_error_status();
    }
    bool written = fprintf(file, "%s\n", token) > 0 && fflush(file) == 0;
    portico_status status = written ? PORTICO_OK : os_file_error();
    if (fclose(file) != 0 && written) {
        status = os_file_error();
    }
    if (status != PORTICO_OK) {
        (void)os_file_remove(path); /* half of it */
    }
    return status;
}

portico_status token_random(char *text, size_t bytes) {
    uint8_t drawn[TOKEN_RANDOM_MAX];
    portico_status status = os_random(drawn, bytes);
    for (size_t i = 0; status == PORTICO_OK && i < bytes; i++) {
        snprintf(text + 2 * i, 3, "%02x", drawn[i]);
    }
    return status;
}

/* Makes a token and its file. PORTICO_E_EXISTS: another host was first. */
static portico_status token_make(const char *folder, const char *path, char token[TOKEN_MAX],
                                 char why[TOKEN_WHY_MAX]) {
    portico_status status = os_folder_create(folder);
    if (status == PORTICO_OK) {
        status = token_random(token, RANDOM_BYTES);
    }
    if (status == PORTICO_OK) {
        status = token_write(path, token);
    }
    snprintf(why, TOKEN_WHY_MAX, "cannot create %s: %s (%s)", path, status_text(status),
             system_text(os_error()));
    return status;
}

portico_status token_read(const config *c, bool make, char token[TOKEN_MAX],
                          char why[TOKEN_WHY_MAX]) {
    enum { TRIES = 50, PAUSE_MS = 20 };
    char path[PATH_BYTES];
    if (c->admin_token != NULL) {
        snprintf(token, TOKEN_MAX, "%s", c->admin_token);
        return PORTICO_OK;
    }
    snprintf(path, sizeof path, "%s/admin.token", c->run_dir);
    portico_status status = token_load(path, token, why);
    if (status == PORTICO_E_NOT_FOUND && make) {
        status = token_make(c->run_dir, path, token, why);
    }
    for (int i = 0; i < TRIES && (status == PORTICO_E_EXISTS || status == PORTICO_E_INVALID); i++) {
        os_sleep(PAUSE_MS); /* another host may be writing it */
        status = token_load(path, token, why);
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
