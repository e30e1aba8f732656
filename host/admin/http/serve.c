/* serve.c: see serve.h. */
#include "admin/http/serve.h"

#include "admin/command.h"
#include "admin/execute.h"
#include "admin/http/answer.h"
#include "admin/http/login.h"
#include "admin/http/page.h"
#include "admin/trace_options.h"
#include "base/log.h"
#include "metrics/metrics.h"
#include "metrics/openmetrics.h"
#include "web/handshake.h"

#include <stdio.h>
#include <string.h>

#define COOKIE_KIND "; Path=/; HttpOnly; SameSite=Strict"

static const char nothing_there[] =
    "this host has the dashboard at /, /metrics, and /api/NAME for each command of ctl";

static const http_site *site;

void serve_start(const http_site *where) {
    site = where;
}

/* ---- admission ------------------------------------------------------------------------------- */

uint32_t serve_admit(http_visit *v, const http_head *request, http_proof *proof, const char **why) {
    http_page page = http_page_of(request);
    char cookie[HTTP_COOKIE_NAME];
    *proof = HTTP_PROOF_NONE;
    if (!http_host_is_own(request, site)) {
        *why = "its Host is not this machine: [admin] http_hosts lists its names";
        return 403;
    }
    if (!http_origin_is_own(request, site)) {
        *why = "its Origin is another site";
        return 403;
    }
    if (page == HTTP_PAGE_NONE) {
        *why = nothing_there;
        return 404;
    }
    if (http_page_is_secret(page) && http_bearer(request).size > 0) {
        *proof = HTTP_PROOF_TOKEN;
        return HTTP_OK;
    }
    http_cookie_name(request, site, cookie);
    v->login = login_find(http_cookie(request, cookie), os_monotonic_ms());
    v->right = v->login != 0;
    if (!v->right && http_page_is_secret(page)) {
        *why = "it has neither a login nor Authorization: Bearer TOKEN; the token is in "
               "run_dir/admin.token, or is [admin] token";
        return 401;
    }
    if (!http_origin_suffices(request, page)) {
        *why =
            "only a page of this host may do that, or a client with the token: it has no Origin, or "
            "another site's page asks for it";
        return 403;
    }
    *proof = page == HTTP_PAGE_LOGIN ? HTTP_PROOF_TOKEN : HTTP_PROOF_NONE;
    return HTTP_OK;
}

http_text serve_token(const http_head *request, http_text body, char form[HTTP_TOKEN_MAX]) {
    if (http_page_of(request) == HTTP_PAGE_LOGIN) {
        return (http_text){form, http_form_token(body, form)};
    }
    return http_bearer(request);
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* Writes who asks, for the log. */
static void who_is(const http_visit *v, char who[LIVE_WHO_MAX]) {
    char text[OS_ADDRESS_TEXT];
    os_address_format(&v->peer, text);
    if (v->login != 0) {
        snprintf(who, LIVE_WHO_MAX, "HTTP login %u at %s", (unsigned)v->login, text);
    } else {
        snprintf(who, LIVE_WHO_MAX, "HTTP at %s", text);
    }
}

static bool takes_openmetrics(const http_head *request) {
    static const char type[] = "application/openmetrics-text";
    for (uint32_t i = 0; i < request->header_count; i++) {
        const http_header *h = &request->headers[i];
        for (uint32_t k = 0;
             http_text_is_any_case(h->name, "accept") && k + sizeof type - 1 <= h->value.size;
             k++) {
            if (memcmp(h->value.at + k, type, sizeof type - 1) == 0) {
                return true;
            }
        }
    }
    return false;
}

static lines show_metrics(const http_head *request) {
    bool new_form = takes_openmetrics(request);
    lines body = {0};
    metrics_scraped();
    openmetrics_text(!new_form, lines_write, &body);
    return http_answer(200, new_form ? OPENMETRICS_TYPE : OPENMETRICS_OLD_TYPE, "", &body);
}

lines serve_ended(http_visit *v) {
    return http_answer(http_status_of(v->answer.status), "application/json", "", &v->answer);
}

/* Begins a trace whose events become one answer, which is kept in memory until it ends. */
static bool run_trace(http_visit *v, const char *line, const char *argument, lines *answer) {
    enum { SECONDS_MAX = 60 };
    char why[COMMAND_WHY_MAX];
    char who[LIVE_WHO_MAX];
    bool waits = false;
    trace_spec spec;
    who_is(v, who);
    if (trace_options_parse(argument, &spec, why) && spec.seconds > SECONDS_MAX) {
        snprintf(
            why, sizeof why,
            "over /api a trace ends after 1 to %d seconds; found %u: use `portico ctl trace`, or "
            "`run trace` over /live",
            (int)SECONDS_MAX, (unsigned)spec.seconds);
        lines_end(&v->answer, PORTICO_E_INVALID, why);
    } else {
        (void)execute(line, who, &v->answer, &v->job, &waits, &v->trace);
    }
    if (v->trace == NULL) {
        *answer = serve_ended(v);
        return true;
    }
    lines_free(&v->answer);
    v->answer = (lines){.as_json = true, .bare = true};
    trace_follow_gather_begin(v->trace, &v->answer);
    return false;
}

static bool run_command(http_visit *v, const http_head *request, const char *line, lines *answer) {
    char why[COMMAND_WHY_MAX];
    char who[LIVE_WHO_MAX];
    const char *argument = NULL;
    bool waits = false;
    command_id id = command_parse(line, &argument, why);
    v->answer = (lines){.as_json = true, .bare = true};
    if (id == COMMAND_COUNT) {
        lines_end(&v->answer, PORTICO_E_INVALID, why);
    } else if (id == COMMAND_trace) { /* reports, but is logged */
        return run_trace(v, line, argument, answer);
    } else if (command_reports(id, argument) != http_text_is(request->method, "GET")) {
        *answer =
            http_refusal(405, command_reports(id, argument) ? "this only reports: use GET"
                                                            : "this changes something: use POST");
        return true;
    } else {
        who_is(v, who);
        if (!execute(line, who, &v->answer, &v->job, &waits, NULL)) {
            return false;
        }
    }
    *answer = serve_ended(v);
    return true;
}

static lines log_in(http_visit *v, const http_head *request) {
    char secret[LOGIN_SECRET_BYTES];
    char name[HTTP_COOKIE_NAME];
    char cookie[LOGIN_SECRET_BYTES + HTTP_COOKIE_NAME + 80];
    char text[OS_ADDRESS_TEXT];
    os_address_format(&v->peer, text);
    uint32_t number = login_begin(os_monotonic_ms(), secret);
    if (number == 0) {
        return http_refusal(503, "the system has no random bytes now: try again");
    }
    log_info("admin", "HTTP login %u from %s", (unsigned)number, text);
    if (v->login != 0) {
        log_info("admin", "HTTP login %u ends: login %u of its browser replaces it",
                 (unsigned)v->login, (unsigned)number);
        login_end(v->login);
    }
    http_cookie_name(request, site, name);
    snprintf(cookie, sizeof cookie, "Set-Cookie: %s=%s" COOKIE_KIND "%s\r\n", name, secret,
             site->tls ? "; Secure" : "");
    return http_redirect("/", cookie);
}

static lines log_out(http_visit *v, const http_head *request) {
    char name[HTTP_COOKIE_NAME];
    char cookie[HTTP_COOKIE_NAME + 80];
    char text[OS_ADDRESS_TEXT];
    os_address_format(&v->peer, text);
    if (v->login != 0) {
        log_info("admin", "HTTP login %u ends: logged out from %s", (unsigned)v->login, text);
        login_end(v->login);
    }
    http_cookie_name(request, site, name);
    snprintf(cookie, sizeof cookie, "Set-Cookie: %s=; Max-Age=0" COOKIE_KIND "\r\n", name);
    return http_redirect("/", cookie);
}

static lines go_live(http_visit *v, const http_head *request) {
    const char *why = NULL;
    char who[LIVE_WHO_MAX];
    char text[HANDSHAKE_ANSWER_BYTES];
    uint32_t status = handshake_judge(request, "/live", NULL, &why);
    if (status != HANDSHAKE_SWITCH) {
        return http_refusal(status, why);
    }
    who_is(v, who);
    v->live = live_create(who);
    if (v->live == NULL) {
        return http_refusal(503, "too many live connections are open: close one");
    }
    lines answer = {0};
    lines_bytes(&answer, text, handshake_accept(request, text));
    return answer;
}

static bool serve_command(http_visit *v, const http_head *request, http_text body, lines *answer) {
    char line[HTTP_COMMAND_MAX];
    if (!http_command_of(request, body, line)) {
        *answer = http_refusal(400, "the argument is too long, or has control characters");
        return true;
    }
    return run_command(v, request, line, answer);
}

bool serve(http_visit *v, const http_head *request, http_text body, lines *answer) {
    http_page page = http_page_of(request);
    bool get = http_text_is(request->method, "GET");
    if (!v->right && page == HTTP_PAGE_LOGIN) {
        *answer = http_redirect("/#wrong", "");
    } else if (!v->right && http_page_is_secret(page)) {
        *answer = http_refusal(401, "the token is wrong");
    } else if (page == HTTP_PAGE_METRICS && !get) {
        *answer = http_refusal(405, "this only reports: use GET");
    } else if (page == HTTP_PAGE_METRICS) {
        *answer = show_metrics(request);
    } else if (page == HTTP_PAGE_COMMAND) {
        return serve_command(v, request, body, answer);
    } else if (page == HTTP_PAGE_LIVE) {
        *answer = go_live(v, request);
    } else if (page == HTTP_PAGE_LOGIN) {
        *answer = log_in(v, request);
    } else if (page == HTTP_PAGE_LOGOUT) {
        *answer = log_out(v, request);
    } else {
        *answer = page_answer(request->path, v->right);
        if (answer->size == 0) {
            *answer = http_refusal(404, nothing_there);
        }
    }
    return true;
}
