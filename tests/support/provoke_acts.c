/* provoke_acts.c: for each entry, what makes it fault once. See provoke_acts.h. */
#include "support/provoke_acts.h"

#include "support/faults.h"
#include "support/process.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>
#include <string.h>

enum { FRAME = 65536, FLOOD_BYTES = 48 << 10, TICK_MS = 2 };

/* ---- clients that do not end the test -------------------------------------------------------- */

static bool say(net_socket s, uint16_t opcode, const void *data, uint32_t size) {
    return s != NET_NONE && wire_send(s, WIRE_U16, opcode, data, size);
}

/* Reads to the frame with that opcode and of that size. */
static bool hear(net_socket s, uint16_t opcode, void *data, uint32_t size) {
    return s != NET_NONE && wire_wait(s, opcode, data, size) == size;
}

static bool ask(net_socket s, uint16_t opcode, const void *data, uint32_t size, void *answer,
                uint32_t answer_size) {
    return say(s, opcode, data, size) && hear(s, opcode, answer, answer_size);
}

static bool ask_status(net_socket s, uint16_t opcode, const char *text, int32_t *status) {
    return ask(s, opcode, text, (uint32_t)strlen(text), status, sizeof *status);
}

bool provoke_echoes(net_socket s) {
    uint32_t number = 5;
    faulty_echo echo = {0};
    return ask(s, FAULTY_ECHO, &number, sizeof number, &echo, sizeof echo) && echo.number == 5 &&
           echo.begun == echo.done;
}

void provoke_drop(net_socket *s) {
    if (*s != NET_NONE) {
        net_close(*s);
        *s = NET_NONE;
    }
}

bool provoke_greeted(provoker *p, net_socket *s) {
    uint32_t generation = 0;
    if (*s == NET_NONE) {
        *s = net_try_connect("127.0.0.1", host_port(p->host, "victims"));
        if (!hear(*s, FAULTY_HELLO, &generation, sizeof generation)) {
            provoke_drop(s);
        }
    }
    return *s != NET_NONE;
}

/* Whether the host closes the connection. Otherwise the fault has returned, and says so. */
static bool closed(provoker *p) {
    static uint8_t frame[FRAME];
    uint16_t opcode = 0;
    int64_t size = 0;
    do {
        size = wire_recv(p->victim, WIRE_U16, &opcode, frame, sizeof frame);
    } while (size >= 0 && opcode != FAULTY_SURVIVED);
    if (size < 0) {
        provoke_drop(&p->victim);
    }
    return size < 0;
}

/* ---- what the boss does ---------------------------------------------------------------------- */

static bool plan(provoker *p, uint32_t entry, uint32_t kind) {
    faulty_plan told = {entry, kind, 1};
    return ask(p->boss, FAULTY_PLAN, &told, sizeof told, &told, sizeof told);
}

bool provoke_show(net_socket s, uint32_t of, faulty_shown *shown) {
    return ask(s, FAULTY_SHOW, &of, sizeof of, shown, sizeof *shown);
}

static bool is_whole(net_socket s, uint32_t of) {
    faulty_shown shown = {0};
    return provoke_show(s, of, &shown) && shown.begun == shown.done && shown.scratch == 0 &&
           shown.sum < 1000000;
}

/* ---- the entries of sessions ----------------------------------------------------------------- */

static bool in_packet(provoker *p, uint32_t kind) {
    return provoke_greeted(p, &p->victim) && say(p->victim, FAULTY_FAULT, &kind, sizeof kind) &&
           closed(p);
}

static bool in_any_packet(provoker *p, uint32_t kind) {
    return provoke_greeted(p, &p->victim) && plan(p, FAULTY_IN_ANY_PACKET, kind) &&
           say(p->victim, FAULTY_ODD, &kind, sizeof kind) && closed(p);
}

static bool in_open(provoker *p, uint32_t kind) {
    provoke_drop(&p->victim);
    if (!plan(p, FAULTY_IN_OPEN, kind)) {
        return false;
    }
    p->victim = net_try_connect("127.0.0.1", host_port(p->host, "victims"));
    return p->victim != NET_NONE && closed(p);
}

static bool in_close(provoker *p, uint32_t kind) {
    bool planned = provoke_greeted(p, &p->victim) && plan(p, FAULTY_IN_CLOSE, kind);
    provoke_drop(&p->victim);
    return planned;
}

static bool in_session_message(provoker *p, uint32_t kind) {
    faulty_post post = {FAULTY_OF_SESSION, kind, 0};
    return provoke_greeted(p, &p->victim) && say(p->victim, FAULTY_POST, &post, sizeof post) &&
           closed(p);
}

/* By a client that does not read for a while. */
static bool in_watermark(provoker *p, uint32_t kind) {
    uint32_t size = FLOOD_BYTES;
    provoke_drop(&p->victim);
    p->victim = net_connect_narrow(host_port(p->host, "victims"));
    return plan(p, FAULTY_IN_WATERMARK, kind) && say(p->victim, FAULTY_FLOOD, &size, sizeof size) &&
           closed(p);
}

/* ---- the entries of rooms -------------------------------------------------------------------- */

static bool join(provoker *p, int32_t *status) {
    char name[32];
    if (!provoke_greeted(p, &p->victim)) {
        return false;
    }
    (void)snprintf(name, sizeof name, "hall %u", ++p->rooms);
    return ask_status(p->victim, FAULTY_JOIN, name, status);
}

static bool enter(provoker *p) {
    int32_t status = 0;
    return join(p, &status) && status == PORTICO_OK;
}

/* Closes the room, which the victim is still in. */
static bool leave_well(provoker *p) {
    int32_t status = 0;
    return is_whole(p->victim, FAULTY_OF_ROOM) && is_whole(p->victim, FAULTY_OF_SESSION) &&
           ask_status(p->victim, FAULTY_CLOSE, "", &status) && status == PORTICO_OK;
}

static bool in_room_open(provoker *p, uint32_t kind) {
    int32_t status = 0;
    if (!provoke_greeted(p, &p->victim) || !plan(p, FAULTY_IN_ROOM_OPEN, kind) ||
        !join(p, &status)) {
        return false;
    }
    return (status != PORTICO_OK || leave_well(p)) && provoke_echoes(p->victim);
}

static bool in_room_close(provoker *p, uint32_t kind) {
    return enter(p) && plan(p, FAULTY_IN_ROOM_CLOSE, kind) && leave_well(p) &&
           provoke_echoes(p->victim);
}

static bool in_room_message(provoker *p, uint32_t kind) {
    faulty_post post = {FAULTY_OF_ROOM, kind, 0};
    return enter(p) && ask(p->victim, FAULTY_POST, &post, sizeof post, &post, sizeof post) &&
           provoke_echoes(p->victim) && leave_well(p);
}

static bool in_tick(provoker *p, uint32_t kind) {
    uint32_t period_ms = TICK_MS;
    faulty_ticked ticked = {0};
    faulty_ticked later = {0};
    return enter(p) && say(p->victim, FAULTY_TICKS, &period_ms, sizeof period_ms) &&
           hear(p->victim, FAULTY_TICKED, &ticked, sizeof ticked) &&
           plan(p, FAULTY_IN_TICK, kind) &&
           hear(p->victim, FAULTY_TICKED, &ticked, sizeof ticked) && provoke_echoes(p->victim) &&
           hear(p->victim, FAULTY_TICKED, &later, sizeof later) && later.ticks > ticked.ticks &&
           leave_well(p);
}

static bool in_join(provoker *p, uint32_t kind) {
    int32_t status = 0;
    if (!provoke_greeted(p, &p->victim) || !plan(p, FAULTY_IN_JOIN, kind) || !join(p, &status)) {
        return false;
    }
    return status == PORTICO_E_FAULT ? provoke_echoes(p->victim) : leave_well(p);
}

static bool in_leave(provoker *p, uint32_t kind) {
    int32_t status = 0;
    return enter(p) && plan(p, FAULTY_IN_LEAVE, kind) &&
           ask_status(p->victim, FAULTY_LEAVE, "", &status) && status == PORTICO_OK &&
           provoke_echoes(p->victim);
}

/* ---- the entries of modules ------------------------------------------------------------------ */

static bool in_module_message(provoker *p, uint32_t kind) {
    faulty_post post = {FAULTY_OF_MODULE, kind, 0};
    return provoke_greeted(p, &p->victim) &&
           ask(p->victim, FAULTY_POST, &post, sizeof post, &post, sizeof post) &&
           provoke_echoes(p->victim) && is_whole(p->victim, FAULTY_OF_MODULE);
}

static bool in_job(provoker *p, uint32_t kind) {
    faulty_reply reply = {0};
    return provoke_greeted(p, &p->victim) &&
           ask(p->victim, FAULTY_RUN, &kind, sizeof kind, &reply, sizeof reply) &&
           reply.status == PORTICO_OK && provoke_echoes(p->victim);
}

/* `command` and one or two arguments. True on success. */
static bool ctl(provoker *p, const char *command, const char *first, const char *second) {
    char text[2400];
    if (!p->with_ctl) {
        (void)snprintf(text, sizeof text, "%s %s%s%s", command, first, second != NULL ? " " : "",
                       second != NULL ? second : "");
        return host_try_admin(p->host, text, NULL, 0);
    }
    const char *arguments[] = {host_executable(), "ctl", "-c",   host_ini(p->host),
                               command,           first, second, NULL};
    (void)snprintf(text, sizeof text, "%s/provoke.txt", host_folder(p->host));
    return process_run(arguments, text, 60000) == 0;
}

static bool swap(provoker *p, const char *file) {
    char path[1024];
    host_module_path(file, path, sizeof path);
    return ctl(p, "swap", "faulty", path);
}

static bool load_guest(provoker *p) {
    char path[1024];
    host_module_path("faulty_guest", path, sizeof path);
    return ctl(p, "load", path, NULL);
}

static void plan_file(provoker *p, uint32_t entry, uint32_t kind, uint32_t generation) {
    char text[128];
    (void)snprintf(text, sizeof text, "%s %s %u 1\n", faulty_entry_word(entry),
                   faulty_kind_word(kind), generation);
    faults_plan_file(p->host, text);
}

/* The swap to `file` is refused, since that faults in the entry, and the old build serves. */
static bool refused(provoker *p, uint32_t entry, uint32_t kind, uint32_t generation,
                    const char *file) {
    plan_file(p, entry, kind, generation);
    bool swapped = swap(p, file);
    faults_plan_file(p->host, "");
    if (swapped && !swap(p, "faulty")) {
        return false;
    }
    return !swapped && provoke_echoes(p->boss);
}

static bool in_start(provoker *p, uint32_t kind) {
    return refused(p, FAULTY_IN_START, kind, 2, "faulty_2");
}

static bool in_dependency_swaps(provoker *p, uint32_t kind) {
    return refused(p, FAULTY_IN_DEPENDENCY_SWAPS, kind, 0, "faulty_2");
}

static bool in_migrate_query(provoker *p, uint32_t kind) {
    return refused(p, FAULTY_IN_MIGRATE_QUERY, kind, 4, "faulty_shape");
}

static bool in_migrate_module(provoker *p, uint32_t kind) {
    return refused(p, FAULTY_IN_MIGRATE_MODULE, kind, 4, "faulty_shape");
}

/* The swap takes place all the same. */
static bool in_stop(provoker *p, uint32_t kind) {
    plan_file(p, FAULTY_IN_STOP, kind, 1);
    bool swapped = swap(p, "faulty_2");
    faults_plan_file(p->host, "");
    return swapped && provoke_echoes(p->boss) && swap(p, "faulty") && provoke_echoes(p->boss);
}

/* The unload takes place all the same. */
static bool in_stopping(provoker *p, uint32_t kind) {
    plan_file(p, FAULTY_IN_STOPPING, kind, 0);
    bool unloaded = ctl(p, "unload", "faulty_guest", NULL);
    faults_plan_file(p->host, "");
    return unloaded && load_guest(p) && provoke_echoes(p->boss);
}

/* ---- one fault ------------------------------------------------------------------------------- */

const provoke_act provoke_acts[FAULTY_ENTRIES] = {
    [FAULTY_IN_PACKET] = {in_packet, false},
    [FAULTY_IN_ANY_PACKET] = {in_any_packet, false},
    [FAULTY_IN_OPEN] = {in_open, false},
    [FAULTY_IN_CLOSE] = {in_close, false},
    [FAULTY_IN_SESSION_MESSAGE] = {in_session_message, false},
    [FAULTY_IN_WATERMARK] = {in_watermark, false},
    [FAULTY_IN_ROOM_OPEN] = {in_room_open, false},
    [FAULTY_IN_ROOM_CLOSE] = {in_room_close, false},
    [FAULTY_IN_ROOM_MESSAGE] = {in_room_message, false},
    [FAULTY_IN_TICK] = {in_tick, false},
    [FAULTY_IN_JOIN] = {in_join, false},
    [FAULTY_IN_LEAVE] = {in_leave, false},
    [FAULTY_IN_MODULE_MESSAGE] = {in_module_message, false},
    [FAULTY_IN_JOB] = {in_job, false},
    [FAULTY_IN_START] = {in_start, true},
    [FAULTY_IN_STOP] = {in_stop, true},
    [FAULTY_IN_STOPPING] = {in_stopping, true},
    [FAULTY_IN_DEPENDENCY_SWAPS] = {in_dependency_swaps, true},
    [FAULTY_IN_MIGRATE_QUERY] = {in_migrate_query, true},
    [FAULTY_IN_MIGRATE_MODULE] = {in_migrate_module, true},
};
