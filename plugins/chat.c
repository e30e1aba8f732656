/* chat.c: rooms to talk in. Shows session state, labels, rooms, a channel, settings and untrusted
 * text.
 *
 * One code path serves people and games. With the framing `line` a person types into a terminal
 * (nc 127.0.0.1 7778): a line is a packet of opcode 0, a word after a slash is a command, anything
 * else is said to the room. With `u16` a game sends opcodes, 0 included. Both receive the same
 * lines; the opcode, which `line` leaves out, says which kind a line is.
 *
 *   from a client                 to a client; payloads do not end with a zero
 *   0  what a person would type   100  said in the room    "name: text"
 *   1  /name NAME                 101  notice              "* text"
 *   2  /join ROOM                 102  error               "! text"
 *   3  /say TEXT                  103  who is there        "= room (2): name, name"
 *   4  /who                       104  said to one person  "name to you: text", "you to name: text"
 *   5  /tell NAME TEXT                 or to everybody     "name to all: text"
 *   6  /quit
 *   7  /leave                     The payload of 1 to 8 is what a person would type after the word.
 *   8  /shout TEXT
 *
 * NOBODY FORGES A LINE  Names contain neither spaces nor colons, so this module wrote whatever
 * precedes the first ": ". plain_text.h keeps a text on one line.
 *
 * THREADS  Each session has its own `user`. A room has no state, since the host knows its name and
 * members (arena.c has rooms with state). Handlers in different rooms run at the same time; what
 * they share, the names and the channel of everybody, belongs to the host. Statics are written in
 * `load` only.
 */
#include "plain_text.h"

#include <portico/portico.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SESSION_TYPE "chat.user"
#define ROOM_TYPE "chat.room"
#define EVERYBODY "chat.everybody" /* the channel of all users, in whatever room */
#define GUEST_PREFIX "guest-"      /* reserved: so a newcomer's name is always free */

enum {
    NAME_BYTES_MAX = 31,   /* names of users and rooms */
    TEXT_BYTES_MAX = 4096, /* upper limit of max_text_bytes */
    LINE_BYTES_MAX = TEXT_BYTES_MAX + 2 * NAME_BYTES_MAX + 64,
    WHO_MAX = 50,    /* names in one answer to /who */
    SWEEP_MS = 1000, /* how often a room checks whether it is empty */
};

enum { SAID = 100, NOTICE = 101, WRONG = 102, WHO = 103, TOLD = 104 };

/* Messages, which clients cannot send: SWEEP to a room, ARRIVED to a user. */
enum { SWEEP = 1, ARRIVED = 2 };

/* A session's state, zeroed by the host before on_open. It survives swaps: the host carries the
 * values over by these names.
 *   name  the session's label
 *   room  the name of the room that the user last asked for */
#define USER(S, FIELD, ARRAY)                \
    ARRAY(S, char, name, NAME_BYTES_MAX + 1) \
    ARRAY(S, char, room, NAME_BYTES_MAX + 1)
PORTICO_STATE(user, USER);

static const portico_host *host;
static const char *motd;         /* [module chat] motd: shown to newcomers; "" for nothing */
static const char *default_room; /* [module chat] default_room: where newcomers go */
static uint32_t max_text_bytes;  /* [module chat] max_text_bytes: longer text is cut */

/* Cuts the first word (possibly "") off *text and returns it. *text is then what follows. */
static char *text_take_word(char **text) {
    char *word = *text;
    char *end = word + strcspn(word, " ");
    *text = end + strspn(end, " ");
    *end = '\0';
    return word;
}

/* Whether a user or a room may have this name. ASCII only: letters of other scripts can look
 * alike. */
static bool name_is_valid(const char *name) {
    size_t size = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return size > 0 && size <= NAME_BYTES_MAX && name[size] == '\0';
}

/* Everything written here fits into LINE_BYTES_MAX, so no character is cut in half. */
static uint32_t line_format(char line[LINE_BYTES_MAX], const char *format, va_list arguments) {
    int size = vsnprintf(line, LINE_BYTES_MAX, format, arguments);
    return size < 0 ? 0 : size < LINE_BYTES_MAX ? (uint32_t)size : LINE_BYTES_MAX - 1;
}

/* Sends a line to one session. Only /tell uses the status: the host deals with slow clients. */
static portico_status user_send(portico_session session, uint16_t opcode, const char *format, ...) {
    char line[LINE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    uint32_t size = line_format(line, format, arguments);
    va_end(arguments);
    return host->session_send(session, opcode, line, size);
}

/* Sends a line to everybody in a room except `except` (0: to everybody). */
static void room_send(portico_room room, portico_session except, uint16_t opcode,
                      const char *format, ...) {
    char line[LINE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    uint32_t size = line_format(line, format, arguments);
    va_end(arguments);
    (void)host->room_send(room, opcode, line, size, except);
}

/* Sends the user to the room u->room, which is created if need be. They enter it after this handler
 * has returned, and ARRIVED reports how that went. */
static portico_status user_go(portico_session session, const user *u) {
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
    portico_status status = user_go(session, u);
    if (status != PORTICO_OK) {
        (void)user_send(session, WRONG, "! you cannot enter room %s: %s", text,
                        status == PORTICO_E_EXISTS ? "you are there" : "not now");
    }
}

static void command_say(portico_session session, user *u, char *text) {
    if (text[0] == '\0') {
        (void)user_send(session, WRONG, "! say what?");
    } else {
        portico_room room = host->session_room(session);
        room_send(room, 0, SAID, "%s: %s", u->name, text); /* also to the speaker */
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
    (void)host->room_info(room, &about); /* cannot fail: this runs in the room's turn */
    uint32_t count = host->room_members(room, members, WHO_MAX);
    char names[WHO_MAX * (PORTICO_LABEL_MAX + 2) + 1] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < count && i < WHO_MAX; i++) {
        portico_session_info member = {.struct_size = sizeof member};
        if (host->session_info(members[i], &member) == PORTICO_OK) { /* else it has just left */
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
    (void)host->room_leave(session); /* room_on_leave does the rest */
}

static void command_quit(portico_session session, user *u, char *text) {
    (void)text;
    (void)user_send(session, NOTICE, "* good bye, %s", u->name);
    (void)host->session_close(session); /* what is queued is still sent */
}

static void command_help(portico_session session, user *u, char *text);

/* Opcode 0 means text only. in_room: the user must be in a room. `run` may change its `text`, which
 * is plain. */
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

/* Finds the command of `opcode`, or, for opcode 0, the one that *text begins with; *text is then
 * what follows. NULL: there is none. */
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
    if (status != PORTICO_OK) {
        return status;
    }
    status = host->channel_join(EVERYBODY, session);
    if (status != PORTICO_OK) {
        return status;
    }
    if (motd[0] != '\0') {
        (void)user_send(session, NOTICE, "* %s", motd);
    }
    (void)user_send(session, NOTICE, "* /help lists the commands");
    (void)snprintf(u->room, sizeof u->room, "%s", default_room);
    return user_go(session, u);
}

static void PORTICO_CALL user_on_arrived(portico_entity session, void *state,
                                         const portico_message *message) {
    const user *u = state;
    portico_room_result result;
    memcpy(&result, message->data, sizeof result);
    portico_status status = result.status;
    if (status == PORTICO_E_ROOM_CLOSED) { /* it was empty and closed: create it anew */
        status = user_go(session, u);
    }
    if (status == PORTICO_OK || status == PORTICO_E_CANCELLED) {
        return; /* there, or on the way to yet another room */
    }
    (void)user_send(session, WRONG, "! you cannot enter room %s: not now", u->room);
}

/* Handles every packet, whatever its opcode. */
static void PORTICO_CALL user_on_packet(portico_session session, void *state,
                                        const portico_packet *packet) {
    char clean[TEXT_BYTES_MAX + 1];
    if (!plain_text(clean, max_text_bytes, packet->data, packet->size)) {
        (void)user_send(session, WRONG, "! that was too long: cut to %u bytes",
                        (unsigned)max_text_bytes);
    }
    char *text = clean;
    if (packet->opcode == 0 && text[0] == '\0') {
        return; /* an empty line */
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

/* Closes an empty room. room_on_leave would not do: it never runs for a room whose only guest
 * disconnected on the way to it. */
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

/* Called once for each session that joined, for whatever reason it leaves; it still has its
 * label. */
static void PORTICO_CALL room_on_leave(portico_room room, void *state, portico_session session,
                                       portico_status reason) {
    (void)state;
    portico_room_info where = {.struct_size = sizeof where};
    portico_session_info who = {.struct_size = sizeof who};
    /* When everybody leaves at once, telling each of all others would take quadratic time. */
    bool everybody_leaves = host->room_info(room, &where) != PORTICO_OK || where.closing != 0 ||
                            reason == PORTICO_E_SHUTDOWN || reason == PORTICO_E_UNLOADED;
    if (everybody_leaves || host->session_info(session, &who) != PORTICO_OK) {
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
                  "motd may have up to 4096 bytes, and default_room must be a room's name");
        return PORTICO_E_INVALID;
    }
    int64_t value = 0;
    portico_status status = host->config_integer("max_text_bytes", 512, 64, TEXT_BYTES_MAX, &value);
    max_text_bytes = (uint32_t)value;
    return status;
}

static portico_status chat_register_types(void) {
    const portico_session_type user_type = {
        .struct_size = sizeof user_type,
        .state_size = sizeof(user),
        .state_version = 1,
        .name = "user",
        .on_open = user_on_open,
        .on_packet = user_on_packet, /* opcode 0, and unknown ones */
        .state_fields = &user_fields,
    };
    const portico_room_type room_type = {
        .struct_size = sizeof room_type,
        .name = "room",
        .on_open = room_on_open,
        .on_join = room_on_join,
        .on_leave = room_on_leave,
    };
    portico_status status = host->register_session_type(&user_type);
    if (status != PORTICO_OK) {
        return status;
    }
    return host->register_room_type(&room_type);
}

static portico_status chat_register_handlers(void) {
    portico_status status = host->register_message("user", ARRIVED, user_on_arrived);
    if (status != PORTICO_OK) {
        return status;
    }
    /* Registered opcodes belong to this module: another one that joins chat.user cannot take
     * them. */
    for (size_t i = 0; i < COMMANDS; i++) {
        if (commands[i].opcode == 0) {
            continue;
        }
        status = host->register_handler("user", commands[i].opcode, user_on_packet);
        if (status != PORTICO_OK) {
            return status;
        }
    }
    return host->register_message("room", SWEEP, room_on_sweep);
}

/* Only reads settings and registers: at a swap the old code still serves while this runs. */
static portico_status PORTICO_CALL chat_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    portico_status status = chat_configure();
    if (status != PORTICO_OK) {
        return status;
    }
    status = chat_register_types();
    if (status != PORTICO_OK) {
        return status;
    }
    return chat_register_handlers();
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
