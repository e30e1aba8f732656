/* status_json.h: the answers to `ctl status`, `top`, `faults` and `metrics` as members of a JSON
 * object. Any thread, but for json_metrics: admin thread. */
#ifndef PORTICO_STATUS_JSON_H
#define PORTICO_STATUS_JSON_H

#include "admin/lines.h"

void json_status(lines *to); /* an answer as JSON */

/* Totals, as in the text: the reader takes the difference of two answers. */
void json_top(lines *to);
void json_faults(json *j, uint32_t most);
void json_metrics(json *j);

#endif
