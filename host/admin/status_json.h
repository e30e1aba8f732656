/* status_json.h: the answers to `ctl status`, `faults` and `metrics` as members of a JSON object.
 * Any thread, but for json_status and json_metrics: admin thread. */
#ifndef PORTICO_STATUS_JSON_H
#define PORTICO_STATUS_JSON_H

#include "admin/lines.h"

void json_status(lines *to); /* an answer as JSON */
void json_faults(json *j, uint32_t most);
void json_metrics(json *j);

#endif
