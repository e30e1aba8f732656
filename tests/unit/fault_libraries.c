/* fault_libraries.c: nobody closes a library while the reporter looks into libraries, however long
 * that takes. Working folder: the test's own. */
#include "module/fault_queue.h"

#include "os/os.h"

#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"

#include <stdlib.h>
#include <string.h>

#if !defined(_WIN32)
#include <sys/stat.h>

/* Stands in for addr2line, which the reporter asks for functions. */
static void make_program(void) {
    static const char script[] = "#!/bin/sh\n: >begun\nsleep 0.5\n: >ended\n";
    char path[1200];
    file_write("bin/addr2line", script, sizeof script - 1);
    CHECK(chmod("bin/addr2line", 0755) == 0);
    (void)snprintf(path, sizeof path, "bin:%s", getenv("PATH"));
    CHECK(setenv("PATH", path, 1) == 0);
}
#endif

static void report(void) {
    fault_slot *s = &fault_reports.slots[0];
    memset(&s->record, 0, sizeof s->record);
    (void)snprintf(s->record.module, sizeof s->record.module, "game");
    s->record.fault.frames[0] = (uintptr_t)report;
    s->record.fault.frame_count = 1;
    s->number = 1;
    os_mutex_lock(&fault_reports.lock);
    atomic_store(&s->ready, true);
    atomic_store(&fault_reports.count, 1);
    os_cond_wake_all(&fault_reports.wake);
    os_mutex_unlock(&fault_reports.lock);
}

SCENARIO(fault_libraries) {
    (void)os_folder_create("run");
    (void)os_folder_create("bin");
    file_remove("begun");
    file_remove("ended");
    CHECK_INT(fault_reports_start("run", NULL), PORTICO_OK);
#if !defined(_WIN32)
    make_program();
#endif
    report();
#if !defined(_WIN32)
    uint64_t end_ms = clock_now_ms() + 20000;
    while (!file_exists("begun")) {
        CHECK(clock_now_ms() < end_ms);
        clock_sleep_ms(1);
    }
    fault_libraries_hold();
    CHECK(file_exists("ended"));
    fault_libraries_release();
#endif
    fault_reports_wait();
    CHECK_INT(fault_reports_waiting(), 0);
    fault_reports_stop();
}
