/* session_report.h: the answers to `ctl sessions` and `ctl session ID`, but for the states. As text
 * or JSON, as the answer wants. Any thread. */
#ifndef PORTICO_SESSION_REPORT_H
#define PORTICO_SESSION_REPORT_H

#include "admin/lines.h"
#include "session/session.h"

/* `argument` is "[N] [SORT] [FILTER]" (listing.h). Ends the answer. */
void report_sessions(lines *to, const char *argument);

/* One of them: a line, or a member `key` of the answer's object; NULL: of an array in it. */
void report_session(lines *to, const char *key, session *s);

#endif
