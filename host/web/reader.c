/* reader.c: see reader.h. */
#include "web/reader.h"

#include "base/executor.h"

#include <stdlib.h>

typedef struct asked {
    executor_task task;
    files *from; /* held */
    files_request request;
    reader_done done;
    uint64_t id;
} asked;

static void asked_free(asked *a) {
    files_release(a->from);
    free(a);
}

static void answer(executor_task *task) {
    asked *a = (asked *)task;
    a->done(a->id, files_answer(a->from, &a->request));
    asked_free(a);
}

static executor reader = {.name = "files", .run = answer};

bool reader_ask(files *from, const files_request *request, reader_done done, uint64_t id) {
    asked *a = malloc(sizeof *a);
    if (a == NULL) {
        return false;
    }
    *a = (asked){.from = files_hold(from), .request = *request, .done = done, .id = id};
    if (!executor_add(&reader, &a->task)) {
        asked_free(a);
        return false;
    }
    return true; /* cppcheck-suppress memleak ; the executor has it */
}

bool reader_stop(void) {
    bool stopped = executor_stop(&reader);
    executor_task *left = executor_take_all(&reader);
    while (left != NULL) { /* their sessions have ended */
        executor_task *next = left->next;
        asked_free((asked *)left);
        left = next;
    }
    return stopped;
}
