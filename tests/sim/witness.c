/* witness.c: see witness.h. */
#include "sim/witness.h"

#include "sim/same.h"
#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

enum {
    ENTITIES_MAX = 8192,
    CLIENTS_MAX = 2048,
    PAIRS_MAX = 16384,
    QUEUE_MAX = 1000000000,
    QUIET_PATIENCE_MS = 3600000,
    QUIET_STEP_MS = 50
};

typedef struct module_record {
    const char *serves; /* NULL: any that is open */
    const char *next;   /* a swap to it is under way; NULL: to none */
    bool loaded;
    const char *staged; /* has been loaded besides; NULL: none */
    uint32_t loads;
} module_record;

typedef struct client_record {
    uint32_t packed; /* packets that it has begun to send */
    bool packed_all;
    witness_entity *session; /* NULL: no packet has arrived there */
} client_record;

/* What one entity sends to one session. */
typedef struct pair {
    uint64_t from;
    uint64_t to;
    uint32_t begun;  /* sends that were called, but for those that were refused */
    uint32_t queued; /* those of them that have returned PORTICO_OK */
    uint32_t received;
} pair;

/* The head of every packet, little endian as this machine; filler follows. */
typedef struct packet_head {
    uint64_t from; /* the client's number, or the sender's id */
    uint64_t to;   /* the session; 0: a client has sent it; EVERYBODY: a broadcast */
    uint32_t number;
    uint32_t size; /* of the whole packet */
} packet_head;

_Static_assert(sizeof(packet_head) == WITNESS_PACKET_MIN, "the smallest packet is a head");

static module_record modules[WITNESS_MODULES_MAX];
static witness_entity *entities[ENTITIES_MAX]; /* a hash table, by id */
static client_record clients[CLIENTS_MAX];
static uint32_t client_count;
static pair pairs[PAIRS_MAX]; /* a hash table, by from and to */
static uint32_t open_count;
static bool watches;

static struct {
    uint64_t entities;
    uint64_t sessions;
    uint64_t packets;
    uint64_t packet_bytes;
    uint64_t sends;
} sums;

#define EVERYBODY UINT64_MAX

typedef unsigned long long ull; /* for printf */

/* ---- entities ----------------------------------------------------------------------------- */

static uint64_t spread(uint64_t key) {
    key = (key ^ (key >> 31)) * 0x9e3779b97f4a7c15u;
    return key ^ (key >> 29);
}

static witness_entity **place_of(uint64_t id) {
    uint64_t at = spread(id);
    while (entities[at % ENTITIES_MAX] != NULL && entities[at % ENTITIES_MAX]->id != id) {
        at++;
    }
    return &entities[at % ENTITIES_MAX];
}

witness_entity *witness_find(uint64_t id) {
    return *place_of(id);
}

static witness_entity *entity_add(uint64_t id) {
    witness_entity *e = calloc(1, sizeof *e);
    CHECK(e != NULL);
    e->id = id;
    *place_of(id) = e;
    if (++sums.entities > ENTITIES_MAX / 2) {
        sim_fail("witness: more than %d sessions and rooms", ENTITIES_MAX / 2);
    }
    return e;
}

uint32_t witness_open_count(void) {
    return open_count;
}

/* ---- modules ------------------------------------------------------------------------------ */

static module_record *module_of(const witness_code *code, const char *what) {
    if (sim_library_open_count(code->library) == 0) {
        sim_fail("%s of module %s runs in library '%s', which is not open", what, code->name,
                 code->library);
    }
    return &modules[code->module];
}

/* A handler that passes the module's gate begins. */
static module_record *module_serves(const witness_code *code, const char *what, uint64_t id) {
    module_record *m = module_of(code, what);
    if (!m->loaded) {
        sim_fail("%s of module %s begins for %llu, but it is not loaded", what, code->name,
                 (ull)id);
    }
    if (same(m->next, code->library)) {
        m->serves = m->next;
        m->next = NULL;
    } else if (!watches && m->serves != NULL && !same(m->serves, code->library)) {
        sim_fail("%s of module %s begins for %llu in library '%s', but '%s' serves", what,
                 code->name, (ull)id, code->library, m->serves);
    }
    return m;
}

void witness_load(const witness_code *code) {
    module_record *m = module_of(code, "load");
    if (m->loaded) {
        m->staged = code->library;
        return;
    }
    m->loaded = true;
    m->loads++;
    m->serves = code->library;
    m->next = NULL;
}

void witness_swap_in(const witness_code *code, portico_status status) {
    module_record *m = module_of(code, "swap_in");
    if (status == PORTICO_OK && same(m->staged, code->library)) {
        m->staged = NULL;
    }
}

void witness_unload(const witness_code *code) {
    module_record *m = module_of(code, "unload");
    if (same(m->staged, code->library)) {
        m->staged = NULL;
        return;
    }
    for (uint32_t i = 0; i < ENTITIES_MAX; i++) {
        if (entities[i] != NULL && entities[i]->parts[code->module].open) {
            sim_fail("unload of module %s is called, but it has not closed %llu", code->name,
                     (ull)entities[i]->id);
        }
    }
    m->loaded = false;
    m->serves = NULL;
    m->next = NULL;
}

void witness_stopping(const witness_code *code) {
    module_of(code, "stopping")->loads++;
}

void witness_call(const witness_code *code, const char *what) {
    (void)module_of(code, what);
}

void witness_serves(uint32_t module, const char *library) {
    modules[module].serves = library;
    modules[module].next = NULL;
    if (library != NULL) {
        modules[module].staged = NULL; /* if it was given up, it may be closed without its unload */
    }
}

const char *witness_serving(uint32_t module) {
    return watches ? NULL : modules[module].serves;
}

void witness_watches(void) {
    watches = true;
}

void witness_swaps(uint32_t module, const char *library) {
    modules[module].next = library;
}

/* ---- turns -------------------------------------------------------------------------------- */

static void turn_check(const witness_entity *e, const char *what, const witness_entity *of) {
    if (e->inside != NULL) {
        sim_fail("%s begins for %llu while %s runs in the turn of %llu", what, (ull)of->id,
                 e->inside, (ull)e->id);
    }
}

static witness_entity *turn_enter(witness_entity *e, const char *what) {
    turn_check(e, what, e);
    if (e->room != NULL) {
        turn_check(e->room, what, e);
        e->room->inside = what;
    }
    e->inside = what;
    return e;
}

void witness_leave(witness_entity *e) {
    CHECK(e->inside != NULL);
    e->inside = NULL;
    if (e->room != NULL) {
        e->room->inside = NULL;
    }
}

/* ---- handlers ----------------------------------------------------------------------------- */

static witness_entity *open_owned(const witness_code *code, uint64_t id) {
    if (witness_find(id) != NULL) {
        sim_fail("on_open of module %s is called for %llu, an id that has been used before",
                 code->name, (ull)id);
    }
    open_count++;
    return entity_add(id);
}

static witness_entity *open_joined(const witness_code *code, uint64_t id) {
    witness_entity *e = witness_find(id);
    if (e == NULL || e->ended) {
        sim_fail("on_open of module %s, which has joined the type, is called for %llu %s its owner",
                 code->name, (ull)id, e == NULL ? "before that of" : "after the on_close of");
    }
    if (e->parts[code->module].open ||
        e->parts[code->module].loads >= modules[code->module].loads) {
        sim_fail("on_open of module %s is called again for %llu", code->name, (ull)id);
    }
    return e;
}

witness_entity *witness_open(const witness_code *code, uint64_t id, witness_role role) {
    const module_record *m = module_serves(code, "on_open", id);
    witness_entity *e = role == WITNESS_GUEST ? open_joined(code, id) : open_owned(code, id);
    sums.sessions += role == WITNESS_OWNER;
    e->parts[code->module] = (witness_part){.open = true, .loads = m->loads};
    return turn_enter(e, "on_open");
}

witness_entity *witness_enter(const witness_code *code, uint64_t id, const char *what) {
    (void)module_serves(code, what, id);
    witness_entity *e = witness_find(id);
    if (e == NULL || !e->parts[code->module].open) {
        sim_fail("%s of module %s is called for %llu %s", what, code->name, (ull)id,
                 e == NULL || e->parts[code->module].loads == 0 ? "before its on_open"
                                                                : "after its on_close");
    }
    return turn_enter(e, what);
}

/* Everything that a client has sent before the end of its stream has been handled. */
static void check_received_all(const witness_entity *e) {
    const client_record *c = &clients[e->client];
    if (e->client != 0 && c->packed_all && e->packets != c->packed) {
        sim_fail("session %llu ends orderly, but only %u of %u packets have been handled",
                 (ull)e->id, e->packets, c->packed);
    }
}

static void check_guests_left(const witness_entity *e) {
    for (uint32_t i = 0; i < WITNESS_MODULES_MAX; i++) {
        if (e->parts[i].open) {
            sim_fail("the owner's on_close of %llu is called before that of module %u, which has "
                     "joined",
                     (ull)e->id, i);
        }
    }
}

witness_entity *witness_close(const witness_code *code, uint64_t id, witness_role role,
                              portico_status reason) {
    witness_entity *e = witness_enter(code, id, "on_close");
    e->parts[code->module].open = false;
    if (role == WITNESS_GUEST && reason == PORTICO_E_UNLOADED) {
        e->parts[code->module].loads--; /* if the unload fails, the module opens it again */
    }
    if (role != WITNESS_GUEST) {
        check_guests_left(e);
        e->ended = true;
        open_count--;
        if (reason == PORTICO_E_EOF) {
            check_received_all(e);
        }
        if (e->members > 0 || e->room != NULL) {
            sim_fail("on_close is called for %llu, which %s", (ull)id,
                     e->room != NULL ? "has not left its room" : "still has members");
        }
    }
    return e;
}

void witness_lost(const witness_code *code, uint64_t id, witness_role role) {
    witness_entity *e = witness_find(id);
    e->parts[code->module].open = false;
    if (role != WITNESS_GUEST) {
        e->ended = true;
        open_count--;
    }
}

witness_entity *witness_enter_module(const witness_code *code, uint64_t self, const char *what) {
    (void)module_serves(code, what, self);
    witness_entity *e = witness_find(self);
    return turn_enter(e != NULL ? e : entity_add(self), what);
}

witness_entity *witness_join(const witness_code *code, uint64_t room, uint64_t session) {
    witness_entity *r = witness_enter(code, room, "on_join");
    witness_entity *s = witness_find(session);
    if (s == NULL || s->ended || s->room != NULL) {
        sim_fail("on_join of room %llu is called for session %llu, which %s", (ull)room,
                 (ull)session,
                 s == NULL  ? "has never opened"
                 : s->ended ? "has closed"
                            : "is in a room");
    }
    turn_check(s, "on_join", r);
    s->inside = "on_join";
    return r;
}

void witness_joined(witness_entity *room, uint64_t session, portico_status status) {
    witness_entity *s = witness_find(session);
    s->inside = NULL;
    if (status == PORTICO_OK) {
        s->room = room;
        room->members++;
    }
}

witness_entity *witness_leave_room(const witness_code *code, uint64_t room, uint64_t session) {
    witness_entity *s = witness_find(session);
    if (s == NULL || s->room == NULL || s->room->id != room) {
        sim_fail("on_leave of room %llu is called for session %llu, which is not in it", (ull)room,
                 (ull)session);
    }
    turn_check(s, "on_leave", s->room);
    s->room->members--;
    s->room = NULL;
    return witness_enter(code, room, "on_leave");
}

/* ---- packets ------------------------------------------------------------------------------ */

static uint8_t filler(const packet_head *head, uint32_t at) {
    return (uint8_t)(head->from * 7 + head->to * 3 + head->number * 13 + at);
}

static void packet_write(uint8_t *packet, const packet_head *head) {
    memcpy(packet, head, sizeof *head);
    for (uint32_t i = sizeof *head; i < head->size; i++) {
        packet[i] = filler(head, i);
    }
}

/* Reads the head of a packet, which must be unaltered. */
static packet_head packet_read(const uint8_t *packet, uint32_t size, const char *where) {
    packet_head head;
    if (size < sizeof head) {
        sim_fail("%s: a packet of %u bytes has arrived, which nobody has sent", where, size);
    }
    memcpy(&head, packet, sizeof head);
    if (head.size != size) {
        sim_fail("%s: packet %u of %llu arrives with %u instead of %u bytes", where, head.number,
                 (ull)head.from, size, head.size);
    }
    for (uint32_t i = sizeof head; i < size; i++) {
        if (packet[i] != filler(&head, i)) {
            sim_fail("%s: byte %u of packet %u of %llu has changed", where, i, head.number,
                     (ull)head.from);
        }
    }
    return head;
}

uint32_t witness_client(void) {
    if (++client_count == CLIENTS_MAX) {
        sim_fail("witness: more than %d clients", CLIENTS_MAX);
    }
    return client_count;
}

void witness_pack(uint32_t client, uint8_t *packet, uint32_t size) {
    packet_head head = {.from = client, .number = clients[client].packed++, .size = size};
    CHECK(size >= WITNESS_PACKET_MIN && size <= WITNESS_PACKET_MAX);
    packet_write(packet, &head);
}

void witness_packed_all(uint32_t client) {
    clients[client].packed_all = true;
}

uint32_t witness_handled(uint32_t client) {
    return clients[client].session != NULL ? clients[client].session->packets : 0;
}

/* The first packet of a client ties it to the session. */
static void client_tie(witness_entity *e, uint64_t client) {
    if (client == 0 || client > client_count) {
        sim_fail("session %llu receives a packet of client %llu, which does not exist", (ull)e->id,
                 (ull)client);
    }
    if (clients[client].session == NULL && e->client == 0) {
        clients[client].session = e;
        e->client = (uint32_t)client;
    }
    if (e->client != client) {
        sim_fail("session %llu of client %u receives a packet of client %llu", (ull)e->id,
                 e->client, (ull)client);
    }
    const witness_entity *tied = clients[client].session;
    if (tied != e) {
        sim_fail("session %llu receives a packet of client %llu, whose session is %llu", (ull)e->id,
                 (ull)client, (ull)(tied != NULL ? tied->id : 0));
    }
}

void witness_packet(witness_entity *session, const portico_packet *packet) {
    packet_head head = packet_read(packet->data, packet->size, "a session");
    client_tie(session, head.from);
    if (packet->data[packet->size] != 0) {
        sim_fail("no zero byte follows packet %u of client %u", head.number, session->client);
    }
    if (head.number != session->packets) {
        sim_fail("session %llu receives packet %u of client %u; the next one is %u",
                 (ull)session->id, head.number, session->client, session->packets);
    }
    if (head.number >= clients[session->client].packed) {
        sim_fail("session %llu receives packet %u of client %u, which has sent only %u",
                 (ull)session->id, head.number, session->client, clients[session->client].packed);
    }
    session->packets++;
    sums.packets++;
    sums.packet_bytes += packet->size;
}

static pair *pair_of(uint64_t from, uint64_t to) {
    uint64_t at = spread(from * 31 + to);
    for (uint32_t i = 0; i < PAIRS_MAX; i++, at++) {
        pair *p = &pairs[at % PAIRS_MAX];
        if (p->to == 0) {
            p->from = from;
            p->to = to;
        }
        if (p->from == from && p->to == to) {
            return p;
        }
    }
    sim_fail("witness: more than %d pairs of sender and session", PAIRS_MAX);
}

portico_status witness_send(const portico_host *host, witness_entity *from, uint64_t session,
                            uint16_t opcode, uint32_t size) {
    uint8_t packet[WITNESS_PACKET_MAX];
    CHECK(size >= WITNESS_PACKET_MIN && size <= WITNESS_PACKET_MAX);
    pair *p = pair_of(from->id, session);
    CHECK(p->begun == p->queued);
    packet_head head = {.from = from->id, .to = session, .number = p->begun++, .size = size};
    packet_write(packet, &head);
    portico_status status = host->session_send(session, opcode, packet, size);
    if (status == PORTICO_OK) {
        p->queued++;
        sums.sends++;
    } else {
        p->begun--;
        if (p->received > p->queued) {
            sim_fail("session_send of %llu to session %llu failed with %d, but the packet arrived",
                     (ull)from->id, (ull)session, status);
        }
    }
    return status;
}

uint32_t witness_broadcast(const portico_host *host, witness_entity *from, const char *channel,
                           uint16_t opcode, uint32_t size) {
    uint8_t packet[WITNESS_PACKET_MAX];
    CHECK(size >= WITNESS_PACKET_MIN && size <= WITNESS_PACKET_MAX);
    pair *p = pair_of(from->id, EVERYBODY);
    packet_head head = {.from = from->id, .to = EVERYBODY, .number = p->begun++, .size = size};
    packet_write(packet, &head);
    uint32_t count = host->channel_send(channel, opcode, packet, size, 0);
    sums.sends += count;
    return count;
}

/* Broadcasts that a client misses leave gaps. */
static void receive_broadcast(uint32_t client, const packet_head *head) {
    pair *p = pair_of(head->from, EVERYBODY - client);
    if (head->number < p->received || head->number >= pair_of(head->from, EVERYBODY)->begun) {
        sim_fail("client %u receives broadcast %u of %llu after %u; %u have been sent", client,
                 head->number, (ull)head->from, p->received, pair_of(head->from, EVERYBODY)->begun);
    }
    p->received = head->number + 1;
}

void witness_receive(uint32_t client, const void *data, uint32_t size) {
    packet_head head = packet_read(data, size, "a client");
    if (head.to == EVERYBODY) {
        receive_broadcast(client, &head);
        return;
    }
    client_record *c = &clients[client];
    if (c->session == NULL) {
        c->session = witness_find(head.to);
        CHECK(c->session != NULL && c->session->client == 0);
        c->session->client = client;
    }
    if (head.to != c->session->id) {
        sim_fail("client %u, whose session is %llu, receives a packet for session %llu", client,
                 (ull)c->session->id, (ull)head.to);
    }
    pair *p = pair_of(head.from, head.to);
    if (head.number != p->received || p->received >= p->begun) {
        sim_fail("client %u receives packet %u of %llu; it has received %u of %u before", client,
                 head.number, (ull)head.from, p->received, p->begun);
    }
    p->received++;
}

void witness_received_all(uint32_t client) {
    const witness_entity *e = clients[client].session;
    for (uint32_t i = 0; e != NULL && i < PAIRS_MAX; i++) {
        const pair *p = &pairs[i];
        if (p->to == e->id && p->received < p->queued) {
            sim_fail("the stream of session %llu has ended orderly, but of the packets of %llu "
                     "only %u of %u have arrived",
                     (ull)e->id, (ull)p->from, p->received, p->queued);
        }
    }
}

/* ---- figures ------------------------------------------------------------------------------ */

/* A figure in an answer to `status`. */
static uint64_t figure_in(const char *answer, const char *name) {
    size_t size = strlen(name);
    for (const char *line = answer; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        line += strncmp(line, "| ", 2) == 0 ? 2 : 0;
        if (strncmp(line, name, size) == 0 && line[size] == ' ') {
            return strtoull(line + size, NULL, 10);
        }
    }
    sim_fail("ctl status shows no %s", name);
}

/* "| queue NAME SUM most MOST ...": no sum may have become negative. */
static void check_queue(const char *line) {
    unsigned long long sum = 0;
    unsigned long long most = 0;
    char name[32] = "";
    if (sscanf(line, "| queue %31s %llu most %llu", name, &sum, &most) == 3 &&
        (sum > QUEUE_MAX || most > sum)) {
        sim_fail("ctl status shows %llu in the queue %s, %llu of them in one place", sum, name,
                 most);
    }
}

void witness_status(const char *answer) {
    for (const char *line = answer; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        check_queue(line);
    }
    if (figure_in(answer, "sessions") > figure_in(answer, "sessions_opened")) {
        sim_fail("ctl status shows more sessions than have been opened");
    }
    if (figure_in(answer, "rooms") > QUEUE_MAX || figure_in(answer, "timers") > QUEUE_MAX) {
        sim_fail("ctl status shows rooms or timers that cannot be");
    }
}

/* What is not as it must be when nothing happens; NULL: nothing. The administrator's own session is
 * open. */
static const char *fault_in(const char *answer) {
    uint64_t sessions = figure_in(answer, "sessions");
    uint64_t opened = figure_in(answer, "sessions_opened");
    uint64_t closed = figure_in(answer, "sessions_closed");
    if (open_count > 0) {
        return "a session or room is open";
    }
    if (sessions != 1) {
        return "sessions is not 1";
    }
    if (opened - closed != sessions) {
        return "sessions_opened - sessions_closed is not sessions";
    }
    if (opened < sums.sessions) {
        return "fewer sessions_opened than on_opens";
    }
    if (figure_in(answer, "packets_in") < sums.packets) {
        return "fewer packets_in than handlers have received";
    }
    if (figure_in(answer, "bytes_in") < sums.packet_bytes) {
        return "fewer bytes_in than handlers have received";
    }
    if (figure_in(answer, "packets_out") < sums.sends) {
        return "fewer packets_out than handlers have sent";
    }
    return NULL;
}

void witness_quiet(void) {
    static char answer[WORLD_ANSWER_BYTES];
    const char *fault = "no answer";
    for (uint32_t waited_ms = 0; world_runs() && fault != NULL; waited_ms += QUIET_STEP_MS) {
        if (waited_ms >= QUIET_PATIENCE_MS) {
            sim_fail("the clients have gone, but the host does not come to rest: %s\n%s", fault,
                     answer);
        }
        os_sleep(QUIET_STEP_MS);
        fault = "no answer";
        if (world_ctl("status", answer)) {
            witness_status(answer);
            fault = fault_in(answer);
        }
    }
}

void witness_end(void) {
    for (uint32_t i = 0; i < ENTITIES_MAX; i++) {
        const witness_entity *e = entities[i];
        for (uint32_t m = 0; e != NULL && m < WITNESS_MODULES_MAX; m++) {
            if (e->parts[m].open) {
                sim_fail("the host has ended without on_close for %llu", (ull)e->id);
            }
        }
        if (e != NULL && e->inside != NULL) {
            sim_fail("the host has ended while %s runs for %llu", e->inside, (ull)e->id);
        }
    }
}
