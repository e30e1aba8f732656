/* room_report.h: the answers to `ctl rooms` and `ctl room ID`, but for the states. As text or JSON,
 * as the answer wants. Any thread. */
#ifndef PORTICO_ROOM_REPORT_H
#define PORTICO_ROOM_REPORT_H

#include "admin/lines.h"
#include "room/room.h"

/* `argument` is "[N] [SORT] [FILTER]" (listing.h). Ends the answer. */
void report_rooms(lines *to, const char *argument);

/* One of them: a line, or a member `key` of the answer's object; NULL: of an array in it. */
void report_room(lines *to, const char *key, room *r);

/* Its members: a line for each, or an array "members". */
void report_members(lines *to, room *r);

#endif
