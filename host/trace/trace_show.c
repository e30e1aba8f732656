/* trace_show.c: see trace_show.h. */
#include "trace/trace_show.h"

#include "base/status.h"
#include "module/packet_json.h"
#include "module/packet_show.h"

#include <string.h>

const char *trace_word(trace_what what) {
    static const char *const words[] = {
#define TRACE_WORD(what, word) word,
        TRACE_LIST(TRACE_WORD)
#undef TRACE_WORD
    };
    return words[what];
}

static bool is_packet(trace_what what) {
    return what == TRACE_IN || what == TRACE_OUT || what == TRACE_BROADCAST ||
           what == TRACE_REJECTED;
}

static bool is_message(trace_what what) {
    return what == TRACE_MESSAGE || what == TRACE_TIMER;
}

static bool has_status(trace_what what) {
    return what == TRACE_CLOSE || what == TRACE_LEAVE || what == TRACE_REFUSED;
}

static const packet_layout *layout_of(const trace_record *r) {
    return r->row != NULL && r->kept == r->size ? r->row->layout : NULL;
}

static uint64_t since_us(const trace_record *r, uint64_t began_ns) {
    return r->at_ns > began_ns ? (r->at_ns - began_ns) / 1000 : 0;
}

/* ---- in words -------------------------------------------------------------------------------- */

static void put_id(put *p, const char *word, uint64_t id) {
    if (id != 0) {
        put_text(p, word);
        put_number(p, id);
    }
}

static void put_payload(put *p, const trace_record *r) {
    const packet_layout *l = layout_of(r);
    if (r->kept > 0) {
        put_text(p, ": ");
        if (l != NULL) {
            packet_show(p, l, r->payload, r->size);
        } else {
            packet_show_bytes(p, r->payload, r->kept);
        }
    }
}

static void put_number_and_name(put *p, const trace_record *r) {
    put_text(p, is_message(r->what) ? ": message " : ": opcode ");
    put_number(p, r->number);
    if (r->row != NULL && r->row->name[0] != '\0') {
        put_text(p, " ");
        put_foreign(p, r->row->name, strlen(r->row->name));
    }
    put_text(p, ", ");
    put_number(p, r->size);
    put_text(p, r->size == 1 ? " byte" : " bytes");
    put_id(p, ", asked by ", r->from);
    put_id(p, ", receivers: ", r->count);
}

static void put_details(put *p, const trace_record *r) {
    if (is_packet(r->what) || is_message(r->what)) {
        put_number_and_name(p, r);
    } else if (r->what == TRACE_FAULT) {
        put_text(p, ": ");
        put_text(p, r->word);
        put_id(p, " ", r->number);
    }
    if (r->what == TRACE_REJECTED) {
        put_text(p, ", ");
        put_text(p, r->word);
    }
    if (has_status(r->what)) {
        put_text(p, ": ");
        put_text(p, status_text(r->status));
    }
    if (r->generation != NULL) {
        put_text(p, ", ");
        put_text(p, r->generation->name);
        put_id(p, " generation ", r->generation->number);
    }
    put_id(p, ", by ", r->by);
}

void trace_show(put *p, const trace_record *r, uint64_t began_ns, bool payload) {
    uint64_t us = since_us(r, began_ns);
    char part[8];
    (void)snprintf(part, sizeof part, ".%06u", (unsigned)(us % 1000000));
    put_text(p, "+");
    put_number(p, us / 1000000);
    put_text(p, part);
    put_id(p, " turn ", r->turn);
    put_text(p, " ");
    put_text(p, trace_word(r->what));
    put_id(p, " session ", r->session);
    put_id(p, " room ", r->room);
    put_details(p, r);
    if (payload) {
        put_payload(p, r);
    }
}

/* ---- as JSON --------------------------------------------------------------------------------- */

/* None is no member. */
static void id_member(json *j, const char *key, uint64_t id) {
    if (id != 0) {
        json_id(j, key, id);
    }
}

static void json_payload(json *j, const trace_record *r, bool in_words) {
    const packet_layout *l = layout_of(r);
    if (in_words) {
        char text[TRACE_TEXT_MAX];
        put p = put_begin(text, sizeof text);
        put_payload(&p, r);
        json_text(j, "text", r->kept > 0 ? text + 2 : text);
    } else if (l == NULL || !packet_json(j, "fields", l, r->payload, r->size)) {
        packet_json_bytes(j, "bytes", r->payload, r->kept);
    }
}

static void json_details(json *j, const trace_record *r) {
    if (is_packet(r->what) || is_message(r->what)) {
        json_number(j, is_message(r->what) ? "message" : "opcode", r->number);
        if (r->row != NULL && r->row->name[0] != '\0') {
            json_text(j, "name", r->row->name);
        }
        json_number(j, "size", r->size);
        id_member(j, "from", r->from);
    }
    if (r->what == TRACE_BROADCAST) {
        json_number(j, "receivers", r->count);
    }
    if (r->what == TRACE_FAULT) {
        json_text(j, "handler", r->word);
        json_number(j, "number", r->number);
    } else if (r->word != NULL) {
        json_text(j, "why", r->word);
    }
    if (has_status(r->what)) {
        json_text(j, "status", status_name(r->status));
    }
    if (r->generation != NULL) {
        json_text(j, "module", r->generation->name);
        json_number(j, "generation", r->generation->number);
    }
}

static void json_event(json *j, const trace_record *r, uint64_t began_ns, bool payload,
                       bool in_words) {
    json_begin(j, NULL, '{');
    json_number(j, "us", (int64_t)since_us(r, began_ns));
    if (r->turn != 0) {
        json_number(j, "turn", r->turn);
    }
    json_text(j, "event", trace_word(r->what));
    id_member(j, "session", r->session);
    id_member(j, "room", r->room);
    id_member(j, "by", r->by);
    json_details(j, r);
    if (payload && (is_packet(r->what) || is_message(r->what))) {
        json_payload(j, r, in_words);
    }
    json_end(j, '}');
}

static void measure(void *arg, const char *bytes, size_t size) {
    (void)bytes;
    *(size_t *)arg += size;
}

void trace_show_json(json *j, const trace_record *r, uint64_t began_ns, bool payload) {
    size_t size = 0;
    if (r->kept > 0) { /* nothing else makes it long */
        json measured = {.write = measure, .arg = &size, .flat = true};
        json_event(&measured, r, began_ns, payload, false);
    }
    json_event(j, r, began_ns, payload, size > TRACE_JSON_MAX);
}
