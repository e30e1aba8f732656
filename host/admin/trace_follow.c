/* trace_follow.c: see trace_follow.h. */
#include "admin/trace_follow.h"

#include "admin/trace_options.h"
#include "base/log.h"
#include "base/text.h"
#include "room/room_type.h"
#include "session/session.h"
#include "trace/trace_show.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOOK_MS = 50,
    BATCH = 256,              /* events of one look ... */
    BATCH_BYTES = 256 * 1024, /* ... and bytes, of which the last event may use more */
    SUBJECT_TEXT = 2 * PORTICO_LABEL_MAX + 16
};

struct trace_follow {
    trace *trace;
    trace_spec spec;
    bool as_json;
    bool told; /* why it has ended */
    char subject[SUBJECT_TEXT];
    uint64_t until_ms;
    uint64_t look_ms;
    uint64_t events;          /* shown */
    uint64_t dropped_shown;   /* of those that were dropped */
    const char *const *ended; /* NULL: not yet; a row of `ends` */
};

/* How it may end, as JSON and in words. */
enum { END_COUNT, END_SECONDS, END_GONE, END_BYTES, END_STOP };
static const char *const ends[][2] = {
    [END_COUNT] = {"count", "its count is reached"},
    [END_SECONDS] = {"seconds", "its time is over"},
    [END_GONE] = {"gone", "what it follows has ended"},
    [END_BYTES] = {"bytes", "its answer is full"},
    [END_STOP] = {"stop", "the host stops"},
};

/* ---- JSON lines ------------------------------------------------------------------------------ */

static json json_line(lines *to) {
    lines_bytes(to, "| ", 2);
    return (json){.write = lines_write, .arg = to, .flat = true};
}

/* The last members of an object. */
static void end_members(const trace_follow *f, json *j) {
    json_number(j, "dropped", (int64_t)f->dropped_shown);
    json_text(j, "ended", f->ended != NULL ? f->ended[0] : NULL);
}

/* ---- the beginning --------------------------------------------------------------------------- */

static bool exists(const trace_spec *spec) {
    entity *e = NULL;
    switch (spec->kind) {
    case TRACE_SESSION: e = entity_find_kind(spec->id, ENTITY_SESSION); break;
    case TRACE_ROOM: e = entity_find_kind(spec->id, ENTITY_ROOM); break;
    case TRACE_TYPE:
        return session_type_find(spec->type) != NULL || room_type_find(spec->type) != NULL;
    }
    if (e != NULL) {
        entity_release(e);
    }
    return e != NULL;
}

static void refuse_subject(const trace_spec *spec, lines *answer) {
    if (spec->kind == TRACE_SESSION) {
        lines_end(answer, PORTICO_E_GONE, "no session has that id: see `sessions`");
    } else if (spec->kind == TRACE_ROOM) {
        lines_end(answer, PORTICO_E_GONE, "no room has that id");
    } else {
        lines_end(answer, PORTICO_E_NOT_FOUND,
                  "no type of sessions or rooms has that name; a name is MODULE.TYPE");
    }
}

static void name_subject(trace_follow *f) {
    if (f->spec.kind == TRACE_TYPE) {
        snprintf(f->subject, sizeof f->subject, "type %s", f->spec.type);
    } else {
        snprintf(f->subject, sizeof f->subject, "%s %llu",
                 f->spec.kind == TRACE_SESSION ? "session" : "room",
                 (unsigned long long)f->spec.id);
    }
}

static void begin_members(const trace_follow *f, json *j) {
    char began[TEXT_TIME];
    text_time(trace_began_wall_ms(f->trace), 'T', began);
    json_text(j, "trace", f->subject);
    json_text(j, "began", began);
    json_number(j, "count", f->spec.count);
    json_number(j, "seconds", f->spec.seconds);
    json_bool(j, "payload", f->spec.payload);
}

static void tell_begin(trace_follow *f, lines *answer) {
    if (answer->as_json && answer->bare) {
        begin_members(f, lines_object(answer));
        end_members(f, lines_object(answer));
        lines_end(answer, PORTICO_OK, "");
    } else if (answer->as_json) {
        answer->as_json = false; /* its lines are objects, and not an object its lines */
        f->as_json = true;
        json j = json_line(answer);
        json_begin(&j, NULL, '{');
        begin_members(f, &j);
        json_end(&j, '}');
    } else {
        char began[TEXT_TIME];
        text_time(trace_began_wall_ms(f->trace), 'T', began);
        lines_add(answer, "trace of %s since %s: ends after %u events or %u s", f->subject, began,
                  (unsigned)f->spec.count, (unsigned)f->spec.seconds);
    }
}

trace_follow *trace_follow_begin(const char *argument, lines *answer) {
    char why[COMMAND_WHY_MAX];
    trace_spec spec;
    if (!trace_options_parse(argument, &spec, why)) {
        lines_end(answer, PORTICO_E_INVALID, why);
        return NULL;
    }
    if (!exists(&spec)) {
        refuse_subject(&spec, answer);
        return NULL;
    }
    trace_follow *f = calloc(1, sizeof *f);
    trace *t = f != NULL ? trace_open(&spec) : NULL;
    if (t == NULL) {
        free(f);
        lines_end(answer, PORTICO_E_LIMIT,
                  "there are 4 traces, the most at a time, or there is no memory for another one: "
                  "end one first");
        return NULL;
    }
    f->trace = t;
    f->spec = spec;
    f->until_ms = os_monotonic_ms() + spec.seconds * 1000ull;
    name_subject(f);
    tell_begin(f, answer);
    return f;
}

/* ---- the events ------------------------------------------------------------------------------ */

/* As a member of an array, a JSON line or a line of text. */
static void show_event(const trace_follow *f, const trace_record *r, lines *to) {
    json *array = lines_object(to);
    if (array != NULL) {
        trace_show_json(array, r, trace_began_ns(f->trace), f->spec.payload);
    } else if (f->as_json) {
        json j = json_line(to);
        trace_show_json(&j, r, trace_began_ns(f->trace), f->spec.payload);
    } else {
        char text[TRACE_TEXT_MAX];
        put p = put_begin(text, sizeof text);
        trace_show(&p, r, trace_began_ns(f->trace), f->spec.payload);
        lines_add(to, "%s", text);
    }
}

/* Takes the next event, to be shown. NULL: there is none now. The caller ends with trace_took. */
static const trace_record *take(trace_follow *f) {
    const trace_record *r = f->events < f->spec.count ? trace_take(f->trace) : NULL;
    uint64_t until_ns = trace_began_ns(f->trace) + f->spec.seconds * 1000000000ull;
    if (r != NULL && r->at_ns >= until_ns) {
        return NULL;
    }
    f->events += r != NULL;
    return r;
}

/* Nothing more has been recorded: whether that is the end. `gone`: before that was looked at, what
 * it traces had ended. */
static void judge_end(trace_follow *f, uint64_t now_ms, bool gone) {
    if (f->events >= f->spec.count) {
        f->ended = ends[END_COUNT];
    } else if (gone) {
        f->ended = ends[END_GONE];
    } else if (now_ms >= f->until_ms) {
        f->ended = ends[END_SECONDS];
    }
}

/* How many events have been dropped and not yet been told. */
static uint64_t take_dropped(trace_follow *f) {
    uint64_t dropped = trace_dropped(f->trace);
    uint64_t more = dropped - f->dropped_shown;
    f->dropped_shown = dropped;
    return more;
}

static void tell_dropped(trace_follow *f, lines *to) {
    uint64_t more = take_dropped(f);
    if (more > 0 && f->as_json) {
        json j = json_line(to);
        json_begin(&j, NULL, '{');
        json_text(&j, "event", "dropped");
        json_number(&j, "count", (int64_t)more);
        json_end(&j, '}');
    } else if (more > 0) {
        lines_add(to, "dropped, because more happened than could be shown: %llu events",
                  (unsigned long long)more);
    }
}

static void log_end(const trace_follow *f) {
    log_info("admin", "the trace of %s has ended (%s): %llu events, %llu more were dropped",
             f->subject, f->ended != NULL ? f->ended[1] : "nobody follows it any more",
             (unsigned long long)f->events, (unsigned long long)trace_dropped(f->trace));
}

static void tell_end(trace_follow *f, lines *to) {
    if (f->as_json) {
        json j = json_line(to);
        json_begin(&j, NULL, '{');
        json_text(&j, "ended", f->ended[0]);
        json_number(&j, "events", (int64_t)f->events);
        json_number(&j, "dropped", (int64_t)f->dropped_shown);
        json_end(&j, '}');
    } else {
        lines_add(to, "the trace has ended, because %s: %llu events, %llu dropped", f->ended[1],
                  (unsigned long long)f->events, (unsigned long long)f->dropped_shown);
    }
    lines_end(to, PORTICO_OK, "");
}

/* Shows the event and those that follow it, until `to` has `most` bytes or has got BATCH events.
 * Returns whether there may be more now. */
static bool add_events(trace_follow *f, const trace_record *r, size_t most, lines *to) {
    uint32_t count = 0;
    while (r != NULL) {
        show_event(f, r, to);
        trace_took(f->trace);
        count++;
        if (count == BATCH || to->size >= most) {
            return true;
        }
        r = take(f);
    }
    return false;
}

bool trace_follow_look(trace_follow *f, uint64_t now_ms, lines *to) {
    if (f->told || now_ms < f->look_ms) {
        return false;
    }
    bool gone = !exists(&f->spec);
    size_t before = to->size;
    bool more = add_events(f, take(f), before + BATCH_BYTES, to);
    f->look_ms = more ? now_ms : now_ms + LOOK_MS;
    tell_dropped(f, to);
    if (!more || f->events >= f->spec.count) {
        judge_end(f, now_ms, gone);
    }
    if (f->ended != NULL) {
        f->told = true;
        tell_end(f, to);
    }
    return to->size > before;
}

bool trace_follow_answer(trace_follow *f, uint64_t now_ms, lines *answer) {
    if (f->told || now_ms < f->look_ms) {
        return false;
    }
    bool gone = !exists(&f->spec);
    const trace_record *r = take(f);
    uint64_t more = take_dropped(f);
    f->look_ms = now_ms + LOOK_MS;
    if (r == NULL) {
        judge_end(f, now_ms, gone);
    }
    if (r == NULL && more == 0 && f->ended == NULL) {
        return false;
    }
    lines_list(answer, "events");
    (void)add_events(f, r, BATCH_BYTES, answer);
    lines_list_end(answer);
    end_members(f, lines_object(answer));
    lines_end(answer, PORTICO_OK, "");
    f->told = f->ended != NULL;
    return true;
}

void trace_follow_gather_begin(const trace_follow *f, lines *answer) {
    begin_members(f, lines_object(answer));
    lines_list(answer, "events");
}

bool trace_follow_gather(trace_follow *f, uint64_t now_ms, bool stops, lines *answer) {
    if (!stops && now_ms < f->look_ms) {
        return false;
    }
    bool gone = !exists(&f->spec);
    size_t most = answer->size + BATCH_BYTES;
    bool more =
        add_events(f, take(f), most < TRACE_GATHER_BYTES ? most : TRACE_GATHER_BYTES, answer);
    (void)take_dropped(f);
    f->look_ms = more ? now_ms : now_ms + LOOK_MS;
    if (answer->size >= TRACE_GATHER_BYTES || answer->failed) {
        f->ended = ends[END_BYTES];
    } else if (!more || f->events >= f->spec.count) {
        judge_end(f, now_ms, gone);
    }
    if (f->ended == NULL && stops) {
        f->ended = ends[END_STOP];
    }
    if (f->ended == NULL) {
        return false;
    }
    lines_list_end(answer);
    end_members(f, lines_object(answer));
    lines_end(answer, PORTICO_OK, "");
    return true;
}

uint64_t trace_follow_due_ms(const trace_follow *f) {
    return f->look_ms;
}

bool trace_follow_ended(const trace_follow *f) {
    return f->told;
}

void trace_follow_end(trace_follow *f) {
    if (f != NULL) {
        log_end(f);
        trace_close(f->trace);
        free(f);
    }
}
