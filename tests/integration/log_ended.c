/* log_ended.c: stderr is a pipe that nobody reads, and is full, when a fault ends the process. It
 * ends all the same, and the log's file has everything up to the last line. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/scenario.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENDS_MS = 60000, LINES = 1000, OPCODE_BAD = 1 };

/* Each leaves more than one line at level debug; the pipe has room for 64 KiB. */
static void fill(const host *h) {
    uint8_t bytes[4];
    size_t size = wire_header(WIRE_U16, bytes, 1, OPCODE_BAD);
    for (int i = 0; i < LINES; i++) {
        net_socket s = net_connect(host_port(h, "game"));
        CHECK(net_send_all(s, bytes, size));
        CHECK(net_wait_end(s, 30000));
        net_close(s);
    }
}

SCENARIO(log_ended) {
    const faults_options options = {.name = "log_ended",
                                    .each_keys = "on_fault = abort\n",
                                    .stdio = PROCESS_STDIO_UNREAD,
                                    .log_keys = "file = portico.log\n"};
    char folder[1200];
    char path[1200];
    host *h = faults_host(&options);
    fill(h);
    net_socket victim = faults_connect(h, "victims", 1);
    faults_send(victim, FAULTY_FAULT, FAULTY_NULL_READ);
    CHECK(faults_is_end(host_wait_exit(h, ENDS_MS)));
    snprintf(folder, sizeof folder, "%s/run/faults", host_folder(h));
    CHECK(folder_count(folder, "") > 0);
    host_wait_log(h, "the process ends: ", 1);
    snprintf(path, sizeof path, "%s/portico.log", host_folder(h));
    size_t size = 0;
    char *log = file_read(path, &size);
    CHECK(log != NULL && size > 0 && log[size - 1] == '\n');
    int closes = 0;
    for (const char *at = log; (at = strstr(at, " closes: ")) != NULL; at++) {
        closes++;
    }
    CHECK(closes >= LINES); /* no line before the last ones is missing */
    free(log);
    net_close(victim);
    host_drop(h);
}
