/* reserve.c: see reserve.h. */
#include "reserve.h"

#include "mutex.h"

#include <fcntl.h>
#include <unistd.h>

enum { RESERVES_MAX = 4, SPARES = 4 };

typedef struct reserve {
    bool used;
    int count;
    int spares[SPARES];
} reserve;

static struct {
    mutex lock;
    reserve all[RESERVES_MAX + 1]; /* 0 is none */
} reserves;

static void fill_locked(reserve *r) {
    while (r->used && r->count < SPARES) {
        int fd = r->count > 0 ? fcntl(r->spares[0], F_DUPFD_CLOEXEC, 0)
                              : open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            return;
        }
        r->spares[r->count++] = fd;
    }
}

static void close_all_locked(reserve *r) {
    while (r->count > 0) {
        close(r->spares[--r->count]);
    }
    r->used = false;
}

uint8_t reserve_create(void) {
    uint8_t made = 0;
    mutex_lock(&reserves.lock);
    for (uint8_t i = 1; i <= RESERVES_MAX && made == 0; i++) {
        reserve *r = &reserves.all[i];
        if (!r->used) {
            r->used = true;
            fill_locked(r);
            made = r->count == SPARES ? i : 0;
            if (made == 0) {
                close_all_locked(r);
            }
            break;
        }
    }
    mutex_unlock(&reserves.lock);
    return made;
}

void reserve_destroy(uint8_t number) {
    mutex_lock(&reserves.lock);
    close_all_locked(&reserves.all[number]);
    mutex_unlock(&reserves.lock);
}

/* The last spare stays: the others are made from it. */
bool reserve_use(uint8_t number) {
    reserve *r = &reserves.all[number];
    mutex_lock(&reserves.lock);
    bool there = r->count > 1;
    if (there) {
        close(r->spares[--r->count]);
    }
    mutex_unlock(&reserves.lock);
    return there;
}

void reserve_fill(uint8_t number) {
    mutex_lock(&reserves.lock);
    fill_locked(&reserves.all[number]);
    mutex_unlock(&reserves.lock);
}

bool reserve_take_back(uint8_t number, int fd) {
    reserve *r = &reserves.all[number];
    mutex_lock(&reserves.lock);
    bool taken =
        r->used && r->count > 0 && r->count < SPARES && dup3(r->spares[0], fd, O_CLOEXEC) == fd;
    if (taken) {
        r->spares[r->count++] = fd;
    }
    mutex_unlock(&reserves.lock);
    return taken;
}
