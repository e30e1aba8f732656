/* watch.h: commands that a live connection wants run again and again. [admin thread]
 *
 * A watch is due when its time has come, and is run only when its answer can be sent: so a client
 * that is slow gets fewer answers, and none waits.
 */
#ifndef PORTICO_ADMIN_WATCH_H
#define PORTICO_ADMIN_WATCH_H

#include "admin/command.h"
#include "admin/job.h"

enum {
    WATCHES_MAX = 16,
    WATCH_MIN_MS = 250,
    WATCH_MAX_MS = 60000,
    WATCH_WHY_MAX = COMMAND_WHY_MAX
};

typedef struct watch {
    char *command; /* NULL: the place is free */
    uint32_t every_ms;
    uint64_t due_ms;
    uint64_t last;  /* a hash of the last answer that was sent */
    bool sent;      /* one was */
    admin_job *job; /* not NULL: the answer is being waited for, and the watch is not due */
} watch;

typedef struct watches {
    watch all[WATCHES_MAX];
} watches;

/* Begins to watch the command, at once, or changes how often. On failure `why` is a sentence. */
portico_status watches_add(watches *w, const char *command, uint64_t every_ms, uint64_t now_ms,
                           char why[WATCH_WHY_MAX]);
void watches_remove(watches *w, const char *command);
void watches_free(watches *w);

/* The watch that has been due for longest, whose next time is then set; NULL: none is due. */
watch *watches_take_due(watches *w, uint64_t now_ms);

/* A watch whose answer has come; NULL: there is none. */
watch *watches_take_answer(watches *w, uint64_t now_ms, lines *answer);

/* When to look again for what is due or has come; UINT64_MAX: never. */
uint64_t watches_due_ms(const watches *w);

/* Whether this answer differs from the last one. */
bool watch_has_news(watch *w, const char *answer, size_t size);

#endif
