/* answer.c: see answer.h. */
#include "admin/http/answer.h"

#include <stdio.h>
#include <string.h>

static const struct {
    uint32_t status;
    const char *name;
    const char *headers;
} statuses[] = {
    {200, "OK", ""},
    {303, "See Other", ""},
    {400, "Bad Request", ""},
    {401, "Unauthorized", "WWW-Authenticate: Bearer realm=\"portico\"\r\n"},
    {403, "Forbidden", ""},
    {404, "Not Found", ""},
    {405, "Method Not Allowed", "Allow: GET, POST\r\n"},
    {408, "Request Timeout", ""},
    {409, "Conflict", ""},
    {411, "Length Required", ""},
    {413, "Content Too Large", ""},
    {426, "Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"},
    {429, "Too Many Requests", "Retry-After: 2\r\n"},
    {431, "Request Header Fields Too Large", ""},
    {500, "Internal Server Error", ""},
    {503, "Service Unavailable", ""},
    {504, "Gateway Timeout", ""},
    {505, "HTTP Version Not Supported", ""},
};

uint32_t http_status_of(portico_status status) {
    switch (status) {
    case PORTICO_OK: return 200;
    case PORTICO_E_INVALID: return 400;
    case PORTICO_E_GONE:
    case PORTICO_E_NOT_FOUND: return 404;
    case PORTICO_E_NO_MEMORY:
    case PORTICO_E_BACKLOG: return 503;
    case PORTICO_E_TIMEOUT: return 504;
    default: return 409; /* it is as it is: the answer says why */
    }
}

lines http_answer(uint32_t status, const char *type, const char *headers, lines *body) {
    char head[1024];
    size_t i = 0;
    while (i + 1 < sizeof statuses / sizeof statuses[0] && statuses[i].status != status) {
        i++;
    }
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 %u %s\r\n%s%s"
                        "Connection: close\r\n"
                        "Cache-Control: no-store\r\n"
                        "Content-Type: %s\r\n"
                        "X-Content-Type-Options: nosniff\r\n"
                        "X-Frame-Options: DENY\r\n"
                        "Referrer-Policy: same-origin\r\n"
                        "Content-Security-Policy: default-src 'none'; script-src 'self'; "
                        "style-src 'self'; img-src 'self'; connect-src 'self'; "
                        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'\r\n"
                        "Content-Length: %zu\r\n"
                        "\r\n",
                        (unsigned)statuses[i].status, statuses[i].name, statuses[i].headers,
                        headers, type, body->size);
    lines answer = {.failed = body->failed};
    lines_bytes(&answer, head, (size_t)size);
    lines_bytes(&answer, body->text, body->size);
    lines_free(body);
    return answer;
}

lines http_redirect(const char *location, const char *headers) {
    char all[512];
    lines body = {0};
    snprintf(all, sizeof all, "Location: %s\r\n%s", location, headers);
    return http_answer(303, "text/plain; charset=utf-8", all, &body);
}

lines http_refusal(uint32_t status, const char *why) {
    lines body = {.as_json = true, .bare = true};
    portico_status code = status == 401 || status == 403   ? PORTICO_E_ACCESS
                          : status == 404                  ? PORTICO_E_NOT_FOUND
                          : status == 413 || status == 431 ? PORTICO_E_TOO_BIG
                          : status == 408                  ? PORTICO_E_TIMEOUT
                                                           : PORTICO_E_INVALID;
    lines_end(&body, code, why);
    return http_answer(status, "application/json", "", &body);
}
