/* watch.c: see watch.h. */
#include "admin/http/watch.h"

#include "base/hash.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static watch_source source_of(command_id id) {
    switch (id) {
    case COMMAND_session:
    case COMMAND_room:
    case COMMAND_module: return WATCH_STATE;
    case COMMAND_fault: return WATCH_CONTROL;
    default: return WATCH_AT_ONCE;
    }
}

static watch *find(watches *w, const char *command) {
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        if (w->all[i].command != NULL && strcmp(w->all[i].command, command) == 0) {
            return &w->all[i];
        }
    }
    return NULL;
}

static watch *free_place(watches *w) {
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        if (w->all[i].command == NULL) {
            return &w->all[i];
        }
    }
    return NULL;
}

static portico_status check(const char *command, uint64_t every_ms, watch_source *source,
                            char why[WATCH_WHY_MAX]) {
    const char *argument = NULL;
    char usage[COMMAND_WHY_MAX];
    command_id id = command_parse(command, &argument, usage);
    *source = source_of(id);
    if (every_ms < WATCH_MIN_MS || every_ms > WATCH_MAX_MS) {
        snprintf(why, WATCH_WHY_MAX, "a command is watched every %d to %d milliseconds",
                 (int)WATCH_MIN_MS, (int)WATCH_MAX_MS);
    } else if (id == COMMAND_COUNT) {
        snprintf(why, WATCH_WHY_MAX, "%s", usage);
    } else if (!command_reports(id, argument)) {
        snprintf(why, WATCH_WHY_MAX, "it changes something, so it cannot be watched: use run");
    } else {
        return PORTICO_OK;
    }
    return PORTICO_E_INVALID;
}

portico_status watches_add(watches *w, const char *command, uint64_t every_ms, uint64_t now_ms,
                           char why[WATCH_WHY_MAX]) {
    watch_source source = WATCH_AT_ONCE;
    portico_status status = check(command, every_ms, &source, why);
    if (status != PORTICO_OK) {
        return status;
    }
    watch *one = find(w, command);
    watch *place = one != NULL ? one : free_place(w);
    if (place == NULL) {
        snprintf(why, WATCH_WHY_MAX, "%d commands are watched already: use unwatch",
                 (int)WATCHES_MAX);
        return PORTICO_E_LIMIT;
    }
    if (one == NULL) {
        *place =
            (watch){.command = text_copy(command, strlen(command)), .place = {.source = source}};
    }
    if (place->command == NULL) {
        why[0] = '\0';
        return PORTICO_E_NO_MEMORY;
    }
    place->every_ms = (uint32_t)every_ms;
    place->due_ms = now_ms;
    return PORTICO_OK;
}

static void watch_free(watch *one) {
    if (one->job != NULL) {
        job_abandon(one->job);
    }
    watch_place_give(&one->place);
    free(one->command);
    *one = (watch){0};
}

void watches_remove(watches *w, const char *command) {
    watch *one = find(w, command);
    if (one != NULL) {
        watch_free(one);
    }
}

void watches_free(watches *w) {
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        watch_free(&w->all[i]);
    }
}

static watch *longest_due(watches *w, uint64_t now_ms) {
    watch *due = NULL;
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        watch *one = &w->all[i];
        if (one->command != NULL && one->job == NULL && one->due_ms <= now_ms &&
            (due == NULL || one->due_ms < due->due_ms)) {
            due = one;
        }
    }
    return due;
}

watch *watches_take_due(watches *w, uint64_t now_ms) {
    watch *due = NULL;
    while ((due = longest_due(w, now_ms)) != NULL && !watch_place_take(&due->place, now_ms)) {
        due->due_ms = now_ms + WATCH_PLACE_MS;
    }
    if (due != NULL) {
        due->due_ms = now_ms + due->every_ms;
    }
    return due;
}

void watch_begun(watch *one, admin_job *job) {
    one->job = job;
    if (job == NULL) {
        watch_place_give(&one->place);
    }
}

watch *watches_take_answer(watches *w, uint64_t now_ms, lines *answer) {
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        watch *one = &w->all[i];
        if (one->job != NULL && job_take(one->job, now_ms, answer)) {
            one->job = NULL;
            watch_place_give(&one->place);
            return one;
        }
    }
    return NULL;
}

uint64_t watches_due_ms(const watches *w) {
    uint64_t due_ms = UINT64_MAX;
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        const watch *one = &w->all[i];
        uint64_t at_ms = one->job != NULL ? job_look_ms() : one->due_ms;
        if (one->command != NULL && at_ms < due_ms) {
            due_ms = at_ms;
        }
    }
    return due_ms;
}

bool watch_has_news(watch *w, const char *answer, size_t size) {
    uint64_t hash = hash_bytes(answer, size);
    bool news = !w->sent || hash != w->last;
    w->sent = true;
    w->last = hash;
    return news;
}
