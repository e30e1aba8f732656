/* session_report.c: see session_report.h. */
#include "admin/session_report.h"

#include "admin/listing.h"
#include "base/text.h"
#include "session/label.h"

#include <stdio.h>
#include <string.h>

typedef enum column {
    COLUMN_ID,
    COLUMN_TYPE,
    COLUMN_LISTENER,
    COLUMN_PEER,
    COLUMN_LABEL,
    COLUMN_STATE,
    COLUMN_AGE,
    COLUMN_QUEUE,
    COLUMN_ROOM,
    COLUMNS
} column;

static const char *const columns[COLUMNS + 1] = {"id",    "type", "listener", "peer", "label",
                                                 "state", "age",  "queue",    "room", NULL};

/* What is shown of a session. */
typedef struct row {
    uint64_t id;
    session_view view;
    uint64_t age_s;
    const char *type;
    const char *listener;
    char peer[OS_ADDRESS_TEXT];
    char label[PORTICO_LABEL_MAX];
} row;

static void look(row *r, session *s) {
    r->id = s->base.id;
    r->view = session_look(s);
    r->age_s = (os_monotonic_ms() - s->opened_ms) / 1000;
    r->type = s->service->type->name;
    r->listener = s->service->config->name;
    os_address_format(&r->view.peer, r->peer);
    label_get(s, r->label);
}

static void add_json(json *j, const char *key, const row *r) {
    json_begin(j, key, '{');
    json_id(j, "id", r->id);
    json_text(j, "type", r->type);
    json_text(j, "listener", r->listener);
    json_text(j, "peer", r->peer);
    json_text(j, "label", r->label[0] != '\0' ? r->label : NULL);
    json_text(j, "state", session_state_name(r->view.state));
    json_number(j, "queued_bytes", r->view.queued_bytes);
    json_number(j, "messages", r->view.messages);
    json_number(j, "age_s", (int64_t)r->age_s);
    if (r->view.room != 0) {
        json_id(j, "room", r->view.room);
    } else {
        json_text(j, "room", NULL);
    }
    json_end(j, '}');
}

static void add_line(lines *to, const row *r) {
    char label[PORTICO_LABEL_MAX];
    memcpy(label, r->label, sizeof label);
    text_make_word(label); /* a label with blanks could pass for the columns after it */
    lines_add(to, "%llu %s %s %s %s %s %llu queued_bytes %u messages %u room %llu",
              (unsigned long long)r->id, r->type, r->listener, r->peer,
              label[0] != '\0' ? label : "-", session_state_name(r->view.state),
              (unsigned long long)r->age_s, r->view.queued_bytes, r->view.messages,
              (unsigned long long)r->view.room);
}

void report_session(lines *to, const char *key, session *s) {
    json *j = lines_object(to);
    row r;
    look(&r, s);
    if (j != NULL) {
        add_json(j, key, &r);
    } else {
        add_line(to, &r);
    }
}

static void add_row(void *arg, session *s) {
    listing *l = arg;
    char all[512];
    row r;
    if (l->only_ids) {
        listing_add(l, s->base.id, 0, "");
        return;
    }
    look(&r, s);
    snprintf(all, sizeof all, "%llu %s %s %s %s %s %llu", (unsigned long long)r.id, r.type,
             r.listener, r.peer, r.label, session_state_name(r.view.state),
             (unsigned long long)r.view.room);
    if (!listing_matches(l, all)) {
        return;
    }
    switch ((column)l->column) {
    case COLUMN_TYPE: listing_add(l, r.id, 0, r.type); break;
    case COLUMN_LISTENER: listing_add(l, r.id, 0, r.listener); break;
    case COLUMN_PEER: listing_add(l, r.id, 0, r.peer); break;
    case COLUMN_LABEL: listing_add(l, r.id, 0, r.label); break;
    case COLUMN_STATE: listing_add(l, r.id, 0, session_state_name(r.view.state)); break;
    case COLUMN_AGE: listing_add(l, r.id, r.age_s, ""); break;
    case COLUMN_QUEUE: listing_add(l, r.id, r.view.queued_bytes, ""); break;
    case COLUMN_ROOM: listing_add(l, r.id, r.view.room, ""); break;
    case COLUMN_ID:
    case COLUMNS: listing_add(l, r.id, 0, ""); break;
    }
}

static void add_all(listing *l) {
    sessions_each(add_row, l);
}

static void show(lines *to, uint64_t id) {
    session *s = session_find(id);
    if (s != NULL) {
        report_session(to, NULL, s);
        session_release(s);
    }
}

void report_sessions(lines *to, const char *argument) {
    static const listing_kind kind = {"sessions", columns, add_all, show};
    listing_answer(to, argument, &kind);
}
