/* page.h: requests for the files of a page. See web/files.h. */
#ifndef PORTICO_SESSION_PAGE_H
#define PORTICO_SESSION_PAGE_H

#include "session/handshake.h"
#include "web/http_head.h"

/* Asks for a file. HANDSHAKE_MORE: the handshake continues when it has been read. [turn] */
handshake_result page_ask(session *s, const http_head *request);

/* Sends the answer, if there is one by now. [turn] */
handshake_result page_send(session *s);

/* Whether a file is being read, and no recv is due. [lock] */
bool page_waits_locked(const session *s);

#endif
