/* witness_packets.c: what clients and sessions send each other. See witness.h. */
#include "base/stats.h"
#include "sim/crash.h"
#include "sim/ledger.h"
#include "sim/witness.h"
#include "sim/world.h"

#include <string.h>

enum { CLIENTS_MAX = 2048, PAIRS_MAX = 16384 };

#define EVERYBODY UINT64_MAX

typedef unsigned long long ull; /* for printf */

typedef struct client_record {
    uint32_t packed; /* packets that it has begun to send */
    bool packed_all;
    witness_entity *session; /* NULL: no packet has arrived there */
} client_record;

/* The packets of one entity to one session. */
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

static client_record clients[CLIENTS_MAX];
static uint32_t client_count;
static pair pairs[PAIRS_MAX]; /* a hash table, by from and to */

static uint64_t spread(uint64_t key) {
    key = (key ^ (key >> 31)) * 0x9e3779b97f4a7c15u;
    return key ^ (key >> 29);
}

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

/* `count` packets have not reached a handler. Those whose module had been frozen when its unload
 * began are ignored; returns how many may be. */
static uint32_t skip(uint32_t count) {
    enum { TRIES = 8 }; /* other threads run while the sum is taken */
    static uint64_t skipped;
    for (int i = 0; i < TRIES && crash_was(); i++) {
        uint64_t ignored = stats_sum(STAT_packets_unhandled);
        if (skipped + count <= ignored) {
            skipped += count;
            return count;
        }
    }
    return 0;
}

void witness_packet(witness_entity *session, const portico_packet *packet) {
    ledger_packet();
    packet_head head = packet_read(packet->data, packet->size, "a session");
    client_tie(session, head.from);
    if (packet->data[packet->size] != 0) {
        sim_fail("no zero byte follows packet %u of client %u", head.number, session->client);
    }
    if (head.number > session->packets) {
        session->packets += skip(head.number - session->packets);
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

portico_status witness_send(witness_entity *from, uint64_t session, uint16_t opcode,
                            uint32_t size) {
    uint8_t packet[WITNESS_PACKET_MAX];
    CHECK(size >= WITNESS_PACKET_MIN && size <= WITNESS_PACKET_MAX);
    pair *p = pair_of(from->id, session);
    CHECK(p->begun == p->queued);
    packet_head head = {.from = from->id, .to = session, .number = p->begun++, .size = size};
    packet_write(packet, &head);
    portico_status status = host->session_send((portico_session){session}, opcode, packet, size);
    if (status == PORTICO_OK) {
        p->queued++;
    } else {
        p->begun--;
        if (p->received > p->queued) {
            sim_fail("session_send of %llu to session %llu failed with %d, but the packet arrived",
                     (ull)from->id, (ull)session, status);
        }
    }
    return status;
}

uint32_t witness_broadcast(witness_entity *from, const char *channel, uint16_t opcode,
                           uint32_t size) {
    uint8_t packet[WITNESS_PACKET_MAX];
    CHECK(size >= WITNESS_PACKET_MIN && size <= WITNESS_PACKET_MAX);
    pair *p = pair_of(from->id, EVERYBODY);
    packet_head head = {.from = from->id, .to = EVERYBODY, .number = p->begun++, .size = size};
    packet_write(packet, &head);
    return host->channel_send(channel, opcode, packet, size, (portico_session){0});
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

void witness_check_handled(const witness_entity *e) {
    const client_record *c = &clients[e->client];
    if (e->client != 0 && c->packed_all && e->packets + skip(c->packed - e->packets) != c->packed) {
        sim_fail("session %llu ends orderly, but only %u of %u packets have been handled",
                 (ull)e->id, e->packets, c->packed);
    }
}
