/* rules.h: which requests over HTTP are ours, and what they ask for. Pure, any thread.
 *
 * A page of another site that the operator's browser shows must not reach the host. Its requests
 * have its own Origin, or, if it has made its own name resolve to this machine, its own name as
 * Host.
 */
#ifndef PORTICO_ADMIN_HTTP_RULES_H
#define PORTICO_ADMIN_HTTP_RULES_H

#include "os/os.h"
#include "web/http_head.h"

typedef enum http_page {
    HTTP_PAGE_NONE,
    HTTP_PAGE_METRICS, /* /metrics */
    HTTP_PAGE_COMMAND, /* /api/NAME */
    HTTP_PAGE_LIVE,    /* GET /live */
    HTTP_PAGE_LOGIN,   /* POST /login */
    HTTP_PAGE_LOGOUT,  /* POST /logout */
    HTTP_PAGE_FILE     /* GET of any other path */
} http_page;

/* Where HTTP is served. */
typedef struct http_site {
    os_address address; /* that it listens on */
    const char *hosts;  /* other names of it (see config_list_item), or NULL */
    bool tls;
} http_site;

/* Whether the request is for this site: Host is its address, one of its names, 127.0.0.1, [::1] or
 * localhost, with any port, since a tunnel may have another one. */
bool http_host_is_own(const http_head *request, const http_site *site);

/* Whether no browser says that a page of elsewhere has sent it: there is no Origin, or that is the
 * Host; with TLS by https, else also, since a proxy may add that. */
bool http_origin_is_own(const http_head *request, const http_site *site);

/* Whether a request that a browser's cookie vouches for, or that is to get one, may do that: one
 * that changes something, or opens a WebSocket, must have an Origin. */
bool http_origin_suffices(const http_head *request, http_page page);

/* The token of `Authorization: Bearer TOKEN`; size 0: there is none. */
http_text http_bearer(const http_head *request);

enum { HTTP_COOKIE_NAME = 24 };

/* Writes the name of the cookie of a login: "portico_" and the port that the browser has connected to,
 * as its Host says. Browsers send a cookie to all ports of a machine, and there may be several hosts. */
void http_cookie_name(const http_head *request, const http_site *site, char name[HTTP_COOKIE_NAME]);

/* The value of that cookie; size 0: there is none, or more than one. */
http_text http_cookie(const http_head *request, const char *name);

enum { HTTP_TOKEN_MAX = 512 };

/* Decodes the field `token` of a form's body. Returns its size; 0: it has none that could be one.
 */
uint32_t http_form_token(http_text body, char token[HTTP_TOKEN_MAX]);

http_page http_page_of(const http_head *request);

/* Whether it may be seen only with the token or a login. */
bool http_page_is_secret(http_page page);

enum { HTTP_COMMAND_MAX = 4096 };

/* Writes the command of /api/NAME: NAME and its argument, which is the body, or for GET the query,
 * decoded. False: the argument is too long or not plain text. */
bool http_command_of(const http_head *request, http_text body, char command[HTTP_COMMAND_MAX]);

#endif
