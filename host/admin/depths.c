/* depths.c: see depths.h. */
#include "admin/depths.h"

#include "admin/lines.h"
#include "module/blocking.h"
#include "module/mailbox.h"
#include "room/room.h"
#include "session/session.h"

#include <stdio.h>
#include <string.h>

/* True: `count` is the largest so far, and its place is to be named. */
static bool add(depth_view *view, uint64_t count) {
    bool most = count > view->most;
    view->sum += count;
    view->most = most ? count : view->most;
    return most;
}

static void add_session(void *arg, session *s) {
    depth_view *views = arg;
    session_view seen = session_look(s);
    if (add(&views[DEPTH_session_messages], seen.messages)) {
        snprintf(views[DEPTH_session_messages].name, DEPTH_NAME_MAX, "%llu",
                 (unsigned long long)s->base.id);
    }
    if (add(&views[DEPTH_send_queue_bytes], seen.queued_bytes)) {
        snprintf(views[DEPTH_send_queue_bytes].name, DEPTH_NAME_MAX, "%llu",
                 (unsigned long long)s->base.id);
    }
}

static void add_room(void *arg, room *r) {
    depth_view *view = arg;
    if (add(view, strand_count(room_strand(r)))) {
        portico_room_info info;
        room_describe(r, &info);
        snprintf(view->name, sizeof view->name, "%s %s", info.type, info.name);
    }
}

static void add_module(void *arg, const char *name, uint32_t waiting) {
    depth_view *view = arg;
    if (add(view, waiting)) {
        snprintf(view->name, sizeof view->name, "%s", name);
    }
}

static void depths_look(depth_view views[DEPTH_COUNT]) {
    memset(views, 0, DEPTH_COUNT * sizeof views[0]);
    sessions_each(add_session, views);
    rooms_each(add_room, &views[DEPTH_room_works]);
    mailboxes_each(add_module, &views[DEPTH_module_messages]);
    (void)add(&views[DEPTH_blocking_queued], blocking_waiting());
}

const char *depth_name(depth what) {
    static const char *const names[DEPTH_COUNT] = {
#define DEPTHS_NAME(what) #what,
        DEPTHS_LIST(DEPTHS_NAME)
#undef DEPTHS_NAME
    };
    return names[what];
}

static void add_json(json *j, const depth_view views[DEPTH_COUNT]) {
    json_begin(j, "queues", '[');
    for (int i = 0; i < DEPTH_COUNT; i++) {
        json_begin(j, NULL, '{');
        json_text(j, "name", depth_name((depth)i));
        json_number(j, "sum", (int64_t)views[i].sum);
        json_number(j, "most", (int64_t)views[i].most);
        json_text(j, "where", views[i].name[0] != '\0' ? views[i].name : NULL);
        json_end(j, '}');
    }
    json_end(j, ']');
}

void depths_add(lines *to) {
    depth_view views[DEPTH_COUNT];
    json *j = lines_object(to);
    depths_look(views);
    if (j != NULL) {
        add_json(j, views);
        return;
    }
    for (int i = 0; i < DEPTH_COUNT; i++) {
        const depth_view *v = &views[i];
        lines_add(to, "queue %s %llu most %llu %s", depth_name((depth)i),
                  (unsigned long long)v->sum, (unsigned long long)v->most,
                  v->name[0] != '\0' ? v->name : "-");
    }
}
