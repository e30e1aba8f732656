/* fault_text.c: see fault_text.h. */
#include "module/fault_text.h"

#include "base/text.h"

#include <string.h>

enum { LABEL = 12, NULL_PAGE = 4096 };

/* ---- the headline --------------------------------------------------------------------------- */

static void put_kind(put *p, const os_fault *f) {
    const char *verb = f->access == 'r'   ? "reads"
                       : f->access == 'w' ? "writes to"
                       : f->access == 'x' ? "executes"
                                          : "uses";
    put_text(p, os_fault_word(f->kind));
    if (f->kind == OS_FAULT_MEMORY) {
        put_text(p, f->address < NULL_PAGE ? " (NULL: it " : " (it ");
        put_text(p, verb);
        put_text(p, " 0x");
        put_hex(p, f->address, 1);
        put_text(p, ")");
    }
}

static void put_call(put *p, const fault_record *r) {
    put_text(p, r->what != NULL ? r->what : "job");
    if (r->has_number) {
        put_text(p, " ");
        put_number(p, r->number);
    }
    if (r->name[0] != '\0') {
        put_text(p, " (");
        put_text(p, r->name);
        put_text(p, ")");
    }
}

static void put_module(put *p, const fault_record *r) {
    put_text(p, r->module);
    if (r->version[0] != '\0') {
        put_text(p, " ");
        put_text(p, r->version);
    }
    if (r->generation != 0) {
        put_text(p, ", generation ");
        put_number(p, r->generation);
    }
}

void fault_headline(put *p, const fault_record *r) {
    bool slow = fault_is_slow(r->event);
    if (!slow) {
        put_kind(p, &r->fault);
        put_text(p, r->module[0] == '\0' ? " outside of a module's calls" : " in ");
    }
    if (r->module[0] != '\0') {
        put_call(p, r);
        put_text(p, " of ");
        put_module(p, r);
    }
    if (slow) {
        put_text(p, " still runs after ");
        fault_put_count(p, r->slow_ms);
        put_text(p, " ms");
    }
}

void fault_put_count(put *p, uint64_t count) {
    char digits[24];
    put inner = put_begin(digits, sizeof digits);
    put_number(&inner, count);
    for (size_t i = 0; i < inner.used; i++) {
        char one[] = {digits[i], '\0'};
        put_text(p, i > 0 && (inner.used - i) % 3 == 0 ? "," : "");
        put_text(p, one);
    }
}

const char *fault_verdict_word(fault_verdict verdict) {
    static const char *const words[FAULT_VERDICTS] = {
        [FAULT_DROPPED] = "dropped",         [FAULT_CLOSED] = "session closed",
        [FAULT_PASSED_OVER] = "passed over", [FAULT_REFUSED] = "refused",
        [FAULT_ROLLED_BACK] = "rolled back", [FAULT_FROZEN] = "frozen",
        [FAULT_ENDED] = "process ended",
    };
    return words[verdict];
}

/* ---- the lines of the report ----------------------------------------------------------------- */

static void label(put *p, const char *word) {
    put_text(p, "  ");
    put_text(p, word);
    put_column(p, LABEL);
}

static void line(put *p, const char *word, const char *text) {
    label(p, word);
    put_text(p, text);
    put_text(p, "\n");
}

/* Why a fault was not contained: call.c decides by the same, in this order. */
static const char *why_ended(const fault_record *r) {
    const os_fault *f = &r->fault;
    if (f->kind == OS_FAULT_DAMAGE) {
        return "memory is damaged, and nobody knows what else is";
    }
    if (!f->in_guard || r->module[0] == '\0') {
        return f->in_host ? "it is a fault of the host itself"
                          : "it is not in a call of the host: perhaps on a thread that a module "
                            "has started";
    }
    if (r->aborts) {
        return "on_fault = abort";
    }
    if (f->in_allocator) {
        return "it is inside malloc or free, whose heap may be half changed";
    }
    return f->in_host ? "it is in a function of the host, which may hold a lock"
                      : "it is in another library's code, which may hold a lock";
}

static const char *advice(const fault_record *r) {
    static const char *const advices[FAULT_VERDICTS] = {
        [FAULT_DROPPED] = "fix it and rebuild: the next build continues with everybody's state",
        [FAULT_CLOSED] = "fix it and rebuild: the next build continues with everybody's state",
        [FAULT_PASSED_OVER] = "fix it before the next swap; after a fault in stop the library "
                              "stays in memory until the host ends",
        [FAULT_REFUSED] = "fix it and rebuild; what served before still serves",
        [FAULT_ROLLED_BACK] = "fix it and rebuild: this build is not taken again until its file "
                              "changes",
        [FAULT_FROZEN] = "fix it and rebuild: the next build continues where this one stopped; "
                         "`portico ctl thaw` lets this one try again",
        [FAULT_ENDED] = "the core file or minidump, if there is one, shows all threads",
    };
    if (r->event == FAULT_EVENT_LATE && r->what == NULL) {
        return "see whether it still makes progress: a job may take long";
    }
    if (r->event == FAULT_EVENT_LATE) {
        return "move what waits or takes long to a job (run_job)";
    }
    if (r->event == FAULT_EVENT_HANGS) {
        return "nothing can be done from here; if it never returns, restart the host";
    }
    if (r->event == FAULT_EVENT_STUCK) {
        return "have it return: a host that stops waits for its calls";
    }
    return advices[r->verdict];
}

/* The effect of the verdict on the call's entity, where the general sentence is not about it. */
static const char *decision(const fault_record *r) {
    static const char *const sentences[FAULT_VERDICTS] = {
#define SENTENCE(verdict, sentence) (sentence),
        FAULT_VERDICT_LIST(SENTENCE)
#undef SENTENCE
    };
    bool alone = r->verdict == FAULT_DROPPED || r->verdict == FAULT_CLOSED;
    switch (alone ? r->kind : CALL_KINDS) {
    case CALL_CLOSE:
    case CALL_ROOM_CLOSE:
    case CALL_LEAVE: return sentences[FAULT_PASSED_OVER];
    case CALL_JOIN: return "the session is not let into the room, everybody stays connected";
    case CALL_ROOM_OPEN: return "the room closes, everybody stays connected";
    case CALL_MIGRATE: return "the session or room closes, everybody else stays connected";
    default: return sentences[r->verdict];
    }
}

static void put_decision(put *p, const fault_record *r) {
    if (r->event == FAULT_EVENT_LATE) {
        line(p, "decided", "nothing: it may still return");
        return;
    }
    if (r->event == FAULT_EVENT_HANGS) {
        line(p, "decided",
             "it exceeds hang_ms, but is not in its module's own code, so it is not "
             "ended now");
        return;
    }
    if (r->event == FAULT_EVENT_STUCK) {
        line(p, "decided", "the process ends: it was to stop, and this call has not returned");
        return;
    }
    label(p, "decided");
    put_text(p, decision(r));
    if (r->event == FAULT_EVENT_ENDS) {
        put_text(p, ", because ");
        put_text(p, why_ended(r));
    }
    put_text(p, "\n");
}

static void put_states(put *p, const fault_record *r) {
    if (r->restored > 0) {
        label(p, "restored");
        put_number(p, r->restored);
        put_text(p, r->restored == 1 ? " state is what it was before the call\n"
                                     : " states are what they were before the call\n");
    }
    if (r->lost || r->lost_room) {
        bool closes = strcmp(r->entity_what, "entity") != 0; /* a module continues */
        label(p, "lost");
        put_text(p, "a state of ");
        fault_put_count(p, r->lost_bytes);
        put_text(p, " bytes was too large to be restored and may be half changed");
        put_text(p, r->lost && closes ? ", so the " : "");
        put_text(p, r->lost && closes ? r->entity_what : "");
        put_text(p, r->lost && closes ? " closes" : "");
        put_text(p, r->lost_room ? ", so the room closes" : "");
        put_text(p, "\n");
    }
}

static void put_time(put *p, const char *before, uint64_t wall_ms) {
    char time[TEXT_TIME];
    if (wall_ms != 0) {
        text_time(wall_ms, 'T', time);
        put_text(p, before);
        put_text(p, time);
    }
}

static void put_build(put *p, const fault_record *r) {
    os_place image = {0};
    label(p, "module");
    put_module(p, r);
    if (r->image_begin != 0) {
        os_place_quick(r->image_begin, &image);
    }
    if (image.build_id[0] != '\0') {
        put_text(p, ", build id ");
        put_text(p, image.build_id);
    }
    if (r->since_ms != 0) {
        put_time(p, ", serves since ", r->since_ms);
    } else {
        put_text(p, ", does not serve yet");
    }
    put_text(p, "\n");
    if (r->file[0] != '\0') {
        label(p, "file");
        put_text(p, r->file);
        put_time(p, ", built ", r->built_ms);
        put_text(p, "\n");
    }
}

static void put_entity(put *p, const fault_record *r) {
    label(p, "call");
    put_call(p, r);
    if (r->entity != 0) {
        put_text(p, " of ");
        put_text(p, r->entity_what);
        put_text(p, " ");
        put_number(p, r->entity);
    }
    if (r->type[0] != '\0') {
        put_text(p, ", type ");
        put_text(p, r->type);
    }
    if (r->member != 0) {
        put_text(p, ", member ");
        put_number(p, r->member);
    }
    if (r->peer[0] != '\0') {
        put_text(p, ", peer ");
        put_text(p, r->peer);
    }
    put_text(p, "\n");
}

static void put_data(put *p, const fault_record *r) {
    if (r->data_what != NULL) {
        label(p, r->data_what);
        fault_put_count(p, r->data_size);
        put_text(p, r->data_size == 1 ? " byte" : " bytes");
        put_text(p, r->data[0] != '\0' ? ": " : "");
        put_text(p, r->data);
        put_text(p, "\n");
    }
}

static void put_calls(put *p, const fault_record *r) {
    if (r->call_count > 0) {
        put_text(p, "  last calls of the module, the latest first\n");
    }
    for (uint32_t i = 0; i < r->call_count; i++) {
        const watchdog_call *c = &r->calls[i];
        uint64_t before_ns = r->now_ns > c->started_ns ? r->now_ns - c->started_ns : 0;
        put_column(p, 5);
        put_text(p, c->what != NULL ? c->what : "job");
        put_text(p, " ");
        put_number(p, c->number);
        if (c->entity != 0) {
            put_text(p, " of ");
            put_number(p, c->entity);
        }
        put_text(p, ", thread ");
        put_number(p, c->thread);
        put_text(p, ", ");
        bool long_ago = before_ns >= 1000000000;
        put_real(p, (double)before_ns / (long_ago ? 1e9 : 1e6), 3);
        put_text(p, long_ago ? " s before\n" : " ms before\n");
    }
}

static void put_where(put *p, const fault_record *r, const os_place *places) {
    if (r->has_fault && r->fault.frame_count > 0) {
        label(p, "at");
        fault_place(p, &places[fault_record_frame(r)]);
        put_text(p, "\n");
    }
    if (r->fault.text[0] != '\0') {
        label(p, "says");
        put_foreign(p, r->fault.text, strnlen(r->fault.text, sizeof r->fault.text));
        put_text(p, "\n");
    }
}

void fault_text(put *p, const fault_record *r, const os_place *places, const char *path) {
    fault_headline(p, r);
    put_text(p, "\n");
    put_where(p, r, places);
    put_decision(p, r);
    put_states(p, r);
    line(p, "to do", advice(r));
    if (r->module[0] != '\0') {
        put_entity(p, r);
        put_data(p, r);
        put_build(p, r);
    }
    if (path[0] != '\0') {
        line(p, "report", path);
    }
    if (r->has_fault) {
        fault_backtrace(p, &r->fault, places);
    }
    if (r->event != FAULT_EVENT_LATE) {
        put_calls(p, r);
    }
}
