/* admin.c: see admin.h. The thread waits for completions and for what is due next. */
#include "admin/admin.h"

#include "admin/http/seats.h"
#include "admin/http/visit.h"
#include "admin/local.h"
#include "admin/seats.h"
#include "admin/token.h"
#include "base/status.h"
#include "base/system_text.h"
#include "net/certificates.h"
#include "net/ready.h"
#include "os/local.h"

#include <stdatomic.h>
#include <string.h>

enum { ACCEPTS = 2, BATCH = 32, ACCEPT_PAUSE_MS = 100, KEEP_ALIVE_S = 60 };
enum { CLOSE_STEP_MS = 1, TELL_PAGES_MS = 500, TELL_MS = 1000 };

/* A listening socket and its accepts. */
typedef struct entrance {
    os_socket *listener; /* NULL: closed */
    visit_kind kind;
    os_accept_op accepts[ACCEPTS];
    bool accepting[ACCEPTS];
    uint64_t again_ms; /* when to submit those that are not in flight; 0: all of them are */
} entrance;

static struct {
    os_port *port;
    os_thread *thread;
    entrance tcp;
    entrance local;
    entrance http;
    char path[LOCAL_PATH_MAX]; /* of `local` */
    os_op wake;
    atomic_bool waking; /* `wake` is posted */
    os_op close;
    os_op end;
    bool closing;       /* `close` has come. Of the thread */
    bool ending;        /* `end` has come. Of the thread */
    atomic_bool closed; /* no command runs any more */
    char token[TOKEN_MAX];
    http_site site; /* of HTTP */
} admin;

/* ---- accepting ------------------------------------------------------------------------------- */

static void entrance_accept(entrance *e) {
    e->again_ms = 0;
    for (int i = 0; i < ACCEPTS && e->listener != NULL; i++) {
        if (!e->accepting[i]) {
            e->accepting[i] = os_accept(e->listener, &e->accepts[i]) == PORTICO_OK;
        }
        if (!e->accepting[i]) {
            e->again_ms = os_monotonic_ms() + ACCEPT_PAUSE_MS;
        }
    }
}

static void entrance_completed(entrance *e, const os_completion *completion) {
    os_accept_op *accept = container_of(completion->op, os_accept_op, op);
    e->accepting[accept - e->accepts] = false;
    if (completion->status == PORTICO_OK && e->listener != NULL) {
        os_socket_options options = {
            .no_delay = true, .linger_s = -1, .keep_alive_s = KEEP_ALIVE_S};
        (void)os_socket_configure(accept->socket, &options);
        if (e->kind == VISIT_HTTP) {
            http_seats_take(accept->socket, &accept->peer);
        } else {
            seats_take(accept->socket, &accept->peer, e->kind);
        }
        entrance_accept(e);
    } else if (completion->status == PORTICO_OK) {
        os_close(accept->socket, true);
    } else {
        if (completion->status == PORTICO_E_NO_HANDLES) {
            /* its handle serves the next one */
            (void)(e->kind == VISIT_HTTP ? http_seats_make_way() : seats_make_way(e->kind));
        }
        e->again_ms = os_monotonic_ms() + ACCEPT_PAUSE_MS; /* or it might spin */
    }
}

static void on_accepted_tcp(const os_completion *completion) {
    entrance_completed(&admin.tcp, completion);
}

static void on_accepted_local(const os_completion *completion) {
    entrance_completed(&admin.local, completion);
}

static void on_accepted_http(const os_completion *completion) {
    entrance_completed(&admin.http, completion);
}

/* Closes it. True: nothing is in flight any more. */
static bool entrance_close(entrance *e) {
    bool idle = true;
    if (e->listener != NULL) {
        os_close(e->listener, false);
        e->listener = NULL;
    }
    for (int i = 0; i < ACCEPTS; i++) {
        idle = idle && !e->accepting[i];
    }
    return idle;
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void on_woken(const os_completion *completion) {
    (void)completion;
    atomic_store(&admin.waking, false); /* first: a job that ends from now on wakes again */
}

/* Makes the thread look at its connections. If that fails, it looks soon all the same: it waits for
 * a job. [any thread] */
static void admin_wake(void) {
    if (!atomic_exchange(&admin.waking, true) &&
        os_port_post(admin.port, &admin.wake) != PORTICO_OK) {
        atomic_store(&admin.waking, false);
    }
}

static void on_close(const os_completion *completion) {
    (void)completion;
    admin.closing = true;
}

static void on_end(const os_completion *completion) {
    (void)completion;
    admin.ending = true;
}

static void serve(uint32_t timeout_ms) {
    os_completion completions[BATCH];
    uint32_t count = os_port_wait(admin.port, completions, BATCH, timeout_ms);
    for (uint32_t i = 0; i < count; i++) {
        completions[i].op->done(&completions[i]);
    }
}

/* Returns when to look again; UINT64_MAX: never. */
static uint64_t entrance_look(entrance *e, uint64_t now_ms) {
    if (e->again_ms != 0 && now_ms >= e->again_ms) {
        entrance_accept(e);
    }
    return e->again_ms != 0 ? e->again_ms : UINT64_MAX;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Returns how long to wait for the next completion. */
static uint32_t look(void) {
    uint64_t now_ms = os_monotonic_ms();
    uint64_t due_ms = earlier(seats_look(now_ms), http_seats_look(now_ms));
    due_ms = earlier(due_ms, entrance_look(&admin.tcp, now_ms));
    due_ms = earlier(due_ms, entrance_look(&admin.local, now_ms));
    due_ms = earlier(due_ms, entrance_look(&admin.http, now_ms));
    now_ms = os_monotonic_ms();
    if (due_ms == UINT64_MAX) {
        return UINT32_MAX;
    }
    return due_ms > now_ms ? (uint32_t)(due_ms - now_ms) : 0;
}

static bool entrances_close(void) {
    bool tcp = entrance_close(&admin.tcp);
    bool local = entrance_close(&admin.local);
    bool http = entrance_close(&admin.http);
    return tcp && local && http;
}

/* Closes everything, or all but those who wait for the end of the stop. True: of what it closes
 * nothing is in flight any more. */
static bool close_all(bool waiters) {
    bool idle = entrances_close();
    bool visits_free = http_seats_close();
    return seats_close(waiters) && visits_free && idle;
}

/* Says to pages that the host stops, unless they do not read. Serves the others until then, but no new
 * ones. */
static void tell_pages(void) {
    uint64_t now_ms = os_monotonic_ms();
    uint64_t until_ms = now_ms + TELL_PAGES_MS;
    (void)entrances_close();
    for (; now_ms < until_ms && !http_seats_leave(now_ms); now_ms = os_monotonic_ms()) {
        uint64_t left_ms = until_ms - now_ms;
        uint32_t next_ms = look();
        serve(next_ms < left_ms ? next_ms : (uint32_t)left_ms);
    }
}

/* Sends the exit code to those who wait, unless they do not read. */
static void tell_waiters(void) {
    uint64_t until_ms = os_monotonic_ms() + TELL_MS;
    while (!stop_all_told() && os_monotonic_ms() < until_ms) {
        uint32_t next_ms = look();
        serve(next_ms < TELL_MS ? next_ms : TELL_MS);
    }
}

static void admin_main(void *arg) {
    (void)arg;
    entrance_accept(&admin.tcp);
    entrance_accept(&admin.local);
    entrance_accept(&admin.http);
    while (!admin.closing) {
        serve(look());
    }
    tell_pages();
    while (!close_all(false)) {
        serve(look());
    }
    atomic_store(&admin.closed, true);
    while (!admin.ending) {
        serve(look());
    }
    tell_waiters();
    while (!close_all(true) || atomic_load(&admin.waking)) {
        serve(UINT32_MAX);
    }
}

/* ---- starting and stopping ------------------------------------------------------------------- */

static void entrance_init(entrance *e, visit_kind kind, void (*done)(const os_completion *)) {
    e->kind = kind;
    for (int i = 0; i < ACCEPTS; i++) {
        e->accepts[i].op.done = done;
    }
}

/* Without a reserve it works as long as there are handles. */
static void entrance_reserve(const entrance *e) {
    if (os_listener_reserve(e->listener) != PORTICO_OK) {
        log_warn("admin", "no handles can be kept in reserve for ctl (%s)",
                 system_text(os_error()));
    }
}

static bool listen_local(const config *c) {
    char why[LOCAL_WHY_MAX];
    local_path(c, admin.path);
    portico_status status = os_folder_create(c->run_dir);
    if (status == PORTICO_OK) {
        status = os_listen_local(admin.port, admin.path, &admin.local.listener);
    }
    if (status != PORTICO_OK) {
        local_explain_listen(status, admin.path, why);
        log_error("admin", "%s", why);
        return false;
    }
    entrance_init(&admin.local, VISIT_LOCAL, on_accepted_local);
    entrance_reserve(&admin.local);
    return true;
}

/* Reads the token that the clients of TCP and HTTP show. */
static bool take_token(const config *c) {
    char why[TOKEN_WHY_MAX];
    if (c->admin.address == NULL && c->admin_http_port < 0) {
        return true;
    }
    if (token_read(c, true, admin.token, why) != PORTICO_OK) {
        log_error("admin", "%s", why);
        return false;
    }
    return true;
}

/* Listens there; *address becomes what it has got, and `text` the same. */
static bool listen_at(const config *c, entrance *e, const char *name, uint16_t port,
                      os_address *address, char text[OS_ADDRESS_TEXT]) {
    os_address wanted;
    portico_status status = os_address_parse(name, port, &wanted);
    if (status == PORTICO_OK) {
        status = os_listen(admin.port, &wanted, &c->admin.listen, &e->listener);
    }
    if (status != PORTICO_OK) {
        log_error("admin", "cannot listen on %s port %u: %s (%s)", name, port, status_text(status),
                  system_text(os_error()));
        return false;
    }
    entrance_reserve(e);
    if (os_socket_address(e->listener, address) != PORTICO_OK) {
        *address = wanted;
    }
    os_address_format(address, text);
    return true;
}

static bool listen_tcp(const config *c) {
    char text[OS_ADDRESS_TEXT];
    if (c->admin.address == NULL) {
        return true;
    }
    entrance_init(&admin.tcp, VISIT_UNKNOWN, on_accepted_tcp);
    if (!listen_at(c, &admin.tcp, c->admin.address, c->admin.port, &visits.address, text)) {
        return false;
    }
    ready_set_admin(text);
    log_info("admin", "listening on %s", text);
    return true;
}

static bool listen_http(const config *c) {
    char text[OS_ADDRESS_TEXT];
    if (c->admin_http_port < 0) {
        return true;
    }
    tls_keeper *keeper = certificates_of_admin();
    if (c->admin_http.tls.on && keeper == NULL) {
        log_error("admin", "HTTP has no certificate"); /* never in the clear instead */
        return false;
    }
    entrance_init(&admin.http, VISIT_HTTP, on_accepted_http);
    if (!listen_at(c, &admin.http, c->admin_http.address, (uint16_t)c->admin_http_port,
                   &visits.http_address, text)) {
        return false;
    }
    admin.site = (http_site){
        .address = visits.http_address, .hosts = c->admin_http_hosts, .tls = c->admin_http.tls.on};
    http_visits_start(admin.token, &admin.site, keeper, http_seats_judging);
    ready_set_http(text);
    log_info("admin", "HTTP on %s%s", text, admin.site.tls ? ", with TLS" : "");
    return true;
}

bool admin_start(const config *c) {
    if (!c->admin_enabled) {
        return true;
    }
    portico_status status = os_port_create(&admin.port);
    if (status != PORTICO_OK) {
        log_error("admin", "cannot create its completion port: %s (%s)", status_text(status),
                  system_text(os_error()));
        return false;
    }
    admin.closing = false;
    admin.ending = false;
    atomic_store(&admin.closed, false);
    visits = (visit_counts){0};
    admin.wake.done = on_woken;
    admin.close.done = on_close;
    admin.end.done = on_end;
    connections_start(admin.token, seats_make_way);
    jobs_start(admin_wake);
    if (!take_token(c) || !listen_local(c) || !listen_tcp(c) || !listen_http(c)) {
        return false;
    }
    status = os_thread_start(&admin.thread, "admin", admin_main, NULL);
    if (status != PORTICO_OK) {
        log_error("admin", "cannot start its thread: %s (%s)", status_text(status),
                  system_text(os_error()));
    }
    return status == PORTICO_OK;
}

static void admin_post(os_op *op) {
    while (os_port_post(admin.port, op) != PORTICO_OK) {
        os_sleep(1); /* there is no memory now */
    }
}

void admin_close(void) {
    if (admin.thread != NULL) {
        admin_post(&admin.close);
        while (!atomic_load(&admin.closed)) {
            os_sleep(CLOSE_STEP_MS);
        }
    }
}

void admin_stop(int exit_code) {
    stop_announce(exit_code);
    if (admin.thread != NULL) {
        admin_post(&admin.end);
        os_thread_join(admin.thread);
        admin.thread = NULL;
    }
    if (admin.port != NULL) {
        (void)close_all(true); /* if the thread could not be started */
        if (admin.local.kind == VISIT_LOCAL) {
            os_local_remove(admin.path);
        }
        os_port_destroy(admin.port);
        admin.port = NULL;
    }
}
