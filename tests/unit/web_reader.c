/* web_reader.c: requests for files are answered one after another on a thread of their own, and the
 * thread ends although some wait. */
#include "web/reader.h"

#include "os/os.h"
#include "support/check.h"
#include "support/host.h"

#include <string.h>

#define FOLDER "unit_web_reader"
enum { REQUESTS = 100 };

static _Thread_local bool asks; /* on the thread that asks */
static os_mutex lock;
static os_cond changed;
static uint64_t answered; /* [lock] */
static bool stuck;        /* [lock] the thread is to wait */
static bool waits;        /* [lock] it does */

static files_request request_for(const char *path) {
    files_request request;
    http_head head = {.path = {path, (uint32_t)strlen(path)}};
    CHECK(files_read_request(&head, &request));
    return request;
}

static void expect_status(const shared *answer, const char *status) {
    CHECK(answer != NULL && answer->size > 12 + strlen(status));
    CHECK(memcmp(answer->bytes + 9, status, strlen(status)) == 0);
}

/* Even ids ask for a file, odd ones for none. */
static void on_answer(uint64_t id, shared *answer) {
    CHECK(!asks);
    expect_status(answer, id % 2 == 0 ? "200" : "404");
    shared_release(answer);
    os_mutex_lock(&lock);
    CHECK_INT(id, answered);
    answered++;
    waits = stuck;
    os_cond_wake_all(&changed);
    while (stuck) {
        os_cond_wait(&changed, &lock, UINT32_MAX);
    }
    os_mutex_unlock(&lock);
}

static void ask(files *f, uint64_t id) {
    files_request request = request_for(id % 2 == 0 ? "/page.html" : "/none.html");
    CHECK(reader_ask(f, &request, on_answer, id));
}

static void wait_for(const bool *condition, uint64_t count) {
    os_mutex_lock(&lock);
    while (answered < count || (condition != NULL && !*condition)) {
        os_cond_wait(&changed, &lock, UINT32_MAX);
    }
    os_mutex_unlock(&lock);
}

static void let_continue(void) {
    os_mutex_lock(&lock);
    stuck = false;
    os_cond_wake_all(&changed);
    os_mutex_unlock(&lock);
}

SCENARIO(web_reader) {
    asks = true;
    CHECK(os_folder_create(FOLDER) == PORTICO_OK);
    file_write(FOLDER "/page.html", "page", 4);
    files *f = files_create(FOLDER);
    CHECK(f != NULL);
    for (uint64_t id = 0; id < REQUESTS; id++) {
        ask(f, id);
    }
    wait_for(NULL, REQUESTS);
    CHECK(reader_stop());
    stuck = true; /* the file system does not answer */
    ask(f, REQUESTS);
    wait_for(&waits, REQUESTS + 1);
    ask(f, REQUESTS + 1); /* does not wait, and is never answered */
    files_release(f);
    CHECK(!reader_stop());
    let_continue();
    while (!reader_stop()) {
    }
    CHECK_INT(answered, REQUESTS + 1);
    CHECK(os_folder_delete(FOLDER) == PORTICO_OK);
}
