/* http_head.h: the head of an HTTP/1.1 message, as strict as RFC 9112 allows. Pure, any thread.
 *
 * Listeners serve GET and HEAD requests and connectors read the answer to their own request for an upgrade;
 * both have no body. The admin side also takes POST requests with a body whose size Content-Length
 * says. Anything unusual is refused rather than interpreted: a line that ends in LF alone, a folded
 * line, a space before the colon, a control byte, a repeated header that must be unique, a body.
 */
#ifndef PORTICO_WEB_HTTP_HEAD_H
#define PORTICO_WEB_HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>

enum { HTTP_HEAD_MAX = 8192, HTTP_HEADERS_MAX = 64 };

/* Bytes of the head; not zero-terminated. */
typedef struct http_text {
    const char *at;
    uint32_t size;
} http_text;

typedef struct http_header {
    http_text name;
    http_text value; /* without spaces at its ends */
} http_header;

typedef struct http_head {
    http_text method; /* of a request ... */
    http_text path;   /* ... up to a question mark ... */
    http_text query;  /* ... and after it */
    uint32_t status;  /* of an answer */
    uint32_t header_count;
    http_header headers[HTTP_HEADERS_MAX];
} http_head;

/* Results of reading a head. Others are a status to refuse a request with. */
enum { HTTP_MORE = 0, HTTP_OK = 200 };

/* Looks for the end of the head. Each byte is looked at once: `*scanned` is how far it has come,
 * which the caller sets to 0 and keeps. HTTP_OK: the head has *head_bytes. HTTP_MORE: it is
 * incomplete. Others: 400 or 431, and *why, a constant, says what is wrong. */
uint32_t http_find_end(const char *bytes, uint32_t size, uint32_t *scanned, uint32_t *head_bytes,
                       const char **why);

/* Reads a whole head of a GET or HEAD request. HTTP_OK, or the status to refuse it with. */
uint32_t http_read_request(const char *bytes, uint32_t head_bytes, http_head *head,
                           const char **why);

/* The same for a request that may also be a POST with a body of at most `body_most` bytes, which
 * follow the head: *body_bytes. Its size must be said by Content-Length, once, in digits. */
uint32_t http_read_request_with_body(const char *bytes, uint32_t head_bytes, uint32_t body_most,
                                     http_head *head, uint32_t *body_bytes, const char **why);

/* Reads a whole head of an answer without a body. HTTP_OK, or any other status. */
uint32_t http_read_answer(const char *bytes, uint32_t head_bytes, http_head *head,
                          const char **why);

/* The value of the header of that lower-case name; NULL: there is none. */
const http_text *http_find(const http_head *head, const char *name);

/* Whether some header of that name, a list separated by commas, contains `token`. Neither depends
 * on case; both are given in lower case. */
bool http_has_token(const http_head *head, const char *name, const char *token);

bool http_text_is(http_text text, const char *other);
bool http_text_is_any_case(http_text text, const char *other);
bool http_text_same_any_case(http_text text, http_text other);

#endif
