/* answer.h: answers over HTTP, whole, as bytes. One owner, no lock. */
#ifndef PORTICO_ADMIN_HTTP_ANSWER_H
#define PORTICO_ADMIN_HTTP_ANSWER_H

#include "admin/lines.h"

#include <stdint.h>

/* The HTTP status for how a command has ended. */
uint32_t http_status_of(portico_status status);

/* Makes `body`, which it takes over, the whole answer: a head, then the body. `headers` are whole
 * lines, or "". Every answer ends its connection, may not be stored, nor shown as a page of another
 * kind or inside one, and a page runs only the scripts of this host. `failed`: no memory. */
lines http_answer(uint32_t status, const char *type, const char *headers, lines *body);

/* Sends the browser to the page at `location`, after a form. */
lines http_redirect(const char *location, const char *headers);

/* An answer that refuses a request, as JSON: `why` is a constant. */
lines http_refusal(uint32_t status, const char *why);

#endif
