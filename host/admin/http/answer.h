/* answer.h: answers over HTTP, whole, as bytes. One owner, no lock. */
#ifndef PORTICO_ADMIN_HTTP_ANSWER_H
#define PORTICO_ADMIN_HTTP_ANSWER_H

#include "admin/lines.h"

#include <stdint.h>

/* The HTTP status for how a command has ended. */
uint32_t http_status_of(portico_status status);

/* Makes `body`, which it takes over, the whole answer: a head, then the body. Every answer ends its
 * connection and may not be stored or shown as a page of another kind. `failed`: no memory. */
lines http_answer(uint32_t status, const char *type, lines *body);

/* An answer that refuses a request, as JSON: `why` is a constant. */
lines http_refusal(uint32_t status, const char *why);

#endif
