/* admin.c: the client that sends commands to the host, as `portico ctl` does. */
#include "player.h"

#include <string.h>

enum { ANSWER_BYTES = 256 * 1024, STEP_MS = 1, ANSWER_TIMEOUT_MS = 600000 };

/* Waits for a line; a command may take its time. False: the connection has ended. */
static bool next_line(portico_client *c, frame *f) {
    for (uint32_t waited_ms = 0; waited_ms < ANSWER_TIMEOUT_MS; waited_ms += STEP_MS) {
        players_settle(c->test);
        if (player_next(c, f)) {
            return true;
        }
        if (c->closed) {
            return false;
        }
        os_sleep(STEP_MS);
    }
    TESTING_FAIL("the host has not answered a command for %d simulated seconds",
                 ANSWER_TIMEOUT_MS / 1000);
}

/* Sends a line and collects the lines of its answer, without their "| ", in `answer`. True: the
 * last line is `ok`; false: it is an error, and alone in `answer`. */
static bool ask(portico_client *c, const char *line, char answer[ANSWER_BYTES]) {
    frame f;
    size_t used = 0;
    player_frame(c, 0, line, (uint32_t)strlen(line));
    for (;;) {
        if (!next_line(c, &f)) {
            (void)snprintf(answer, ANSWER_BYTES, "error the connection has ended");
            return false;
        }
        const char *text = (const char *)f.data;
        uint32_t size = f.size;
        if (size == 2 && memcmp(text, "ok", 2) == 0) {
            answer[used] = '\0';
            return true;
        }
        bool error = size >= 5 && memcmp(text, "error", 5) == 0;
        if (!error && size >= 2 && memcmp(text, "| ", 2) == 0) {
            text += 2;
            size -= 2;
        }
        used = error ? 0 : used;
        if (used + size + 2 > ANSWER_BYTES) {
            TESTING_FAIL("the answer to %s is too long", line);
        }
        memcpy(answer + used, text, size);
        used += size;
        answer[used] = '\0';
        if (error) {
            return false;
        }
        answer[used++] = '\n';
    }
}

bool testing_admin(portico_test *t, const char *command, const char **answer) {
    static char text[ANSWER_BYTES];
    if (t->config == NULL) {
        TESTING_FAIL("%s: no host runs", command);
    }
    portico_client *c = player_connect(t, TESTING_ADMIN_PORT, FRAME_LINE);
    bool ok = ask(c, "token " TESTING_TOKEN, text) && ask(c, command, text);
    *answer = text;
    player_free_one(c);
    players_settle(t);
    return ok;
}

const char *portico_test_ctl(portico_test *t, const char *command) {
    const char *answer = NULL;
    (void)testing_admin(t, command, &answer);
    return answer;
}
