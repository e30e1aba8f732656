/* live.c: see live.h. */
#include "admin/http/live.h"

#include "admin/execute.h"
#include "base/text.h"
#include "wire/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t lives; /* now */

live *live_create(const char *who) {
    live *l = lives < LIVES_MAX ? calloc(1, sizeof *l) : NULL;
    if (l != NULL) {
        lives++;
        (void)snprintf(l->who, sizeof l->who, "%s", who);
    }
    return l;
}

static void run_free(live_run *run) {
    free(run->command);
    *run = (live_run){0};
}

void live_destroy(live *l) {
    if (l == NULL) {
        return;
    }
    for (size_t i = 0; i < LIVE_RUNS_MAX; i++) {
        if (l->runs[i].job != NULL) {
            job_abandon(l->runs[i].job);
        }
        run_free(&l->runs[i]);
    }
    watches_free(&l->watches);
    live_traces_free(&l->traces);
    free(l);
    lives--;
}

/* ---- frames ---------------------------------------------------------------------------------- */

/* Makes a message of the answer, which it frees, and that a frame. */
static void frame_answer(const char *command, lines *answer, lines *out) {
    uint8_t head[WEBSOCKET_HEADER_MAX];
    lines message = {0};
    json text = {.write = lines_write, .arg = &message, .flat = true};
    lines_bytes(&message, "{\"command\":", 11);
    json_text(&text, NULL, command);
    if (answer->status == PORTICO_OK) {
        lines_bytes(&message, ",\"ok\":true,\"answer\":", 20);
    } else {
        lines_bytes(&message, ",\"ok\":false,\"answer\":", 21);
    }
    lines_bytes(&message, answer->text, answer->size);
    lines_bytes(&message, "}", 1);
    lines_bytes(out, (const char *)head, websocket_write_text_head(head, (uint32_t)message.size));
    lines_bytes(out, message.text, message.size);
    out->failed = out->failed || message.failed || answer->failed;
    lines_free(&message);
    lines_free(answer);
}

static void frame_refusal(const char *command, portico_status status, const char *why, lines *out) {
    lines answer = {.as_json = true, .bare = true};
    lines_end(&answer, status, why);
    frame_answer(command, &answer, out);
}

void live_end(live *l, uint16_t code, const char *why) {
    if (!l->closing) {
        l->closing = true;
        l->control_size = websocket_write_close(l->control, NULL, code, why);
    }
}

static void on_control(void *arg, websocket_opcode opcode, const uint8_t *payload, uint32_t size) {
    live *l = arg;
    if (opcode == WEBSOCKET_PING && !l->closing) { /* of several, the last one counts */
        l->control_size = websocket_write_control(l->control, NULL, WEBSOCKET_PONG, payload, size);
    }
}

void live_take(live *l, uint8_t *bytes, uint32_t *size, uint32_t fresh) {
    const char *why = NULL;
    uint16_t code =
        websocket_take(&l->ws, bytes, size, fresh, LIVE_MESSAGE_MAX, on_control, l, &why);
    if (code != 0) {
        live_end(l, code, why);
    }
}

/* ---- messages -------------------------------------------------------------------------------- */

static live_run *free_run(live *l) {
    for (size_t i = 0; i < LIVE_RUNS_MAX; i++) {
        if (l->runs[i].job == NULL) {
            return &l->runs[i];
        }
    }
    return NULL;
}

/* True: `out` has its answer. */
static bool run_command(live *l, const char *command, lines *out) {
    bool waits = false;
    trace_follow *follow = NULL;
    live_run *run = free_run(l);
    lines answer = {.as_json = true, .bare = true};
    if (live_traces_have(&l->traces, command)) {
        frame_refusal(command, PORTICO_E_EXISTS, "this trace runs: unwatch it first", out);
        return true;
    }
    run->command = text_copy(command, strlen(command));
    if (run->command == NULL) {
        frame_refusal(command, PORTICO_E_NO_MEMORY, "", out);
        return true;
    }
    if (!execute(command, l->who, &answer, &run->job, &waits, &follow)) {
        return false;
    }
    if (follow != NULL) {
        live_traces_add(&l->traces, follow, run->command);
        run->command = NULL;
    }
    run_free(run);
    frame_answer(command, &answer, out);
    return true;
}

/* Reads "MS COMMAND". NULL: it is not that. */
static const char *read_watch(const char *text, uint64_t *every_ms) {
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 6 || text[digits] != ' ') {
        return NULL;
    }
    *every_ms = strtoull(text, NULL, 10);
    return text + digits + 1;
}

static bool begin_watch(live *l, const char *text, uint64_t now_ms, lines *out) {
    char why[WATCH_WHY_MAX] = "usage: watch MS COMMAND";
    uint64_t every_ms = 0;
    const char *command = read_watch(text, &every_ms);
    portico_status status = PORTICO_E_INVALID;
    if (command != NULL) {
        status = watches_add(&l->watches, command, every_ms, now_ms, why);
    }
    if (status != PORTICO_OK) {
        frame_refusal(command != NULL ? command : text, status, why, out);
    }
    return status != PORTICO_OK;
}

/* The rest of the text after the word; NULL: it does not begin with that. */
static const char *after(const char *text, const char *word) {
    size_t size = strlen(word);
    return strncmp(text, word, size) == 0 ? text + size : NULL;
}

/* Carries out a message. True: `out` has an answer. */
static bool run_message(live *l, const char *text, uint64_t now_ms, lines *out) {
    const char *rest = NULL;
    if ((rest = after(text, "watch ")) != NULL) {
        return begin_watch(l, rest, now_ms, out);
    }
    if ((rest = after(text, "unwatch ")) != NULL) {
        watches_remove(&l->watches, rest);
        live_traces_remove(&l->traces, rest);
        return false;
    }
    if ((rest = after(text, "run ")) != NULL) {
        return run_command(l, rest, out);
    }
    frame_refusal(text, PORTICO_E_INVALID,
                  "a message is watch MS COMMAND, unwatch COMMAND, or run COMMAND", out);
    return true;
}

static frame_result next_message(const uint8_t *bytes, uint32_t size, frame *f) {
    uint32_t scanned = 0;
    const char *why = NULL;
    return frame_parse(FRAME_WEBSOCKET, bytes, size, LIVE_MESSAGE_MAX, &scanned, f, &why);
}

/* Takes the next message to l->command. False: there is none, or its turn has not come. */
static bool take_message(live *l, uint8_t *bytes, uint32_t *size) {
    frame f;
    if (l->closing || free_run(l) == NULL || next_message(bytes, *size, &f) != FRAME_WHOLE) {
        return false;
    }
    bool text = bytes[0] == 0x41; /* see wire/frame.h */
    bool plain = text && text_is_plain((const char *)f.data, f.size);
    uint32_t used = plain ? f.size : 0;
    memcpy(l->command, f.data, used);
    l->command[used] = '\0';
    *size -= f.frame_bytes;
    memmove(bytes, bytes + f.frame_bytes, *size);
    if (!plain) {
        live_end(l, WEBSOCKET_POLICY, "a message is one line of text");
    }
    return plain;
}

/* ---- answers --------------------------------------------------------------------------------- */

static bool next_run(live *l, uint64_t now_ms, lines *out) {
    for (size_t i = 0; i < LIVE_RUNS_MAX; i++) {
        live_run *run = &l->runs[i];
        lines answer = {.as_json = true, .bare = true};
        if (run->job != NULL && job_take(run->job, now_ms, &answer)) {
            frame_answer(run->command, &answer, out);
            run_free(run);
            return true;
        }
    }
    return false;
}

/* True: the answer is to be sent, and is in `out`. Frees it. */
static bool send_news(watch *one, lines *answer, lines *out) {
    if (answer->failed || watch_has_news(one, answer->text, answer->size)) {
        frame_answer(one->command, answer, out);
        return true;
    }
    lines_free(answer);
    return false;
}

static bool next_watch(live *l, uint64_t now_ms, lines *out) {
    lines answer = {0};
    bool waits = false;
    admin_job *job = NULL;
    watch *one = NULL;
    while ((one = watches_take_answer(&l->watches, now_ms, &answer)) != NULL) {
        if (send_news(one, &answer, out)) {
            return true;
        }
    }
    while ((one = watches_take_due(&l->watches, now_ms)) != NULL) {
        answer = (lines){.as_json = true, .bare = true};
        bool at_once = execute(one->command, l->who, &answer, &job, &waits, NULL);
        watch_begun(one, job);
        if (at_once && send_news(one, &answer, out)) {
            return true;
        }
    }
    return false;
}

static bool next_events(live *l, uint64_t now_ms, lines *out) {
    lines answer = {.as_json = true, .bare = true};
    const char *command = live_traces_next(&l->traces, now_ms, &answer);
    if (command != NULL) {
        frame_answer(command, &answer, out);
        live_traces_sweep(&l->traces);
    }
    return command != NULL;
}

static bool next_reply(live *l, uint8_t *bytes, uint32_t *size, uint64_t now_ms, lines *out) {
    while (take_message(l, bytes, size)) {
        if (run_message(l, l->command, now_ms, out)) {
            return true;
        }
    }
    return false;
}

bool live_next(live *l, uint8_t *bytes, uint32_t *size, uint64_t now_ms, lines *out, bool *last) {
    *out = (lines){0};
    *last = false;
    bool watched = l->watched; /* then a message comes first */
    l->watched = false;
    if (l->control_size == 0) {
        if (next_run(l, now_ms, out) || (watched && next_reply(l, bytes, size, now_ms, out))) {
            return true;
        }
        l->watched = next_watch(l, now_ms, out) || next_events(l, now_ms, out);
        if (l->watched || next_reply(l, bytes, size, now_ms, out)) {
            return true;
        }
    }
    if (l->control_size == 0) {
        return false;
    }
    lines_bytes(out, (const char *)l->control, l->control_size);
    l->control_size = 0;
    *last = l->closing;
    return true;
}

bool live_wants_more(const live *l, const uint8_t *bytes, uint32_t size) {
    frame f;
    return !l->closing && next_message(bytes, size, &f) != FRAME_WHOLE;
}

uint64_t live_due_ms(const live *l) {
    uint64_t due_ms = watches_due_ms(&l->watches);
    uint64_t events_ms = live_traces_due_ms(&l->traces);
    due_ms = events_ms < due_ms ? events_ms : due_ms;
    for (size_t i = 0; i < LIVE_RUNS_MAX; i++) {
        uint64_t look_ms = job_look_ms();
        due_ms = l->runs[i].job != NULL && look_ms < due_ms ? look_ms : due_ms;
    }
    return due_ms;
}
