/* witness.h: knows what the host may do, and fails the run (sim_fail) at the first thing that it
 * may not. Handlers of modules and clients report here; a report names the session or room by its
 * id.
 *
 * What it checks:
 *   - on_open comes first, once; then one on_close, and nothing after it. A module that is loaded
 *     again opens a session that it has joined again. The owner of a session opens it first and
 *     closes it last.
 *   - Handlers of one entity never overlap; a session in a room shares the room's turn. Handlers
 *     let other threads run (sim_yield, os_sleep, any host function), so that an overlap would
 *     show.
 *   - An id is never used again. on_join and on_leave pair.
 *   - Code runs only while its library is open. Handlers run only in the generation that has
 *     started and not stopped, and after `ctl swap` has answered `ok` in that of the new library.
 *   - A client's packets arrive in order and complete, unaltered, in one session. What the host
 *     sends arrives in order; when the stream ends in an orderly way, completely.
 *   - When an owner's session ends, its guests leave in the reverse order of their on_opens.
 *   - After a fault of its handler a session closes, unless its module starts again or is thawed
 *     before it is called the next time.
 *   - The counters of `ctl status` add up (counters.h).
 *
 * Only one thread runs at a time, so all this is plain variables. A report lets no other thread
 * run, except those that say so. */
#ifndef TEST_WITNESS_H
#define TEST_WITNESS_H

#include <portico/portico.h>
#include <stdbool.h>

enum { WITNESS_MODULES_MAX = 8, WITNESS_PACKET_MIN = 24, WITNESS_PACKET_MAX = 4096 };

/* A generation of a module as a scenario declares it: statically, one for each library. */
typedef struct witness_code {
    uint32_t module;     /* below WITNESS_MODULES_MAX: the scenario numbers its modules */
    const char *name;    /* of the module */
    const char *library; /* as in sim_library_add */
} witness_code;

/* One module's view of a session or room. */
typedef struct witness_part {
    bool open;
    uint32_t opened; /* how many on_opens the entity had had before */
    uint32_t loads;  /* of the module, when on_open was called; 0: never */
    bool owns;       /* the entity is the module's own: its room, or a session of its type */
    bool faulted;    /* in its last handler ... */
    uint32_t anew;   /* ... when the module had begun anew that often */
    bool unsure;     /* it has faulted: there may have been no memory to keep its state */
    const char *may; /* on_open or migrate has faulted: whether the part is open will be seen */
    uint64_t counts; /* the scenario's own: what the state must have, too */
    uint64_t sum;
    uint64_t extra;
    uint32_t extra_at;
} witness_part;

/* A session, a room or a module. Valid until the end of the process. */
typedef struct witness_entity {
    uint64_t id;
    const char *inside;          /* the handler that runs; NULL: none */
    struct witness_entity *room; /* the session is a member of it */
    uint32_t members;            /* of a room */
    uint32_t client;             /* whose packets arrive; 0: none has arrived */
    uint32_t packets;            /* of them, so far */
    uint32_t opens;              /* on_opens so far */
    bool is_room;
    bool ended; /* its owner has closed it */
    witness_part parts[WITNESS_MODULES_MAX];
} witness_entity;

/* ---- modules ------------------------------------------------------------------------------ */

/* `start` begins, and returns `status`. `why` is PORTICO_START_...: the module was not loaded, or
 * another generation of it has stopped, and no handler of any runs before this one's start has
 * succeeded. */
void witness_start(const witness_code *code, uint32_t why);
void witness_started(const witness_code *code, uint32_t why, portico_status status);

/* `stop` is called, of the generation that has started last. Unless another one is to follow, the
 * module has closed every session and room. */
void witness_stop(const witness_code *code, uint32_t why);

/* `stopping` is called. An unload that fails opens sessions again which it has closed. */
void witness_stopping(const witness_code *code);

/* A function that belongs to no entity's turn is called: a blocking job, migrate's
 * query. */
void witness_call(const witness_code *code, const char *what);

/* From now on only handlers of this library may begin. NULL: of any that is open, for nobody knows
 * which serves. */
void witness_serves(uint32_t module, const char *library);

/* The library whose handlers alone may begin; NULL: the module is not loaded, or any that is
 * open. */
const char *witness_serving(uint32_t module);

/* The host swaps when a file changes: any library that is open may serve. */
void witness_watches(void);

/* A swap to this library has been asked for. Handlers of the one that serves may still begin, until
 * the first handler of the new one has begun. witness_serves tells how it has ended. */
void witness_swaps(uint32_t module, const char *library);

/* ---- handlers ----------------------------------------------------------------------------- */

typedef enum witness_role { WITNESS_OWNER, WITNESS_GUEST, WITNESS_ROOM } witness_role;

/* A handler begins. Each returns the entity, for witness_leave. A guest has joined the type of the
 * session's owner. */
witness_entity *witness_open(const witness_code *code, uint64_t id, witness_role role);
witness_entity *witness_enter(const witness_code *code, uint64_t id, const char *what);
witness_entity *witness_close(const witness_code *code, uint64_t id, witness_role role,
                              portico_status reason);

/* The migrate of the module has failed for the session or room: the host closes it and does not
 * call the module for it again, not even on_close. */
void witness_lost(const witness_code *code, uint64_t id, witness_role role);

/* A handler of the module's own turn begins: a message to self(). */
witness_entity *witness_enter_module(const witness_code *code, uint64_t self, const char *what);

/* on_join and on_leave of a room: both the room's and the session's turn. */
witness_entity *witness_join(const witness_code *code, uint64_t room, uint64_t session);
void witness_joined(witness_entity *room, uint64_t session, portico_status status);
witness_entity *witness_leave_room(const witness_code *code, uint64_t room, uint64_t session);

/* The handler is about to fault: it does not return. The module is called for the session again if
 * it is frozen and begins anew, otherwise the session ends. */
void witness_faults(const witness_code *code, witness_entity *e, const char *what);

/* The module may be thawed from now on, until that is over. */
void witness_thaws(uint32_t module, bool is_over);

/* The handler returns. */
void witness_leave(witness_entity *e);

/* The entity, or NULL: no handler has begun for it. */
witness_entity *witness_find(uint64_t id);

/* Sessions and rooms whose owner has opened and not closed them. */
uint32_t witness_open_count(void);

/* ---- packets ------------------------------------------------------------------------------ */

/* A new connection: returns its number, from 1. */
uint32_t witness_client(void);

/* Writes the client's next packet, which it is about to send. `size`: WITNESS_PACKET_MIN to
 * WITNESS_PACKET_MAX. */
void witness_pack(uint32_t client, uint8_t *packet, uint32_t size);

/* The client has sent all its packets and then ended its sending direction. */
void witness_packed_all(uint32_t client);

/* A handler of the session has received the packet of a client. */
void witness_packet(witness_entity *session, const portico_packet *packet);

/* Sends the next packet of the sender to the session, from a handler in the sender's turn. Other
 * threads may run. Returns as session_send. */
portico_status witness_send(witness_entity *from, uint64_t session, uint16_t opcode, uint32_t size);

/* Sends a packet to the members of a channel. A member may miss some; each gets what it gets in
 * order. Other threads may run. Returns as channel_send. */
uint32_t witness_broadcast(witness_entity *from, const char *channel, uint16_t opcode,
                           uint32_t size);

/* The client has received a packet that witness_send or witness_broadcast has sent. */
void witness_receive(uint32_t client, const void *data, uint32_t size);

/* The client has read to the orderly end of the stream: everything that was queued must have
 * arrived. */
void witness_received_all(uint32_t client);

/* The stream of the session has ended orderly: everything that its client sent before must have
 * been handled. */
void witness_check_handled(const witness_entity *e);

/* How many packets of the client have been handled. */
uint32_t witness_handled(uint32_t client);

/* ---- figures ------------------------------------------------------------------------------ */

/* Checks what must be true of an answer to `status` at any moment. */
void witness_status(const char *answer);

/* Waits until `ctl status` shows no session but the administrator's own, and checks its counters.
 * Clients must have closed, faults have ended. Does nothing if the host has ended. */
void witness_quiet(void);

/* After world_stop: everything has been closed. */
void witness_end(void);

#endif
