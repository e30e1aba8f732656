/* log_flood.c: bad frames without end leave ten lines and one a second, and each of them is written
 * or counted. The last line of the host is there when it has ended. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/scenario.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 20, LINE_MAX = 200 };

/* "1,234 more ..." */
static long count_of(const char *text) {
    long count = 0;
    for (; (*text >= '0' && *text <= '9') || *text == ','; text++) {
        count = *text == ',' ? count : count * 10 + (*text - '0');
    }
    return count;
}

SCENARIO(log_flood) {
    host_options options = {.name = "log_flood",
                            .modules = "echo",
                            .log_keys = "level = info\n",
                            .listeners = {{"game", "echo.session", NULL}}};
    int rounds = scale(200, 20);
    uint8_t bytes[4];
    char path[1200];
    net_socket clients[CLIENTS];
    host *h = host_start(&options);
    uint64_t begun_ms = clock_now_ms();
    wire_header(WIRE_U16, bytes, 1, 1);
    for (int i = 0; i < rounds; i++) {
        for (int j = 0; j < CLIENTS; j++) {
            clients[j] = net_connect(host_port(h, "game"));
            CHECK(net_send_all(clients[j], bytes, sizeof bytes));
        }
        for (int j = 0; j < CLIENTS; j++) {
            CHECK(net_wait_end(clients[j], 30000));
            net_close(clients[j]);
        }
    }
    host_wait_figure(h, "packets_rejected{reason=\"frame\"}", (int64_t)rounds * CLIENTS);
    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    uint64_t seconds = (clock_now_ms() - begun_ms) / 1000 + 1;
    snprintf(path, sizeof path, "%s/output.txt", host_folder(h));
    size_t size = 0;
    char *log = file_read(path, &size);
    CHECK(log != NULL);
    CHECK(size > 0 && log[size - 1] == '\n' && strstr(log, "host      stopped: ") != NULL);
    /* Nothing comes after it but what was counted until then. */
    const char *after = strchr(strstr(log, "host      stopped: "), '\n') + 1;
    CHECK(after == log + size ||
          (strstr(after, "bad frames: ") != NULL && strchr(after, '\n') == log + size - 1));
    long single = 0;
    long counted = 0;
    long lines = 0;
    for (char *line = strtok(log, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
        const char *sum = strstr(line, "bad frames: ");
        counted += sum != NULL ? count_of(sum + strlen("bad frames: ")) : 0;
        single += sum == NULL && strstr(line, "bad u16 frame") != NULL;
        lines++;
    }
    free(log);
    printf("%ld lines for %d bad frames in %llu s: %ld written, %ld counted\n", lines,
           rounds * CLIENTS, (unsigned long long)seconds, single, counted);
    CHECK_INT(single + counted, (long)rounds * CLIENTS);
    CHECK(single >= 10 && (uint64_t)single <= 10 + seconds);
    CHECK(size < (20 + 2 * seconds) * LINE_MAX);
    host_finish(h, 0);
}
