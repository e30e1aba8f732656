/* duel.c: a complete small game, three in a row. Shows a queue of players who wait for an opponent,
 * turns with a time limit, spectators, scores in a file, and players who return after their
 * connection broke. Read arena.c first.
 * There are three kinds of state. Each changes in its own turn only, so there are no locks.
 *   lobby   the module's: the members, with their scores and games
 *   board   a room's: one game; sessions in the room that are not one of its sides watch it
 *   player  a session's: the name of the member whom it speaks for
 *
 *   from a player, framing u16       to a player
 *   1 HELLO  my name is ...          100 WELCOME  your score so far
 *   2 PLAY   find me an opponent     101 BOARD    your game, after each change
 *   3 MOVE   I mark this cell        102 REFUSED  why nothing happens
 *   4 WATCH  show me the game of ...
 *   5 LEAVE  I stop waiting, watching or playing: who stops playing has lost
 *
 * A move takes turn_time at most. If a player's connection breaks, the game waits for them, for
 * reconnect_time in all, and the clock stops if it is their turn. HELLO with the same name brings
 * them back. A name is all that it takes: a real game would ask for a password as well. */
#include <portico/packet.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#if defined(_WIN32) /* where rename does not replace a file */
#include <windows.h>
#define rename(from, to) (MoveFileExA((from), (to), MOVEFILE_REPLACE_EXISTING) != 0 ? 0 : -1)
#endif

#define QUEUE "duel.queue" /* a channel: the host keeps its order, and removes who disconnects */
enum { CELLS = 9, NAME_BYTES = 16, MEMBERS_MAX = 1000, PATH_BYTES = 1024 };
enum { TICK_MS = 250, REPLY_MS = 5000 };

/* ---- packets --------------------------------------------------------------------------------- */
enum { HELLO = 1, PLAY, MOVE, WATCH, LEAVE, WELCOME = 100, BOARD, REFUSED };

#define WHO(S, F) F(S, TEXT, name, NAME_BYTES - 1)
PORTICO_PACKET(who, WHO); /* HELLO and WATCH */
#define MOVE(S, F) F(S, FIELD, uint8_t, cell)
PORTICO_PACKET(move, MOVE);

#define SCORE(S, F)                     \
    F(S, ARRAY, char, name, NAME_BYTES) \
    F(S, FIELD, uint32_t, won)          \
    F(S, FIELD, uint32_t, drawn)        \
    F(S, FIELD, uint32_t, lost)
PORTICO_PACKET(score, SCORE); /* WELCOME */

#define SIDE(S, F)                      \
    F(S, ARRAY, char, name, NAME_BYTES) \
    F(S, FIELD, bool, here)             \
    F(S, FIELD, uint32_t, away_ms) /* how long they may still be away */
PORTICO_PACKET(side, SIDE);

/* The sides are 1 and 2. A cell is 0, or the side that has marked it. This is also the state of a
 * room: there is nothing in it that nobody may see. */
#define BOARD(S, F)                    \
    F(S, FIELD, uint8_t, outcome)      \
    F(S, FIELD, uint8_t, turn)         \
    F(S, FIELD, uint32_t, left_ms)     \
    F(S, ARRAY, uint8_t, cells, CELLS) \
    F(S, STRUCTS, side, sides, 2)
PORTICO_PACKET(board, BOARD);
enum { PLAYING = 0, DRAWN = 3 }; /* outcomes; 1 or 2: that side has won */

#define REFUSED(S, F) F(S, TEXT, why, 100)
PORTICO_PACKET(refused, REFUSED);
#define SCORES(S, F) F(S, ROWS, score, rows, MEMBERS_MAX)
PORTICO_PACKET(scores, SCORES); /* the bytes of the file */

/* ---- states: the host carries them over by name when this code is swapped -------------------- */
#define PLAYER(S, F) F(S, ARRAY, char, name, NAME_BYTES)
PORTICO_STATE(player, PLAYER); /* name: "" before HELLO */

#define MEMBER(S, F) F(S, STRUCT, score, score) F(S, FIELD, portico_room, game)
PORTICO_STATE(member, MEMBER); /* game: 0 if they are in none */

#define LOBBY(S, F)                                 \
    F(S, STRUCTS, member, members, MEMBERS_MAX + 1) \
    F(S, FIELD, uint32_t, member_count)             \
    F(S, FIELD, uint32_t, games)                    \
    F(S, FIELD, bool, saving)                       \
    F(S, FIELD, bool, unsaved)
PORTICO_STATE(lobby, LOBBY);

static uint32_t turn_time, reconnect_time, max_games; /* settings: see the end of this file */

/* Messages inside the host, which clients cannot send: to the lobby, to a player, to a game. */
enum { GREET = 1, SEEK, QUIT, ENDED, SAVE, REPLY, TICK };

/* ---- the scores' file ------------------------------------------------------------------------ */
/* The job SAVE: it may block, but not touch any state. A crash leaves the old file or the new
 * one. */
static uint32_t scores_write(uint32_t id, const void *data, uint32_t size, void *reply,
                             uint32_t reply_capacity) {
    (void)id, (void)reply, (void)reply_capacity;
    char path[PATH_BYTES] = "", draft[PATH_BYTES] = "";
    (void)portico->data_path("scores", path, sizeof path);
    (void)portico->data_path("scores.new", draft, sizeof draft);
    FILE *file = fopen(draft, "wb");
    bool written = file != NULL && fwrite(data, 1, size, file) == size;
    if (file == NULL || fclose(file) != 0 || !written || rename(draft, path) != 0) {
        portico_logf(PORTICO_LOG_ERROR, "cannot write the scores to \"%s\"", path);
    }
    return 0;
}

/* Starts the job, unless it runs: two would write the same file. */
static void lobby_save(lobby *l) {
    if (l->saving || !l->unsaved) {
        return;
    }
    uint8_t bytes[scores_size_max];
    uint32_t size = 0;
    scores s = {.rows_count = l->member_count};
    for (uint32_t i = 0; i < l->member_count; i++) {
        s.rows[i] = l->members[i].score;
    }
    l->saving = scores_encode(&s, bytes, sizeof bytes, &size) == PORTICO_OK &&
                portico->run_job(SAVE, bytes, size, portico->self()) == PORTICO_OK;
    l->unsaved = !l->saving;
}

/* The job has ended: its reply is a message of the same id. */
static void lobby_on_saved(portico_entity self, void *state, const portico_message *message) {
    (void)self, (void)message;
    ((lobby *)state)->saving = false;
    lobby_save(state);
}

/* Reads the scores. Nobody plays yet, so this may block. */
static portico_status lobby_start(void *state, uint32_t why) {
    lobby *l = state;
    char path[PATH_BYTES];
    if (why != PORTICO_START_LOADED) {
        return PORTICO_OK; /* the state is as it was before the swap */
    }
    portico_status status = portico->data_path("scores", path, sizeof path);
    FILE *file = status == PORTICO_OK ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        return status != PORTICO_OK || errno == ENOENT ? status : PORTICO_E_ACCESS;
    }
    scores s;
    uint8_t bytes[scores_size_max + 1];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    bool read = ferror(file) == 0 && scores_decode(&s, bytes, (uint32_t)size);
    (void)fclose(file);
    if (!read) {
        portico_logf(PORTICO_LOG_ERROR, "%s is damaged: restore or remove it", path);
        return PORTICO_E_INVALID; /* else the next game would overwrite it */
    }
    for (; l->member_count < s.rows_count; l->member_count++) {
        l->members[l->member_count].score = s.rows[l->member_count];
    }
    return PORTICO_OK;
}

/* ---- the lobby, in the module's turn --------------------------------------------------------- */
static void player_refuse(portico_session session, const char *why) {
    (void)refused_send(session, REFUSED, &(refused){why, (uint32_t)strlen(why)});
}

/* The member of that name, or else the first free place, which has no name. */
static member *lobby_find(lobby *l, const char *name) {
    uint32_t i = 0;
    while (i < l->member_count && strcmp(l->members[i].score.name, name) != 0) {
        i++;
    }
    return &l->members[i];
}

static void lobby_on_greet(portico_entity self, void *state, const portico_message *message) {
    (void)self;
    lobby *l = state;
    member *m = lobby_find(l, (const char *)message->data);
    if (m->score.name[0] == '\0' && l->member_count < MEMBERS_MAX) {
        memcpy(m->score.name, message->data, NAME_BYTES);
        l->member_count++;
    }
    (void)portico->reply(message->request, m, m->score.name[0] != '\0' ? sizeof *m : 0);
}

/* Called when one more waits, or a game has ended: at most one can begin. */
static void lobby_pair(lobby *l) {
    portico_session sides[2];
    char names[2][PORTICO_LABEL_MAX], title[PORTICO_LABEL_MAX];
    portico_room room;
    if (l->games >= max_games || portico->channel_members(QUEUE, sides, 2) < 2 ||
        portico->session_label(sides[0], names[0]) != PORTICO_OK || names[0][0] == '\0' ||
        portico->session_label(sides[1], names[1]) != PORTICO_OK || names[1][0] == '\0') {
        return; /* no name: has just disconnected */
    }
    (void)snprintf(title, sizeof title, "%.15s vs %.15s", names[0], names[1]);
    if (portico->room_create("duel.game", title, names, sizeof names, &room) != PORTICO_OK) {
        return; /* out of memory: they wait for the next call */
    }
    for (uint32_t i = 0; i < 2; i++) {
        lobby_find(l, names[i])->game = room;
        (void)portico->channel_leave(QUEUE, sides[i]);
        (void)portico->session_join(sides[i], room, 0);
    }
    l->games++;
}

/* SEEK and QUIT: a session that wants to play, and one that no longer does. */
static void lobby_on_queue(portico_entity self, void *state, const portico_message *message) {
    (void)self;
    portico_session session;
    char name[PORTICO_LABEL_MAX];
    memcpy(&session, message->data, sizeof session);
    (void)portico->session_label(session, name);
    const member *m = lobby_find(state, name);
    if (message->id == QUIT) {
        (void)portico->channel_leave(QUEUE, session);
    } else if (m->score.name[0] == '\0' || m->game.id != 0) {
        player_refuse(session, "say HELLO first, or end your game");
    } else {
        (void)portico->channel_join(QUEUE, session);
        lobby_pair(state);
    }
}

static void lobby_on_ended(portico_entity self, void *state, const portico_message *message) {
    (void)self;
    lobby *l = state;
    board b = {0};
    memcpy(&b, message->data, message->size < sizeof b ? message->size : sizeof b);
    for (uint32_t i = 0; i < 2; i++) {
        member *m = lobby_find(l, b.sides[i].name);
        m->game.id = 0;
        m->score.won += b.outcome == i + 1;
        m->score.lost += b.outcome == 2 - i;
        m->score.drawn += b.outcome == DRAWN;
    }
    l->games--;
    l->unsaved = true;
    lobby_save(l);
    lobby_pair(l);
}

/* ---- a game, in the room's turn -------------------------------------------------------------- */
static portico_status game_on_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    if (size != 2 * PORTICO_LABEL_MAX) { /* not from lobby_pair */
        return PORTICO_E_INVALID;
    }
    board *b = state;
    b->turn = 1;
    b->left_ms = turn_time;
    for (uint32_t i = 0; i < 2; i++) { /* both are away until they arrive */
        memcpy(b->sides[i].name, (const char *)data + i * PORTICO_LABEL_MAX, NAME_BYTES);
        b->sides[i].away_ms = reconnect_time;
    }
    return portico->post_every(portico_room_entity(room), TICK, NULL, 0, TICK_MS, NULL);
}

static void game_show(portico_room room, const board *b) {
    (void)board_send_room(room, BOARD, b, (portico_session){0});
}

static void game_end(portico_room room, board *b, uint32_t outcome) {
    b->outcome = (uint8_t)outcome;
    (void)portico->post(portico->self(), ENDED, b, sizeof *b);
    game_show(room, b); /* after ENDED: players may ask for the next game at once */
    (void)portico->room_close(room, PORTICO_E_CLOSED);
}

/* Which side a session is; 0: it watches. */
static uint32_t game_side(const board *b, portico_session session) {
    char name[PORTICO_LABEL_MAX];
    (void)portico->session_label(session, name);
    bool first = strcmp(b->sides[0].name, name) == 0;
    return first ? 1 : strcmp(b->sides[1].name, name) == 0 ? 2 : 0;
}

static portico_status game_on_join(portico_room room, void *state, portico_session session) {
    board *b = state;
    uint32_t which = game_side(b, session);
    if (which != 0) {
        b->sides[which - 1].here = true;
    }
    game_show(room, b);
    return PORTICO_OK;
}

static void game_on_leave(portico_room room, void *state, portico_session session,
                          portico_status reason) {
    board *b = state;
    uint32_t which = game_side(b, session);
    if (which == 0 || b->outcome != PLAYING) {
        return;
    }
    b->sides[which - 1].here = false;
    if (reason == PORTICO_OK) { /* they wanted to */
        game_end(room, b, 3 - which);
    } else {
        game_show(room, b);
    }
}

/* The clock. What is left is counted down: nobody gains time by being away. */
static void game_on_tick(portico_room room, void *state, const portico_message *message) {
    board *b = state;
    uint32_t passed_ms = TICK_MS * (1 + message->missed);
    for (uint32_t i = 0; i < 2 && b->outcome == PLAYING; i++) {
        side *s = &b->sides[i];
        uint32_t *left_ms = s->here ? &b->left_ms : &s->away_ms;
        if (!s->here || b->turn == i + 1) {
            *left_ms -= passed_ms < *left_ms ? passed_ms : *left_ms;
            if (*left_ms == 0) {
                game_end(room, b, 2 - i);
            }
        }
    }
}

/* Whether the side whose turn it is has three in a row. */
static bool board_is_won(const board *b) {
    static const uint8_t lines[8][3] = {{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {0, 3, 6},
                                        {1, 4, 7}, {2, 5, 8}, {0, 4, 8}, {2, 4, 6}};
    bool won = false;
    for (uint32_t i = 0; i < 8; i++) {
        const uint8_t *l = lines[i];
        won = won ||
              (b->cells[l[0]] == b->turn && b->cells[l[1]] == b->turn && b->cells[l[2]] == b->turn);
    }
    return won;
}

/* ---- a player, in the turn of the room that they are in -------------------------------------- */
static void player_on_move(portico_session session, player *p, const move *m) {
    (void)p;
    portico_room room = portico->session_room(session);
    board *b = portico->room_state(room);
    if (b == NULL || b->outcome != PLAYING || game_side(b, session) != b->turn) {
        player_refuse(session, "it is not your turn");
    } else if (m->cell >= CELLS || b->cells[m->cell] != 0) {
        player_refuse(session, "this cell cannot be marked");
    } else {
        b->cells[m->cell] = b->turn;
        if (board_is_won(b)) {
            game_end(room, b, b->turn);
        } else if (memchr(b->cells, 0, CELLS) == NULL) {
            game_end(room, b, DRAWN);
        } else {
            b->turn = (uint8_t)(3 - b->turn);
            b->left_ms = turn_time;
            game_show(room, b);
        }
    }
}

static void player_greet(portico_session session, const player *p) {
    portico_entity to = portico->self();
    if (portico->request(to, GREET, p->name, NAME_BYTES, REPLY, REPLY_MS, NULL) != PORTICO_OK) {
        (void)portico->session_close(session, PORTICO_E_NO_MEMORY);
    }
}

/* The label makes the name unique. The lobby knows the rest, and its answer is the message
 * REPLY. */
static void player_on_hello(portico_session session, player *p, const who *w) {
    size_t good =
        strspn(w->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    if (p->name[0] != '\0' || good == 0 || good != w->name_size) {
        player_refuse(session, "say it once, with letters, digits, _ and - only");
    } else if (portico->session_set_label(session, w->name) != PORTICO_OK) {
        player_refuse(session, "the name is taken");
    } else {
        memcpy(p->name, w->name, w->name_size);
        player_greet(session, p);
    }
}

static void player_on_reply(portico_session session, void *state, const portico_message *reply) {
    member m;
    if (reply->status == PORTICO_OK && reply->size == 0) { /* there are too many members */
        (void)portico->session_close(session, PORTICO_E_LIMIT);
    } else if (reply->size != sizeof m) { /* too late, or from a build before a swap: ask again */
        player_greet(session, state);
    } else {
        memcpy(&m, reply->data, sizeof m);
        (void)score_send(session, WELCOME, &m.score);
        (void)portico->session_join(session, m.game, 0); /* if there is one, back into it */
    }
}

static void player_on_play(portico_session session, player *p) {
    (void)p;
    (void)portico->post(portico->self(), SEEK, &session, sizeof session);
}

static void player_on_watch(portico_session session, player *p, const who *w) {
    portico_room room = portico->session_room(portico->session_find("duel.player", w->name));
    if (p->name[0] == '\0' || portico->session_join(session, room, 0) != PORTICO_OK) {
        player_refuse(session, "say HELLO, and name somebody who plays");
    }
}

static void player_on_leave(portico_session session, player *p) {
    (void)p;
    (void)portico->post(portico->self(), QUIT, &session, sizeof session);
    (void)portico->session_leave(session);
}

/* ---- the module ------------------------------------------------------------------------------ */
#define PLAYER_OPCODES(S, ON)                  \
    ON(S, PACKET, HELLO, who, player_on_hello) \
    ON(S, EMPTY, PLAY, player_on_play)         \
    ON(S, PACKET, MOVE, move, player_on_move)  \
    ON(S, PACKET, WATCH, who, player_on_watch) \
    ON(S, EMPTY, LEAVE, player_on_leave)
PORTICO_OPCODES(player_opcodes, player, PLAYER_OPCODES);

static const portico_opcode player_sends[] = {
    PORTICO_SENDS(WELCOME, score), PORTICO_SENDS(BOARD, board), PORTICO_SENDS(REFUSED, refused)};
static const portico_session_message player_messages[] = {PORTICO_MESSAGE(REPLY, player_on_reply)};
static const portico_session_type session_types[] = {{.name = "player",
                                                      .state = PORTICO_STATE_OF(player, 1),
                                                      .opcodes = PORTICO_TABLE(player_opcodes),
                                                      .messages = PORTICO_TABLE(player_messages),
                                                      .sends = PORTICO_TABLE(player_sends)}};
static const portico_room_message game_messages[] = {PORTICO_MESSAGE(TICK, game_on_tick)};
static const portico_room_type room_types[] = {{.name = "game",
                                                .state = PORTICO_STATE_OF(board, 1),
                                                .on_open = game_on_open,
                                                .on_join = game_on_join,
                                                .on_leave = game_on_leave,
                                                .messages = PORTICO_TABLE(game_messages)}};
static const portico_module_message lobby_messages[] = {
    PORTICO_MESSAGE(GREET, lobby_on_greet), PORTICO_MESSAGE(SEEK, lobby_on_queue),
    PORTICO_MESSAGE(QUIT, lobby_on_queue), PORTICO_MESSAGE(ENDED, lobby_on_ended),
    PORTICO_MESSAGE(SAVE, lobby_on_saved)};
static const portico_job jobs[] = {PORTICO_JOB(SAVE, scores_write)};
static const portico_setting settings[] = {
    PORTICO_DURATION(turn_time, "30s", 1000, 3600000, "for a move"),
    PORTICO_DURATION(reconnect_time, "1m", 1000, 3600000, "that a game waits for a player"),
    PORTICO_U32(max_games, "1000", 1, 1000000, "at the same time; others wait")};
static const portico_module duel = {
    .name = "duel",
    .version = "0.1.0",
    .description = "Three in a row, with a queue, spectators, scores and reconnecting.",
    .state = PORTICO_STATE_OF(lobby, 1),
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .messages = PORTICO_TABLE(lobby_messages),
    .jobs = PORTICO_TABLE(jobs),
    .settings = PORTICO_TABLE(settings),
    .start = lobby_start,
};
PORTICO_MODULE(duel);
