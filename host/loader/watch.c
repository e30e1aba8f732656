/* watch.c: see watch.h.
 *
 * Polling was chosen over the systems' change notifications. Those do not arrive for network
 * shares, for folders mounted into containers and virtual machines, or for a file that is replaced
 * through a link; and they do not say that a file is complete. A look costs one query of size and
 * time per module.
 *
 * One lock, a leaf, guards the list. The thread works on a copy of an entry without holding the
 * lock, since reading may take long. If the entry's number shows that watch_set or watch_forget was
 * called in between, the result is dropped.
 */
#include "loader/watch.h"

#include "base/log.h"
#include "base/text.h"
#include "module/image_copy.h"

#include <stdlib.h>
#include <string.h>

/* SETTLE_MS is longer than the pauses of a linker, for systems that cannot tell whether a file is
 * being written. A change is reported at most SETTLE_MS + 2 * LOOK_MS, and the time to read the
 * file, after the last write. */
enum { LOOK_MS = 100, SETTLE_MS = 200, PATIENCE_MS = 10000, NAME_BYTES = 64, PATH_BYTES = 4096 };

typedef struct build {
    uint64_t size;
    uint64_t hash;
} build;

/* The thread's knowledge of a file. All zero: nothing yet. */
typedef struct sight {
    bool there;
    bool read;   /* there is nothing to do until it changes */
    bool logged; /* the log says that it stays open for writing */
    os_file_info info;
    uint64_t changed_ns; /* when the last change was seen */
    uint64_t asked_ns;   /* when it was last due, and could not be read */
} sight;

typedef struct watched {
    struct watched *next;
    char name[NAME_BYTES];
    char *file;
    uint64_t number; /* of the last watch_set */
    uint32_t round;  /* in which it was last looked at */
    build loaded;
    build known; /* what was last read */
    bool has_known;
    sight sight;
} watched;

static struct {
    os_mutex lock;
    os_cond wake;
    bool stop;
    watched *first;
    uint64_t number; /* the last one that an entry got */
    uint32_t round;
    os_thread *thread;                        /* control thread */
    void (*changed)(const char *module_name); /* written before the thread starts */
} watch;

static bool build_same(build a, build b) {
    return a.size == b.size && a.hash == b.hash;
}

/* ---- the list -------------------------------------------------------------------------------- */

/* The link to the entry, or the end of the list. [locked] */
static watched **find(const char *name) {
    watched **at = &watch.first;
    while (*at != NULL && strcmp((*at)->name, name) != 0) {
        at = &(*at)->next;
    }
    return at;
}

static void watched_free(watched *w) {
    free(w->file);
    free(w);
}

/* A new entry at the end; NULL when out of memory. [locked] */
static watched *watched_add(watched **end, const char *name) {
    watched *w = calloc(1, sizeof *w);
    if (w != NULL) {
        snprintf(w->name, sizeof w->name, "%s", name);
        *end = w;
    }
    return w;
}

/* [locked] */
static void watched_set(watched *w, build loaded) {
    if (w->number != 0 && !w->sight.read && !build_same(w->loaded, loaded)) {
        /* Rolled back before the thread has read the build that was swapped in. */
        w->known = w->loaded;
        w->has_known = true;
    }
    w->loaded = loaded;
    w->number = ++watch.number;
    w->sight = (sight){0};
}

void watch_set(const char *module_name, const char *file, uint64_t size, uint64_t hash) {
    char *copy = text_copy(file, strlen(file));
    os_mutex_lock(&watch.lock);
    watched **at = find(module_name);
    watched *w = *at != NULL || copy == NULL ? *at : watched_add(at, module_name);
    bool same = w != NULL && w->file != NULL && strcmp(w->file, file) == 0;
    if (w != NULL && !same && copy != NULL) {
        free(w->file);
        w->file = copy;
        copy = NULL;
        w->number = 0;
        w->has_known = false;
        same = true;
    }
    if (same) {
        watched_set(w, (build){.size = size, .hash = hash});
    }
    os_mutex_unlock(&watch.lock);
    free(copy);
    if (!same) {
        log_warn("watch", "out of memory: %s is not watched", file);
    }
}

void watch_forget(const char *module_name) {
    os_mutex_lock(&watch.lock);
    watched **at = find(module_name);
    watched *w = *at;
    if (w != NULL) {
        *at = w->next;
        watched_free(w);
    }
    os_mutex_unlock(&watch.lock);
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* One look at one file. */
typedef struct look {
    char name[NAME_BYTES];
    char file[PATH_BYTES];
    uint64_t number;
    sight sight;
    build found; /* if the file was read */
} look;

/* Copies the next entry that has not been looked at in this round. */
static bool look_next(look *l) {
    os_mutex_lock(&watch.lock);
    watched *w = watch.stop ? NULL : watch.first;
    while (w != NULL && w->round == watch.round) {
        w = w->next;
    }
    if (w != NULL) {
        w->round = watch.round;
        snprintf(l->name, sizeof l->name, "%s", w->name);
        snprintf(l->file, sizeof l->file, "%s", w->file);
        l->number = w->number;
        l->sight = w->sight;
    }
    os_mutex_unlock(&watch.lock);
    return w != NULL;
}

/* Whether it is time to read the file: it has been the same for SETTLE_MS. */
static bool look_is_due(look *l, uint64_t now_ns) {
    sight *s = &l->sight;
    os_file_info info;
    if (os_file_look(l->file, &info) != PORTICO_OK) {
        s->there = false; /* it comes back, or the module is unloaded */
        return false;
    }
    if (!s->there || !image_file_same(&s->info, &info)) {
        *s = (sight){.there = true, .info = info, .changed_ns = now_ns, .asked_ns = now_ns};
        return false;
    }
    return !s->read && now_ns - s->asked_ns >= SETTLE_MS * 1000000u;
}

/* Reads the file. False: it cannot be read now. */
static bool look_read(look *l, uint64_t now_ns) {
    sight *s = &l->sight;
    s->asked_ns = now_ns;
    if (os_file_is_written(l->file)) {
        if (!s->logged && now_ns - s->changed_ns > PATIENCE_MS * 1000000u) {
            s->logged = true;
            log_info("watch",
                     "%s has changed, but is still open for writing: waiting for that to end",
                     l->file);
        }
        return false;
    }
    os_file_info info;
    portico_status status = image_hash(l->file, &l->found.size, &l->found.hash);
    if (status == PORTICO_E_TOO_BIG) {
        l->found = (build){.size = s->info.size}; /* the swap says what is wrong with it */
    } else if (status != PORTICO_OK) {
        return false;
    }
    s->read = os_file_look(l->file, &info) == PORTICO_OK && image_file_same(&s->info, &info);
    return s->read;
}

/* Writes the result back. True: it must be reported. */
static bool look_end(const look *l, bool read) {
    os_mutex_lock(&watch.lock);
    watched *w = *find(l->name);
    bool news = false;
    if (w != NULL && w->number == l->number) {
        w->sight = l->sight;
        if (read) {
            news = !build_same(l->found, w->loaded) &&
                   !(w->has_known && build_same(l->found, w->known));
            w->known = l->found;
            w->has_known = true;
        }
    }
    os_mutex_unlock(&watch.lock);
    return news;
}

static void look_at(look *l) {
    uint64_t now_ns = os_monotonic_ns();
    bool read = look_is_due(l, now_ns) && look_read(l, now_ns);
    if (look_end(l, read)) {
        log_debug("watch", "%s has changed", l->file);
        watch.changed(l->name);
    }
}

static void watch_run(void *arg) {
    (void)arg;
    look l;
    os_mutex_lock(&watch.lock);
    while (!watch.stop) {
        watch.round++;
        os_mutex_unlock(&watch.lock);
        while (look_next(&l)) {
            look_at(&l);
        }
        os_mutex_lock(&watch.lock);
        if (!watch.stop) {
            os_cond_wait(&watch.wake, &watch.lock, LOOK_MS);
        }
    }
    os_mutex_unlock(&watch.lock);
}

portico_status watch_start(void (*changed)(const char *module_name)) {
    watch.changed = changed;
    watch.stop = false;
    return os_thread_start(&watch.thread, "watch", watch_run, NULL);
}

void watch_stop(void) {
    os_mutex_lock(&watch.lock);
    watch.stop = true;
    os_cond_wake_all(&watch.wake);
    os_mutex_unlock(&watch.lock);
    if (watch.thread != NULL) {
        os_thread_join(watch.thread);
        watch.thread = NULL;
    }
    while (watch.first != NULL) {
        watched *w = watch.first;
        watch.first = w->next;
        watched_free(w);
    }
}
