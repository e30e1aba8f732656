/* serve.h: which requests over HTTP are served, and with what. [admin thread] */
#ifndef PORTICO_ADMIN_SERVE_H
#define PORTICO_ADMIN_SERVE_H

#include "admin/http/visit.h"

typedef enum http_proof {
    HTTP_PROOF_NONE, /* it needs none, or has shown the secret of a login */
    HTTP_PROOF_TOKEN /* it depends on a token: see serve_token */
} http_proof;

/* Before the first request. `site` must outlive them. */
void serve_start(const http_site *site);

/* Looks at the head of a request. HTTP_OK, and *proof; v->right and v->login say whose secret it
 * has shown. Others: the status to refuse it with, and *why, a constant. */
uint32_t serve_admit(http_visit *v, const http_head *request, http_proof *proof, const char **why);

/* The token that such a request depends on: of its head, or of its body, which is then decoded into
 * `form`. */
http_text serve_token(const http_head *request, http_text body, char form[HTTP_TOKEN_MAX]);

/* Serves a request that has been admitted and judged. True: *answer is the answer. False: v->job
 * will have it, or v->trace, whose beginning is in v->answer. With v->live, *answer is the answer
 * to the handshake of a live connection. */
bool serve(http_visit *v, const http_head *request, http_text body, lines *answer);

/* The answer of a command that has ended, from v->answer. */
lines serve_ended(http_visit *v);

#endif
