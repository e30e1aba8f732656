/* chat.c: rooms to talk in. Shows a module with state, names, rooms, a channel, settings and untrusted text.
 *
 * One code path serves people and games. Over the framing `line` a person types (nc 127.0.0.1 7778), which
 * is opcode 0: words after a slash are commands, anything else is said. Over `u16` a game sends opcodes, and
 * may use opcode 0 too. Both get the same lines back; the opcode, which `line` leaves out, says which kind.
 *
 *   from a client                      to a client; no payload has a zero at its end
 *   0  what a person would type        100  said in the room     "name: text"
 *   1  /name NAME                      101  notice               "* text"
 *   2  /join ROOM                      102  error                "! text"
 *   3  /say TEXT                       103  who is there         "= room (2): name, name"
 *   4  /who                            104  said to one alone    "name to you: text", "you to name: text"
 *   5  /tell NAME TEXT                      or to everybody      "name to all: text"
 *   6  /quit
 *   7  /leave                          The payload of 1 to 8 is what would follow the word.
 *   8  /shout TEXT
 *
 * NOBODY FORGES A LINE  Names have no spaces and no colon, so what stands before the first ": " was written
 * by this module. Text keeps to one line, which plain_text.h sees to.
 *
 * THREADS  A session's `user` is its own; a room has no state here, as the host knows its name and members (arena.c has
 * rooms with state). Handlers of different rooms run at the same moment; what they share, names and the channel of
 * everybody, is the host's. The statics are written in `load` only.
 */
#include "plain_text.h"

#include <portico/portico.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SESSION_TYPE "chat.user"
#define ROOM_TYPE "chat.room"
#define EVERYBODY "chat.everybody" /* the channel of all users, whatever room they are in */
#define GUEST_PREFIX "guest-" /* names that nobody can take, so that a newcomer's is always free */

enum {
    NAME_BYTES_MAX = 31,   /* of names and rooms */
    TEXT_BYTES_MAX = 4096, /* the most that max_text_bytes may say */
    LINE_BYTES_MAX = TEXT_BYTES_MAX + 2 * NAME_BYTES_MAX + 64,
    WHO_MAX = 50, /* names that one answer lists */
    SWEEP_MS = 1000,
};

enum { SAID = 100, NOTICE = 101, WRONG = 102, WHO = 103, TOLD = 104 };

/* Messages, which no client can send: SWEEP to a room, ARRIVED to a user. */
enum { SWEEP = 1, ARRIVED = 2 };

/* A session's state: the host's memory, zeroed before on_open. It stays when this module is swapped; the host takes the
 * values over by these names.
 *   name  the session's label
 *   room  the name of where they last went */
#define USER(S, FIELD, ARRAY)                \
    ARRAY(S, char, name, NAME_BYTES_MAX + 1) \
    ARRAY(S, char, room, NAME_BYTES_MAX + 1)
PORTICO_STATE(user, USER);

static const portico_host *host;
static const char *motd;         /* [module chat] motd: shown to newcomers, "" for nothing */
static const char *default_room; /* [module chat] default_room: where newcomers are */
static uint32_t max_text_bytes;  /* [module chat] max_text_bytes: longer text is cut */

/* Takes the first word, or "", off *text, which goes on behind it. */
static char *text_take_word(char **text) {
    char *word = *text;
    char *end = word + strcspn(word, " ");
    *text = end + strspn(end, " ");
    *end = '\0';
    return word;
}

/* Names of users and rooms. Plain ASCII: nobody can look like somebody else by a letter of another script. */
static bool name_is_valid(const char *name) {
    size_t size = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return size > 0 && size <= NAME_BYTES_MAX && name[size] == '\0';
}

/* LINE_BYTES_MAX has room for all that is written here, so nothing is cut inside a character. */
static uint32_t line_format(char line[LINE_BYTES_MAX], const char *format, va_list arguments) {
    int size = vsnprintf(line, LINE_BYTES_MAX, format, arguments);
    return size < 0 ? 0 : size < LINE_BYTES_MAX ? (uint32_t)size : LINE_BYTES_MAX - 1;
}

/* A line to one session. Only /tell asks what became of it: a slow client is the host's to deal with. */
static portico_status user_send(portico_session session, uint16_t opcode, const char *format, ...) {
    char line[LINE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    uint32_t size = line_format(line, format, arguments);
    va_end(arguments);
    return host->session_send(session, opcode, line, size);
}

/* A line to all in a room but `except` (0: to all). */
static void room_send(portico_room room, portico_session except, uint16_t opcode,
                      const char *format, ...) {
    char line[LINE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    uint32_t size = line_format(line, format, arguments);
    va_end(arguments);
    (void)host->room_send(room, opcode, line, size, except);
}

/* Sets out for room u->room, which is entered after this handler has returned: ARRIVED says how that ended. */
static portico_status user_set_out(portico_session session, const user *u) {
    portico_room room = 0;
    portico_status status = host->room_create(ROOM_TYPE, u->room, &room);
    bool is_there = status == PORTICO_OK || status == PORTICO_E_EXISTS;
    return is_there ? host->room_join_tell(room, session, ARRIVED) : status;
}

static void command_name(portico_session session, user *u, char *text) {
    if (!name_is_valid(text) || strncmp(text, GUEST_PREFIX, strlen(GUEST_PREFIX)) == 0) {
        (void)user_send(session, WRONG,
                        "! a name is up to 31 letters, digits, _ and -, not guest-...");
        return;
    }
    portico_status status = host->session_set_label(session, text);
    if (status != PORTICO_OK) {
        (void)user_send(session, WRONG, "! you cannot be called %s: %s", text,
                        status == PORTICO_E_EXISTS ? "the name is taken" : "not now");
        return;
    }
    room_send(host->session_room(session), session, NOTICE, "* %s is now %s", u->name, text);
    (void)snprintf(u->name, sizeof u->name, "%s", text);
    (void)user_send(session, NOTICE, "* you are now %s", text);
}

static void command_join(portico_session session, user *u, char *text) {
    if (!name_is_valid(text)) {
        (void)user_send(session, WRONG, "! a room's name is up to 31 letters, digits, _ and -");
        return;
    }
    memcpy(u->room, text, strlen(text) + 1);
    portico_status status = user_set_out(session, u);
    if (status != PORTICO_OK) {
        (void)user_send(session, WRONG, "! you cannot enter room %s: %s", text,
                        status == PORTICO_E_EXISTS ? "you are there" : "not now");
    }
}

static void command_say(portico_session session, user *u, char *text) {
    if (text[0] == '\0') {
        (void)user_send(session, WRONG, "! say what?");
    } else {
        room_send(host->session_room(session), 0, SAID, "%s: %s", u->name,
                  text); /* to the speaker, too */
    }
}

static void command_shout(portico_session session, user *u, char *text) {
    char line[LINE_BYTES_MAX];
    if (text[0] == '\0') {
        (void)user_send(session, WRONG, "! shout what?");
    } else {
        int size = snprintf(line, sizeof line, "%s to all: %s", u->name, text);
        (void)host->channel_send(EVERYBODY, TOLD, line, (uint32_t)size, 0);
    }
}

static void command_who(portico_session session, user *u, char *text) {
    (void)u, (void)text;
    portico_session members[WHO_MAX];
    portico_room room = host->session_room(session);
    portico_room_info about = {.struct_size = sizeof about};
    (void)host->room_info(room, &about); /* it is there: this runs in its turn */
    uint32_t count = host->room_members(room, members, WHO_MAX);
    char names[WHO_MAX * (PORTICO_LABEL_MAX + 2) + 1] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < count && i < WHO_MAX; i++) {
        portico_session_info member = {.struct_size = sizeof member};
        if (host->session_info(members[i], &member) == PORTICO_OK) { /* else it has just gone */
            const char *comma = used > 0 ? ", " : "";
            used +=
                (size_t)snprintf(names + used, sizeof names - used, "%s%s", comma, member.label);
        }
    }
    (void)user_send(session, WHO, "= %s (%u): %s%s", about.name, (unsigned)count, names,
                    count > WHO_MAX ? ", ..." : "");
}

static void command_tell(portico_session session, user *u, char *text) {
    const char *name = text_take_word(&text);
    if (!name_is_valid(name) || text[0] == '\0') {
        (void)user_send(session, WRONG, "! whom, and what? /tell NAME TEXT");
        return;
    }
    portico_session to = host->session_by_label(SESSION_TYPE, name);
    portico_status status =
        to != 0 ? user_send(to, TOLD, "%s to you: %s", u->name, text) : PORTICO_E_GONE;
    if (status == PORTICO_OK) {
        (void)user_send(session, TOLD, "you to %s: %s", name, text);
    } else if (status == PORTICO_E_GONE) {
        (void)user_send(session, WRONG, "! nobody here is called %s", name);
    } else {
        (void)user_send(session, WRONG, "! %s cannot take more now", name);
    }
}

static void command_leave(portico_session session, user *u, char *text) {
    (void)u, (void)text;
    (void)host->room_leave(session); /* the rest is room_on_leave's */
}

static void command_quit(portico_session session, user *u, char *text) {
    (void)text;
    (void)user_send(session, NOTICE, "* good bye, %s", u->name);
    (void)host->session_close(session); /* what is queued is still sent; the rest is on_close's */
}

static void command_help(portico_session session, user *u, char *text);

/* Opcode 0: only as text. in_room: only for those in a room. `run` gets clean text that it may change. */
typedef struct command {
    const char *word;
    uint16_t opcode;
    bool in_room;
    void (*run)(portico_session session, user *u, char *text);
    const char *help;
} command;

static const command commands[] = {
    {"say", 3, true, command_say, "/say TEXT, or just TEXT: speak to all in the room"},
    {"tell", 5, false, command_tell, "/tell NAME TEXT: speak to one alone"},
    {"who", 4, true, command_who, "/who: who is in the room"},
    {"join", 2, false, command_join, "/join ROOM: go to another room"},
    {"leave", 7, true, command_leave, "/leave: leave the room"},
    {"name", 1, false, command_name, "/name NAME: take a name"},
    {"help", 0, false, command_help, "/help: this list"},
    {"shout", 8, false, command_shout, "/shout TEXT: speak to everybody in all rooms"},
    {"quit", 6, false, command_quit, "/quit: close the connection"},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void command_help(portico_session session, user *u, char *text) {
    (void)u, (void)text;
    for (size_t i = 0; i < COMMANDS; i++) {
        (void)user_send(session, NOTICE, "* %s", commands[i].help);
    }
}

/* The command of `opcode`, or with opcode 0 the one that *text says; *text is then what follows. */
static const command *command_find(uint16_t opcode, char **text) {
    const char *word = opcode != 0 ? "" : **text == '/' ? text_take_word(text) + 1 : "say";
    for (size_t i = 0; i < COMMANDS; i++) {
        if (opcode != 0 ? commands[i].opcode == opcode : strcmp(commands[i].word, word) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static portico_status PORTICO_CALL user_on_open(portico_session session, void *state) {
    user *u = state;
    (void)snprintf(u->name, sizeof u->name, GUEST_PREFIX "%llu", (unsigned long long)session);
    portico_status status = host->session_set_label(session, u->name);
    if (status == PORTICO_OK) {
        status = host->channel_join(EVERYBODY, session);
    }
    if (status != PORTICO_OK) {
        return status;
    }
    if (motd[0] != '\0') {
        (void)user_send(session, NOTICE, "* %s", motd);
    }
    (void)user_send(session, NOTICE, "* /help lists the commands");
    (void)snprintf(u->room, sizeof u->room, "%s", default_room);
    return user_set_out(session, u);
}

static void PORTICO_CALL user_on_arrived(portico_entity session, void *state,
                                         const portico_message *message) {
    const user *u = state;
    portico_room_result result;
    memcpy(&result, message->data, sizeof result);
    /* Swept away in between: to a new room of that name. */
    portico_status status =
        result.status == PORTICO_E_ROOM_CLOSED ? user_set_out(session, u) : result.status;
    if (status != PORTICO_OK &&
        status != PORTICO_E_CANCELLED) { /* cancelled: they go elsewhere by now */
        (void)user_send(session, WRONG, "! you cannot enter room %s: not now", u->room);
    }
}

/* Every packet comes here, whichever opcode it was registered for. */
static void PORTICO_CALL user_on_packet(portico_session session, void *state,
                                        const portico_packet *packet) {
    char clean[TEXT_BYTES_MAX + 1];
    if (!plain_text(clean, max_text_bytes, packet->data, packet->size)) {
        (void)user_send(session, WRONG, "! that was too long: cut to %u bytes",
                        (unsigned)max_text_bytes);
    }
    char *text = clean;
    if (packet->opcode == 0 && text[0] == '\0') {
        return; /* somebody pressed Enter */
    }
    const command *c = command_find(packet->opcode, &text);
    if (c == NULL) {
        (void)user_send(session, WRONG, "! there is no such command: /help lists them");
    } else if (c->in_room && host->session_room(session) == 0) {
        (void)user_send(session, WRONG, "! you are in no room: /join ROOM");
    } else {
        c->run(session, state, text);
    }
}

static portico_status PORTICO_CALL room_on_open(portico_room room, void *state) {
    (void)state;
    return host->post_every(room, SWEEP, NULL, 0, SWEEP_MS, NULL);
}

/* Not in room_on_leave: so a room goes too whose only guest has never come. */
static void PORTICO_CALL room_on_sweep(portico_entity room, void *state,
                                       const portico_message *message) {
    (void)state, (void)message;
    if (host->room_members(room, NULL, 0) == 0) {
        (void)host->room_close(room);
    }
}

static portico_status PORTICO_CALL room_on_join(portico_room room, void *state,
                                                portico_session session) {
    (void)state;
    portico_room_info where = {.struct_size = sizeof where};
    portico_session_info who = {.struct_size = sizeof who};
    (void)host->room_info(room, &where);
    portico_status status = host->session_info(session, &who);
    if (status == PORTICO_OK) {
        room_send(room, 0, NOTICE, "* %s has come to room %s", who.label, where.name);
    }
    return status;
}

/* For whatever reason: once for each who came in. The host keeps the label until then. */
static void PORTICO_CALL room_on_leave(portico_room room, void *state, portico_session session,
                                       portico_status reason) {
    (void)state;
    portico_room_info where = {.struct_size = sizeof where};
    portico_session_info who = {.struct_size = sizeof who};
    /* When all go at once, telling each of every other would be work by the square. */
    bool all_go = host->room_info(room, &where) != PORTICO_OK || where.closing != 0 ||
                  reason == PORTICO_E_SHUTDOWN || reason == PORTICO_E_UNLOADED;
    if (all_go || host->session_info(session, &who) != PORTICO_OK) {
        return;
    }
    if (reason == PORTICO_OK) {
        (void)user_send(session, NOTICE, "* %s has left room %s", who.label, where.name);
        room_send(room, session, NOTICE, "* %s has left room %s", who.label, where.name);
    } else {
        room_send(room, session, NOTICE, "* %s has gone", who.label);
    }
}

static portico_status chat_configure(void) {
    motd = host->config_text("motd", "");
    default_room = host->config_text("default_room", "lobby");
    if (strlen(motd) > TEXT_BYTES_MAX || !name_is_valid(default_room)) {
        host->log(PORTICO_LOG_ERROR,
                  "allowed is: motd up to 4096 bytes, default_room a room's name");
        return PORTICO_E_INVALID;
    }
    int64_t value = 0;
    portico_status status = host->config_integer("max_text_bytes", 512, 64, TEXT_BYTES_MAX, &value);
    max_text_bytes = (uint32_t)value;
    return status;
}

static portico_status PORTICO_CALL chat_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type user_type = {
        .struct_size = sizeof user_type,
        .state_size = sizeof(user),
        .state_version = 1,
        .name = "user",
        .on_open = user_on_open,
        .on_packet = user_on_packet, /* opcode 0, and those that nobody knows */
        .state_fields = &user_fields,
    };
    const portico_room_type room_type = {
        .struct_size = sizeof room_type,
        .name = "room",
        .on_open = room_on_open,
        .on_join = room_on_join,
        .on_leave = room_on_leave,
    };
    portico_status status = chat_configure();
    status = status == PORTICO_OK ? host->register_session_type(&user_type) : status;
    status = status == PORTICO_OK ? host->register_room_type(&room_type) : status;
    status =
        status == PORTICO_OK ? host->register_message("user", ARRIVED, user_on_arrived) : status;
    status = status == PORTICO_OK ? host->register_message("room", SWEEP, room_on_sweep) : status;
    /* Registered opcodes are this module's: another one that joins chat.user cannot take them. */
    for (size_t i = 0; i < COMMANDS && status == PORTICO_OK; i++) {
        if (commands[i].opcode != 0) {
            status = host->register_handler("user", commands[i].opcode, user_on_packet);
        }
    }
    return status;
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "chat",
    .version = "0.1.0",
    .description = "Rooms to talk in, for games and for people with a terminal.",
    .load = chat_load,
};

PORTICO_MODULE(info);
