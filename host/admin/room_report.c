/* room_report.c: see room_report.h. */
#include "admin/room_report.h"

#include "admin/listing.h"
#include "base/text.h"
#include "session/label.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_SHOWN = 1000 };

typedef enum column {
    COLUMN_ID,
    COLUMN_TYPE,
    COLUMN_NAME,
    COLUMN_MEMBERS,
    COLUMN_AGE,
    COLUMN_MESSAGES,
    COLUMN_TICKS,
    COLUMN_WAITING,
    COLUMN_MODULE,
    COLUMNS
} column;

static const char *const columns[COLUMNS + 1] = {"id",       "type",  "name",    "members", "age",
                                                 "messages", "ticks", "waiting", "module",  NULL};

/* What is shown of a room. */
typedef struct row {
    uint64_t id;
    portico_room_info info;
    room_view view;
    uint64_t age_s;
    bool frozen;
} row;

static void look(row *r, room *of) {
    r->id = room_entity(of)->id;
    r->view = room_look(of);
    room_describe(of, &r->info);
    r->age_s = (os_monotonic_ms() - r->info.opened_ms) / 1000;
    r->frozen = gate_is_frozen(&r->view.module->gate);
}

static void add_json(json *j, const char *key, const row *r) {
    json_begin(j, key, '{');
    json_id(j, "id", r->id);
    json_text(j, "type", r->info.type);
    json_text(j, "name", r->info.name);
    json_number(j, "members", r->info.members);
    json_number(j, "max_members", r->info.max_members);
    json_number(j, "age_s", (int64_t)r->age_s);
    json_number(j, "messages_total", (int64_t)r->view.messages);
    json_number(j, "ticks_total", (int64_t)r->view.ticks);
    json_number(j, "waiting", r->view.waiting);
    json_text(j, "module", r->view.module->name);
    json_bool(j, "frozen", r->frozen);
    json_bool(j, "closing", r->info.closing);
    json_end(j, '}');
}

static void add_line(lines *to, const row *r) {
    lines_add(to,
              "%llu %s %s members %u max_members %u age_s %llu messages_total %llu ticks_total "
              "%llu waiting %u module %s%s%s",
              (unsigned long long)r->id, r->info.type, r->info.name, r->info.members,
              r->info.max_members, (unsigned long long)r->age_s,
              (unsigned long long)r->view.messages, (unsigned long long)r->view.ticks,
              r->view.waiting, r->view.module->name, r->frozen ? " frozen" : "",
              r->info.closing ? " closing" : "");
}

void report_room(lines *to, const char *key, room *of) {
    json *j = lines_object(to);
    row r;
    look(&r, of);
    if (j != NULL) {
        add_json(j, key, &r);
    } else {
        add_line(to, &r);
    }
}

/* ---- members --------------------------------------------------------------------------------- */

static void add_member(lines *to, uint64_t id) {
    json *j = lines_object(to);
    session *s = session_find(id);
    char label[PORTICO_LABEL_MAX] = "";
    const char *type = s != NULL ? s->service->type->name : "";
    if (s != NULL) {
        label_get(s, label);
    }
    if (j != NULL) {
        json_begin(j, NULL, '{');
        json_id(j, "id", id);
        json_text(j, "type", type);
        json_text(j, "label", label[0] != '\0' ? label : NULL);
        json_end(j, '}');
    } else {
        text_make_word(label);
        lines_add(to, "member %llu %s %s", (unsigned long long)id, type,
                  label[0] != '\0' ? label : "-");
    }
    if (s != NULL) {
        session_release(s);
    }
}

void report_members(lines *to, room *r) {
    json *j = lines_object(to);
    portico_session *members = malloc(MEMBERS_SHOWN * sizeof *members);
    uint32_t all = members != NULL ? room_members(r, members, MEMBERS_SHOWN) : 0;
    uint32_t shown = all < MEMBERS_SHOWN ? all : MEMBERS_SHOWN;
    lines_list(to, "members");
    for (uint32_t i = 0; i < shown; i++) {
        add_member(to, members[i].id);
    }
    lines_list_end(to);
    if (j != NULL) {
        json_number(j, "members_left_out", all - shown);
    } else if (all > shown) {
        lines_add(to, "and %u more members", all - shown);
    }
    free(members);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void add_row(void *arg, room *of) {
    listing *l = arg;
    char all[512];
    row r;
    if (l->only_ids) {
        listing_add(l, room_entity(of)->id, 0, "");
        return;
    }
    look(&r, of);
    snprintf(all, sizeof all, "%llu %s %s %s%s%s", (unsigned long long)r.id, r.info.type,
             r.info.name, r.view.module->name, r.frozen ? " frozen" : "",
             r.info.closing ? " closing" : "");
    if (!listing_matches(l, all)) {
        return;
    }
    switch ((column)l->column) {
    case COLUMN_TYPE: listing_add(l, r.id, 0, r.info.type); break;
    case COLUMN_NAME: listing_add(l, r.id, 0, r.info.name); break;
    case COLUMN_MEMBERS: listing_add(l, r.id, r.info.members, ""); break;
    case COLUMN_AGE: listing_add(l, r.id, r.age_s, ""); break;
    case COLUMN_MESSAGES: listing_add(l, r.id, r.view.messages, ""); break;
    case COLUMN_TICKS: listing_add(l, r.id, r.view.ticks, ""); break;
    case COLUMN_WAITING: listing_add(l, r.id, r.view.waiting, ""); break;
    case COLUMN_MODULE: listing_add(l, r.id, 0, r.view.module->name); break;
    case COLUMN_ID:
    case COLUMNS: listing_add(l, r.id, 0, ""); break;
    }
}

static void add_all(listing *l) {
    rooms_each(add_row, l);
}

static void show(lines *to, uint64_t id) {
    room *r = room_hold(id);
    if (r != NULL) {
        report_room(to, NULL, r);
        room_release(r);
    }
}

void report_rooms(lines *to, const char *argument) {
    static const listing_kind kind = {"rooms", columns, add_all, show};
    listing_answer(to, argument, &kind);
}
