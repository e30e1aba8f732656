/* live_traces.c: see live_traces.h. */
#include "admin/http/live_traces.h"

#include <stdlib.h>
#include <string.h>

static void drop(live_trace *one) {
    trace_follow_end(one->follow);
    free(one->command);
    *one = (live_trace){0};
}

static live_trace *find(live_traces *t, const char *command) {
    for (size_t i = 0; i < TRACES_MAX; i++) {
        if (t->all[i].follow != NULL && strcmp(t->all[i].command, command) == 0) {
            return &t->all[i];
        }
    }
    return NULL;
}

bool live_traces_have(live_traces *t, const char *command) {
    return find(t, command) != NULL;
}

void live_traces_add(live_traces *t, trace_follow *follow, char *command) {
    size_t i = 0;
    while (t->all[i].follow != NULL) {
        i++;
    }
    t->all[i] = (live_trace){.follow = follow, .command = command};
}

void live_traces_remove(live_traces *t, const char *command) {
    live_trace *one = find(t, command);
    if (one != NULL) {
        drop(one);
    }
}

void live_traces_free(live_traces *t) {
    for (size_t i = 0; i < TRACES_MAX; i++) {
        if (t->all[i].follow != NULL) {
            drop(&t->all[i]);
        }
    }
}

const char *live_traces_next(live_traces *t, uint64_t now_ms, lines *answer) {
    for (size_t i = 0; i < TRACES_MAX; i++) {
        live_trace *one = &t->all[i];
        if (one->follow != NULL && trace_follow_answer(one->follow, now_ms, answer)) {
            return one->command;
        }
    }
    return NULL;
}

void live_traces_sweep(live_traces *t) {
    for (size_t i = 0; i < TRACES_MAX; i++) {
        if (t->all[i].follow != NULL && trace_follow_ended(t->all[i].follow)) {
            drop(&t->all[i]);
        }
    }
}

uint64_t live_traces_due_ms(const live_traces *t) {
    uint64_t due_ms = UINT64_MAX;
    for (size_t i = 0; i < TRACES_MAX; i++) {
        if (t->all[i].follow != NULL) {
            uint64_t at_ms = trace_follow_due_ms(t->all[i].follow);
            due_ms = at_ms < due_ms ? at_ms : due_ms;
        }
    }
    return due_ms;
}
