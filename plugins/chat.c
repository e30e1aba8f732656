/* chat.c: rooms to talk in. Shows labels, rooms, a channel, settings and untrusted text.
 *
 * One code path serves people and games. With the framing `line` a person types into a terminal
 * (nc 127.0.0.1 7778): a line is a packet of opcode 0, a word after a slash is a command, anything
 * else is said to the room. With `u16` a game sends opcodes, 0 or those of commands; the payload is
 * what a person would type after the word. Both receive the same lines, without a zero at the end;
 * the opcode, which `line` leaves out, says which kind a line is.
 *
 * Nobody forges a line: names contain neither spaces nor colons, so this module wrote whatever
 * precedes the first ": ". plain_text.h keeps a text on one line.
 * Each session has its own `user`, each room its own `place`. Handlers in different rooms run at
 * the same time; what they share, the names and the channel, belongs to the host.
 */
#include "plain_text.h"

#include <portico/wire.h>

#define EVERYBODY "chat.everybody" /* the channel of all users, in whatever room */
#define GUEST "guest-"             /* reserved: so a newcomer's name is always free */
enum { NAME_BYTES = 32, TEXT_BYTES_MAX = 4096, WHO_MAX = 50, SWEEP_MS = 1000 };

/* To a client: "name: text", "* text", "! text", "= room (2): name, name", and "name to you: text",
 * "you to name: text" or "name to all: text". */
enum { SAID = 100, NOTICE = 101, WRONG = 102, LIST = 103, TOLD = 104 };

/* From a client. IN_ROOM: the user must be in a room; NAMED, TEXT: a new name or a text follows. */
enum { NAME = 1, JOIN = 2, SAY = 3, WHO = 4, TELL = 5, QUIT = 6, LEAVE = 7, SHOUT = 8, HELP = 9 };
enum { IN_ROOM = 1, NAMED = 2, TEXT = 4 };
static const struct command {
    const char *word;
    uint16_t opcode, needs;
    const char *help;
} commands[] = {
    {"say", SAY, IN_ROOM | TEXT, "/say TEXT, or just TEXT: speak to all in the room"},
    {"tell", TELL, 0, "/tell NAME TEXT: speak to one alone"},
    {"who", WHO, IN_ROOM, "/who: who is in the room"},
    {"join", JOIN, NAMED, "/join ROOM: go to another room"},
    {"leave", LEAVE, IN_ROOM, "/leave: leave the room"},
    {"name", NAME, NAMED, "/name NAME: take a name"},
    {"help", HELP, 0, "/help: this list"},
    {"shout", SHOUT, TEXT, "/shout TEXT: speak to everybody in all rooms"},
    {"quit", QUIT, 0, "/quit: close the connection"},
    {NULL, 0, 0, NULL},
};
enum { SWEEP = 1, ARRIVED = 2 }; /* messages, which clients cannot send: to a room, to a user */

/* A session's state: its label, and the name of the room that the user last asked for. The host
 * zeroes it before on_open, and carries the values over by these names when this code is
 * swapped. */
#define USER(S, F) F(S, ARRAY, char, name, NAME_BYTES) F(S, ARRAY, char, room, NAME_BYTES)
PORTICO_STATE(user, USER);
#define PLACE(S, F) F(S, ARRAY, char, name, NAME_BYTES)
PORTICO_STATE(place, PLACE);            /* a room's state */
static const char *motd, *default_room; /* settings: see the end of this file */
static uint32_t max_text_bytes;
static const portico_session nobody = {0};

/* Cuts the first word (possibly "") off *text and returns it. *text is then what follows. */
static char *text_take_word(char **text) {
    char *word = *text;
    char *end = word + strcspn(word, " ");
    *text = end + strspn(end, " ");
    *end = '\0';
    return word;
}

/* For users and rooms. ASCII only: letters of other scripts can look alike. */
static bool name_is_valid(const char *name) {
    size_t size = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return size > 0 && size < NAME_BYTES && name[size] == '\0';
}

/* ---- what users do --------------------------------------------------------------------------- */
/* The user enters the room u->room after this handler, and ARRIVED reports how that went. */
static portico_status user_go(portico_session session, const user *u) {
    portico_room room = {0};
    portico_status status =
        portico->room_create("chat.room", u->room, u->room, sizeof u->room, &room);
    bool is_there = status == PORTICO_OK || status == PORTICO_E_EXISTS;
    return is_there ? portico->session_join(session, room, ARRIVED) : status;
}

static void user_name(portico_session session, portico_room room, user *u, const char *name) {
    portico_status status = portico->session_set_label(session, name);
    if (status == PORTICO_OK) {
        (void)portico_sendf_room(room, NOTICE, session, "* %s is now %s", u->name, name);
        memcpy(u->name, name, strlen(name) + 1); /* name_is_valid */
        (void)portico_sendf(session, NOTICE, "* you are now %s", name);
    } else {
        (void)portico_sendf(session, WRONG, "! you cannot be called %s: %s", name,
                            status == PORTICO_E_EXISTS ? "the name is taken" : "not now");
    }
}

static void user_join(portico_session session, user *u, const char *name) {
    memcpy(u->room, name, strlen(name) + 1); /* name_is_valid */
    portico_status status = user_go(session, u);
    if (status != PORTICO_OK) {
        (void)portico_sendf(session, WRONG, "! you cannot enter room %s: %s", name,
                            status == PORTICO_E_EXISTS ? "you are there" : "not now");
    }
}

static void user_who(portico_session session, portico_room room) {
    portico_session members[WHO_MAX];
    char names[WHO_MAX * (PORTICO_LABEL_MAX + 2) + 1] = "";
    char label[PORTICO_LABEL_MAX];
    size_t used = 0;
    const place *here = portico->room_state(room); /* this runs in the room's turn */
    uint32_t count = portico->room_members(room, members, WHO_MAX);
    for (uint32_t i = 0; i < count && i < WHO_MAX; i++) {
        if (portico->session_label(members[i], label) == PORTICO_OK) { /* else it has just left */
            used += (size_t)snprintf(names + used, sizeof names - used, ", %s", label);
        }
    }
    (void)portico_sendf(session, LIST, "= %s (%u): %s%s", here->name, count, names + 2,
                        count > WHO_MAX ? ", ..." : "");
}

static void user_tell(portico_session session, const user *u, char *text) {
    const char *name = text_take_word(&text);
    if (!name_is_valid(name) || text[0] == '\0') {
        (void)portico_sendf(session, WRONG, "! whom, and what? /tell NAME TEXT");
        return;
    }
    portico_session to = portico->session_find("chat.user", name);
    portico_status status = portico_sendf(to, TOLD, "%s to you: %s", u->name, text);
    if (status == PORTICO_OK) {
        (void)portico_sendf(session, TOLD, "you to %s: %s", name, text);
    } else if (status == PORTICO_E_GONE) {
        (void)portico_sendf(session, WRONG, "! nobody here is called %s", name);
    } else {
        (void)portico_sendf(session, WRONG, "! %s cannot take more now", name);
    }
}

static void user_run(portico_session session, user *u, uint16_t opcode, char *text) {
    portico_room room = portico->session_room(session);
    switch (opcode) {
    case NAME: user_name(session, room, u, text); break;
    case JOIN: user_join(session, u, text); break;
    case SAY: (void)portico_sendf_room(room, SAID, nobody, "%s: %s", u->name, text); break;
    case WHO: user_who(session, room); break;
    case TELL: user_tell(session, u, text); break;
    case LEAVE: (void)portico->session_leave(session); break; /* room_on_leave does the rest */
    case SHOUT:
        (void)portico_sendf_channel(EVERYBODY, TOLD, nobody, "%s to all: %s", u->name, text);
        break;
    case HELP:
        for (const struct command *c = commands; c->word != NULL; c++) {
            (void)portico_sendf(session, NOTICE, "* %s", c->help);
        }
        break;
    default: /* QUIT: what is queued is still sent */
        (void)portico_sendf(session, NOTICE, "* good bye, %s", u->name);
        (void)portico->session_close(session, PORTICO_E_CLOSED);
    }
}

/* ---- what the host calls for a user ---------------------------------------------------------- */
/* Handles every packet, whatever its opcode. */
static void user_on_packet(portico_session session, void *state, const portico_packet *packet) {
    char clean[TEXT_BYTES_MAX + 1];
    char *text = clean;
    uint16_t opcode = packet->opcode;
    if (!plain_text(clean, max_text_bytes, packet->data, packet->size)) {
        (void)portico_sendf(session, WRONG, "! that was too long: cut to %u bytes", max_text_bytes);
    }
    if (opcode == 0 && text[0] == '\0') {
        return; /* an empty line */
    }
    const char *word = opcode != 0 ? "" : text[0] == '/' ? text_take_word(&text) + 1 : "say";
    const struct command *c = commands;
    while (c->word != NULL && (opcode != 0 ? c->opcode != opcode : strcmp(c->word, word) != 0)) {
        c++;
    }
    if (c->word == NULL) {
        (void)portico_sendf(session, WRONG, "! there is no such command: /help lists them");
    } else if ((c->needs & IN_ROOM) != 0 && portico->session_room(session).id == 0) {
        (void)portico_sendf(session, WRONG, "! you are in no room: /join ROOM");
    } else if ((c->needs & TEXT) != 0 && text[0] == '\0') {
        (void)portico_sendf(session, WRONG, "! %s what?", c->word);
    } else if ((c->needs & NAMED) != 0 &&
               (!name_is_valid(text) || strncmp(text, GUEST, strlen(GUEST)) == 0)) {
        (void)portico_sendf(session, WRONG,
                            "! a name is up to 31 letters, digits, _ and -, not guest-...");
    } else {
        user_run(session, state, c->opcode, text);
    }
}

static portico_status user_on_open(portico_session session, void *state) {
    user *u = state;
    (void)snprintf(u->name, sizeof u->name, GUEST "%llu", (unsigned long long)session.id);
    (void)snprintf(u->room, sizeof u->room, "%s", default_room);
    portico_status status = portico->session_set_label(session, u->name);
    if (status == PORTICO_OK) {
        status = portico->channel_join(EVERYBODY, session);
    }
    if (status != PORTICO_OK) {
        return status;
    }
    if (motd[0] != '\0') {
        (void)portico_sendf(session, NOTICE, "* %s", motd);
    }
    (void)portico_sendf(session, NOTICE, "* /help lists the commands");
    return user_go(session, u);
}

static void user_on_arrived(portico_session session, void *state, const portico_message *message) {
    const user *u = state;
    portico_room_result result;
    memcpy(&result, message->data, sizeof result);
    if (result.status == PORTICO_E_ROOM_CLOSED) { /* it was empty and closed: create it anew */
        result.status = user_go(session, u);
    }
    if (result.status != PORTICO_OK && result.status != PORTICO_E_CANCELLED) {
        (void)portico_sendf(session, WRONG, "! you cannot enter room %s: not now", u->room);
    }
}

/* ---- what the host calls for a room ---------------------------------------------------------- */
static portico_status room_on_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    (void)snprintf(((place *)state)->name, NAME_BYTES, "%.*s", (int)size, (const char *)data);
    return portico->post_every(portico_room_entity(room), SWEEP, NULL, 0, SWEEP_MS, NULL);
}

/* Closes an empty room, also one whose only guest disconnected on the way to it. */
static void room_on_sweep(portico_room room, void *state, const portico_message *message) {
    (void)state, (void)message;
    if (portico->room_members(room, NULL, 0) == 0) {
        (void)portico->room_close(room, PORTICO_E_CLOSED);
    }
}

static portico_status room_on_join(portico_room room, void *state, portico_session session) {
    const place *here = state;
    char who[PORTICO_LABEL_MAX];
    (void)portico->session_label(session, who);
    (void)portico_sendf_room(room, NOTICE, nobody, "* %s has come to room %s", who, here->name);
    return PORTICO_OK;
}

/* Called once for each session that joined, whatever the reason; it still has its label. */
static void room_on_leave(portico_room room, void *state, portico_session session,
                          portico_status reason) {
    const place *here = state;
    char who[PORTICO_LABEL_MAX];
    (void)portico->session_label(session, who);
    if (reason == PORTICO_OK) {
        (void)portico_sendf(session, NOTICE, "* %s has left room %s", who, here->name);
        (void)portico_sendf_room(room, NOTICE, session, "* %s has left room %s", who, here->name);
    } else if (reason != PORTICO_E_ROOM_CLOSED && reason != PORTICO_E_SHUTDOWN &&
               reason != PORTICO_E_UNLOADED) { /* or to tell each of all others would take long */
        (void)portico_sendf_room(room, NOTICE, session, "* %s has gone", who);
    }
}

/* ---- the module ------------------------------------------------------------------------------ */
static portico_status chat_start(void *state, uint32_t why) {
    (void)state, (void)why;
    if (name_is_valid(default_room)) {
        return PORTICO_OK;
    }
    portico_logf(PORTICO_LOG_ERROR, "default_room = %s: it must be a room's name", default_room);
    return PORTICO_E_INVALID;
}

static const portico_session_message arrivals[] = {PORTICO_MESSAGE(ARRIVED, user_on_arrived)};
static const portico_session_type session_types[] = {
    {.name = "user",
     .state = PORTICO_STATE_OF(user, 1),
     .on_open = user_on_open,
     .on_packet = user_on_packet,
     .messages = PORTICO_TABLE(arrivals)},
};
static const portico_room_message sweeps[] = {PORTICO_MESSAGE(SWEEP, room_on_sweep)};
static const portico_room_type room_types[] = {
    {.name = "room",
     .state = PORTICO_STATE_OF(place, 1),
     .on_open = room_on_open,
     .on_join = room_on_join,
     .on_leave = room_on_leave,
     .messages = PORTICO_TABLE(sweeps)},
};
static const portico_setting settings[] = {
    PORTICO_TEXT(motd, "", 0, TEXT_BYTES_MAX, "a line for newcomers; empty: none"),
    PORTICO_TEXT(default_room, "lobby", 1, NAME_BYTES - 1, "where newcomers go"),
    PORTICO_U32(max_text_bytes, "512", 64, TEXT_BYTES_MAX, "longer text is cut"),
};
static const portico_module chat = {
    .name = "chat",
    .version = "0.1.0",
    .description = "Rooms to talk in, for games and for people with a terminal.",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .settings = PORTICO_TABLE(settings),
    .start = chat_start,
};
PORTICO_MODULE(chat);
