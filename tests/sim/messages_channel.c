/* messages_channel.c: see messages_channel.h. */
#include "sim/messages_channel.h"

#include "sim/ledger.h"
#include "sim/post.h"
#include "sim/world.h"

#include <string.h>

enum { CHANNELS = 2, MEMBERS_MAX = 128 };

typedef struct channel {
    const char *name;
    uint32_t count;
    visitor *members[MEMBERS_MAX]; /* in the order of joining; some may have ended */
} channel;

static channel channels[CHANNELS] = {{.name = "messages.a"}, {.name = "messages.b"}};
static uint64_t last_packet;

static uint32_t find(const channel *c, const visitor *who) {
    uint32_t i = 0;
    while (i < c->count && c->members[i] != who) {
        i++;
    }
    return i;
}

static void remove_at(channel *c, uint32_t i) {
    c->count--;
    memmove(&c->members[i], &c->members[i + 1], (c->count - i) * sizeof c->members[0]);
}

static void join(channel *c, visitor *who) {
    bool member = find(c, who) < c->count;
    portico_status status = host->channel_join(c->name, (portico_session){who->id});
    CHECK(status == PORTICO_E_GONE || status == (member ? PORTICO_E_EXISTS : PORTICO_OK) ||
          (status == PORTICO_E_NO_MEMORY && post_faults));
    if (status == PORTICO_OK) {
        CHECK(c->count < MEMBERS_MAX);
        c->members[c->count++] = who;
    }
}

static void leave(channel *c, visitor *who) {
    uint32_t i = find(c, who);
    portico_status status = host->channel_leave(c->name, (portico_session){who->id});
    if (i == c->count) {
        CHECK(status == PORTICO_E_NOT_FOUND || status == PORTICO_E_GONE);
    } else {
        CHECK(status == PORTICO_OK || who->reason != 0);
        remove_at(c, i);
    }
}

/* Those that have not ended, in the order of joining. */
static void list(channel *c) {
    portico_session members[MEMBERS_MAX];
    uint32_t count = host->channel_members(c->name, members, MEMBERS_MAX);
    uint32_t at = 0;
    CHECK(count <= c->count);
    for (uint32_t i = 0; i < c->count; i++) {
        if (at < count && members[at].id == c->members[i]->id) {
            at++;
        } else {
            CHECK(c->members[i]->reason != 0);
            remove_at(c, i--);
        }
    }
    CHECK(at == count);
}

static void send(channel *c) {
    uint64_t number = ++last_packet;
    const visitor *except =
        c->count > 0 && world_random(2) == 0 ? c->members[world_random(c->count)] : NULL;
    uint32_t to = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->members[i] != except) {
            mail_note(&c->members[i]->mail, number);
            to++;
        }
    }
    uint32_t sent = host->channel_send(c->name, PACKET, &number, sizeof number,
                                       (portico_session){except != NULL ? except->id : 0});
    CHECK(sent <= to);
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->members[i] != except) {
            mail_sent(&c->members[i]->mail, number,
                      sent == to  ? MAIL_CERTAIN
                      : sent == 0 ? MAIL_NEVER
                                  : MAIL_POSSIBLE);
        }
    }
}

static void send_one(visitor *who) {
    uint64_t number = ++last_packet;
    mail_note(&who->mail, number);
    portico_status status =
        host->session_send((portico_session){who->id}, PACKET, &number, sizeof number);
    CHECK(status == PORTICO_OK || status == PORTICO_E_GONE ||
          (status == PORTICO_E_NO_MEMORY && post_faults));
    mail_sent(&who->mail, number, status == PORTICO_OK ? MAIL_CERTAIN : MAIL_NEVER);
}

void messages_channel_act(void) {
    channel *c = &channels[world_random(CHANNELS)];
    visitor *who = messages_some_visitor();
    switch (world_random(6)) {
    case 0:
    case 1:
        if (who != NULL) {
            join(c, who);
        }
        break;
    case 2:
        if (who != NULL) {
            leave(c, who);
        }
        break;
    case 3: list(c); break;
    case 4: send(c); break;
    default:
        if (who != NULL) {
            send_one(who);
        }
        break;
    }
}
