/* rules.h: which requests over HTTP are ours, and what they ask for. Pure, any thread.
 *
 * A page of another site that the operator's browser shows must not reach the host. Its requests
 * have its own Origin, or, if it has made its own name resolve to 127.0.0.1, its own name as Host.
 */
#ifndef PORTICO_ADMIN_HTTP_RULES_H
#define PORTICO_ADMIN_HTTP_RULES_H

#include "web/http_head.h"

/* Whether the request is for this machine: Host is 127.0.0.1, [::1] or localhost, with any port,
 * since a tunnel may have another one. */
bool http_host_is_own(const http_head *request);

/* Whether no browser says that a page of elsewhere has sent it: there is no Origin, or that is the
 * Host. */
bool http_origin_is_own(const http_head *request);

/* The token of `Authorization: Bearer TOKEN`; size 0: there is none. */
http_text http_bearer(const http_head *request);

enum { HTTP_COMMAND_MAX = 4096 };

typedef enum http_page { HTTP_PAGE_NONE, HTTP_PAGE_METRICS, HTTP_PAGE_COMMAND } http_page;

/* Finds the page of a path. HTTP_PAGE_COMMAND: `command` is /api/NAME's NAME and its argument, which is
 * the body, or for GET the query, decoded. HTTP_PAGE_NONE: there is no such page; or *bad: the
 * argument is too long or not plain text. */
http_page http_page_of(const http_head *request, http_text body, char command[HTTP_COMMAND_MAX],
                       bool *bad);

#endif
