/* watchdog.c: the watchdog's two lines about a call come in order, even if the call returns at the
 * moment when it is reported. The log is written to the working folder. */
#include "base/log.h"
#include "os/os.h"
#include "run/control.h"
#include "run/watchdog.h"

#include "support/check.h"

#include <stdatomic.h>

enum { REPORTED = 200, CALLS_MAX = 100000, LOG_BYTES_MAX = 1 << 20 };

static atomic_bool ended;

/* Each call returns as soon as it is counted as late, which is before its line is logged. A call
 * that ends before it is counted has no lines. */
static void calling_main(void *arg) {
    const char *name = watchdog_name("slow");
    (void)arg;
    for (uint64_t call = 1; call < CALLS_MAX && watchdog_total() < REPORTED; call++) {
        watchdog_begin(name, "opcode", 7, call);
        while (watchdog_late() == 0) {
        }
        watchdog_end();
    }
    atomic_store(&ended, true);
}

static void check_log(const char *path) {
    static char bytes[LOG_BYTES_MAX];
    static bool reported[CALLS_MAX];
    static bool returned[CALLS_MAX];
    FILE *file = os_fopen(path, "rb");
    CHECK(file != NULL);
    bytes[fread(bytes, 1, sizeof bytes - 1, file)] = '\0';
    (void)fclose(file);
    for (char *line = strtok(bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        static const char begin[] = "opcode 7 of entity ";
        const char *at = strstr(line, begin);
        CHECK(at != NULL);
        uint64_t call = strtoull(at + sizeof begin - 1, NULL, 10);
        CHECK(call >= 1 && call < CALLS_MAX);
        if (strstr(line, "has not returned for") != NULL) {
            CHECK(!reported[call]);
            reported[call] = true;
        } else {
            CHECK(strstr(line, "has returned after") != NULL);
            CHECK(reported[call] && !returned[call]);
            returned[call] = true;
        }
    }
    int count = 0;
    for (int call = 1; call < CALLS_MAX; call++) {
        CHECK(reported[call] == returned[call]);
        count += reported[call];
    }
    CHECK_INT(count, REPORTED);
}

SCENARIO(watchdog) {
    char path[] = "watchdog.log";
    log_options options = {.level = LOG_WARN,
                           .format = LOG_TEXT,
                           .file = path,
                           .file_limit_bytes = LOG_BYTES_MAX,
                           .keep = 1};
    os_thread *calling;
    (void)os_file_remove(path);
    CHECK(log_start(&options));
    watchdog_start(1);
    CHECK_INT(os_thread_start(&calling, "calling", calling_main, NULL), PORTICO_OK);
    while (!atomic_load(&ended)) {
        watchdog_look();
        os_sleep(1); /* the calling thread spins: leave it some processor time */
    }
    os_thread_join(calling);
    log_stop();
    CHECK_INT(watchdog_late(), 0);
    CHECK_INT(watchdog_total(), REPORTED);
    check_log(path);
}
