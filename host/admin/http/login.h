/* login.h: browsers that have shown the token. Each has a secret of its own as a cookie, so that
 * the token is in no browser. [admin thread]
 *
 * The host keeps logins in memory only: a restart ends all. One that is not used for twelve hours
 * ends; when all places are taken, the one that was not used for longest makes way.
 */
#ifndef PORTICO_ADMIN_LOGIN_H
#define PORTICO_ADMIN_LOGIN_H

#include "web/http_head.h"

enum { LOGIN_SECRET_BYTES = 65, LOGINS_MAX = 16 }; /* a zero included */

/* Begins a login and writes its secret. Returns its number, by which the log names it; 0: the
 * system has no random bytes. */
uint32_t login_begin(uint64_t now_ms, char secret[LOGIN_SECRET_BYTES]);

/* The number of the login with that secret, which is now used; 0: there is none. */
uint32_t login_find(http_text secret, uint64_t now_ms);

/* Whether it still lasts; it is now used. */
bool login_lasts(uint32_t number, uint64_t now_ms);

void login_end(uint32_t number);

/* Ends all. */
void logins_start(void);

#endif
