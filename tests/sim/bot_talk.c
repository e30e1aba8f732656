/* bot_talk.c: the talker: see bot.h. The lines are those of plugins/chat.c. A talker says the
 * number of its connection and how often it has spoken there. */
#include "sim/bot.h"

#include "sim/client.h"
#include "sim/world.h"

#include <stdio.h>
#include <string.h>

enum { TALKERS_MAX = 1024, LINE_MAX = 4300, WORDS = 30, PAUSE_MS = 400, PATIENCE_MS = 3600000 };

uint64_t bots_lines;

static uint32_t talkers;
static uint32_t said[TALKERS_MAX];

typedef struct talker {
    client *c;
    uint32_t number;
    uint32_t heard[TALKERS_MAX]; /* of each speaker, the latest */
    char line[LINE_MAX];         /* what has arrived of it */
    uint32_t size;
} talker;

static void on_line(talker *t) {
    unsigned speaker = 0;
    unsigned word = 0;
    const char *text = strstr(t->line, ": ");
    if (text == NULL || sscanf(text, ": word %u %u", &speaker, &word) != 2) {
        CHECK(strchr("*!=", t->line[0]) != NULL || strstr(t->line, ": hello") != NULL);
        return;
    }
    if (speaker >= TALKERS_MAX || word <= t->heard[speaker] || word > said[speaker]) {
        sim_fail("talker %u hears, after word %u: %s", t->number,
                 speaker < TALKERS_MAX ? t->heard[speaker] : 0, t->line);
    }
    CHECK(!bots_strict || speaker != t->number || t->heard[speaker] == 0 ||
          word == t->heard[speaker] + 1);
    t->heard[speaker] = word;
    bots_lines++;
}

/* Receives until the time has come. False: the connection has ended. */
static bool listen(talker *t, uint32_t timeout_ms) {
    char some[256];
    uint64_t until_ms = os_monotonic_ms() + timeout_ms;
    for (uint64_t now_ms = 0; (now_ms = os_monotonic_ms()) < until_ms;) {
        int32_t got = client_recv(t->c, some, sizeof some, (uint32_t)(until_ms - now_ms));
        if (got < 0) {
            return got == CLIENT_TIMEOUT;
        }
        for (int32_t i = 0; i < got; i++) {
            if (some[i] != '\n') {
                CHECK(t->size < sizeof t->line - 1);
                t->line[t->size++] = some[i];
                continue;
            }
            t->line[t->size] = '\0';
            t->size = 0;
            on_line(t);
        }
    }
    return true;
}

static bool say(talker *t) {
    static const char *const others[] = {"/who\n", "/name x\n", "/nothing\n", "/tell x hello\n"};
    char text[64];
    const char *words = others[world_random(4)];
    if (world_random(4) != 0) {
        snprintf(text, sizeof text, "word %u %u\n", t->number, ++said[t->number]);
        words = text;
    }
    return client_send(t->c, words, (uint32_t)strlen(words), PATIENCE_MS);
}

void bot_talk(void) {
    talker t = {.c = client_open(BOT_CHAT_PORT), .number = talkers % TALKERS_MAX};
    if (t.c == NULL) {
        os_sleep(1 + world_random(400));
        return;
    }
    talkers++;
    said[t.number] = 0;
    for (uint32_t i = 0;
         i < WORDS && !bots_end && say(&t) && listen(&t, 1 + world_random(PAUSE_MS)); i++) {
    }
    client_close(t.c, world_random(2) == 0);
}
