/* tracing.c: see tracing.h. */
#include "support/tracing.h"

#include "support/check.h"
#include "support/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 8, WAIT_MS = 60000 };

void tracing_start(tracing *t, host *h, int number, const char *what) {
    char words[256];
    const char *arguments[7 + WORDS_MAX] = {host_executable(), "ctl",    "-c",
                                            host_ini(h),       "--json", "trace"};
    int count = 6;
    memset(t, 0, sizeof *t);
    (void)snprintf(words, sizeof words, "%s", what);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
        CHECK(count < 6 + WORDS_MAX);
        arguments[count++] = word;
    }
    (void)snprintf(t->path, sizeof t->path, "%s/trace%d.txt", host_folder(h), number);
    (void)remove(t->path); /* of an earlier run */
    t->ctl = process_start(arguments, &(process_options){.output_file = t->path});
    tracing_await(t, "\"trace\":");
}

void tracing_await(const tracing *t, const char *text) {
    bool there = false;
    for (uint64_t end_ms = clock_now_ms() + WAIT_MS; !there; clock_sleep_ms(20)) {
        char *found = file_read(t->path, NULL);
        there = found != NULL && strstr(found, text) != NULL;
        if (!there && clock_now_ms() >= end_ms) {
            (void)fprintf(stderr, "\"%s\" has not come to:\n%s\n", text, found);
            exit(1);
        }
        free(found);
    }
}

static void finished(tracing *t) {
    process_free(t->ctl);
    t->ctl = NULL;
    t->output = file_read(t->path, NULL);
    CHECK(t->output != NULL);
    t->next = t->output;
}

void tracing_finish(tracing *t, int exit_code) {
    int code = -1;
    CHECK(process_wait(t->ctl, WAIT_MS, &code));
    finished(t);
    if (code != exit_code) {
        (void)fprintf(stderr, "it has printed:\n%s\n", t->output);
    }
    CHECK_INT(code, exit_code);
}

void tracing_kill(tracing *t) {
    process_kill(t->ctl);
    finished(t);
}

const char *tracing_next(tracing *t) {
    char *line = t->next;
    if (*line == '\0') {
        return NULL;
    }
    size_t size = strcspn(line, "\n");
    t->next += size + (line[size] == '\n');
    line[size] = '\0';
    size -= size > 0 && line[size - 1] == '\r';
    line[size] = '\0';
    return line;
}

const char *tracing_expect(tracing *t, const char *parts) {
    char part[512];
    const char *line = tracing_next(t);
    for (const char *at = parts; *at != '\0';) {
        size_t size = strcspn(at, "|");
        (void)snprintf(part, sizeof part, "%.*s", (int)size, at);
        if (line == NULL || strstr(line, part) == NULL) {
            (void)fprintf(stderr, "\"%s\" is not in:\n%s\nafter which come:\n%s\n", part,
                          line != NULL ? line : "(no line)", t->next);
            exit(1);
        }
        at += size + (at[size] == '|');
    }
    return line;
}

int64_t tracing_number(const char *line, const char *key) {
    char text[64];
    (void)snprintf(text, sizeof text, "\"%s\":", key);
    const char *at = strstr(line, text);
    return at != NULL ? strtoll(at + strlen(text), NULL, 10) : -1;
}

void tracing_free(tracing *t) {
    if (t->ctl != NULL) {
        process_free(t->ctl);
    }
    free(t->output);
}
