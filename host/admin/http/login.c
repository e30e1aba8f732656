/* login.c: see login.h. */
#include "admin/http/login.h"

#include "admin/token.h"
#include "base/log.h"
#include "os/os.h"

#include <string.h>

enum { RANDOM_BYTES = (LOGIN_SECRET_BYTES - 1) / 2, IDLE_MS = 12 * 60 * 60 * 1000 };

typedef struct login {
    uint32_t number; /* 0: the place is free */
    uint64_t used_ms;
    char secret[LOGIN_SECRET_BYTES];
} login;

static login logins[LOGINS_MAX];
static uint32_t last_number;

void logins_start(void) {
    memset(logins, 0, sizeof logins);
    last_number = 0;
}

static bool lasts(const login *l, uint64_t now_ms) {
    return l->number != 0 && now_ms - l->used_ms < IDLE_MS;
}

/* A free place, or that of the login which was not used for longest. */
static login *place(uint64_t now_ms) {
    login *found = &logins[0];
    for (size_t i = 0; i < LOGINS_MAX; i++) {
        if (!lasts(&logins[i], now_ms)) {
            return &logins[i];
        }
        found = logins[i].used_ms < found->used_ms ? &logins[i] : found;
    }
    return found;
}

uint32_t login_begin(uint64_t now_ms, char secret[LOGIN_SECRET_BYTES]) {
    login *l = place(now_ms);
    if (token_random(secret, RANDOM_BYTES) != PORTICO_OK) {
        return 0;
    }
    memcpy(l->secret, secret, sizeof l->secret);
    if (l->number != 0) {
        log_info("admin", "HTTP login %u ends: %s", (unsigned)l->number,
                 lasts(l, now_ms) ? "others need its place" : "it was not used for twelve hours");
    }
    l->number = ++last_number;
    l->used_ms = now_ms;
    return l->number;
}

uint32_t login_find(http_text secret, uint64_t now_ms) {
    uint32_t found = 0;
    if (secret.size != LOGIN_SECRET_BYTES - 1) {
        return 0;
    }
    for (size_t i = 0; i < LOGINS_MAX; i++) {
        login *l = &logins[i];
        if (lasts(l, now_ms) && token_equal(l->secret, secret.at, secret.size)) {
            l->used_ms = now_ms;
            found = l->number;
        }
    }
    return found;
}

static login *find(uint32_t number, uint64_t now_ms) {
    for (size_t i = 0; i < LOGINS_MAX; i++) {
        if (number != 0 && logins[i].number == number && lasts(&logins[i], now_ms)) {
            return &logins[i];
        }
    }
    return NULL;
}

bool login_lasts(uint32_t number, uint64_t now_ms) {
    login *l = find(number, now_ms);
    if (l != NULL) {
        l->used_ms = now_ms;
    }
    return l != NULL;
}

void login_end(uint32_t number) {
    login *l = find(number, os_monotonic_ms());
    if (l != NULL) {
        memset(l, 0, sizeof *l);
    }
}
