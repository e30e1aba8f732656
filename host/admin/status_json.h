/* status_json.h: the answers to `ctl status`, `top`, `sessions`, `faults` and `metrics` as members of
 * a JSON object. Any thread, but for json_metrics: admin thread. */
#ifndef PORTICO_STATUS_JSON_H
#define PORTICO_STATUS_JSON_H

#include "base/json.h"

void json_status(json *j);

/* Totals, as in the text: the reader takes the difference of two answers. */
void json_top(json *j);
void json_sessions(json *j);
void json_faults(json *j, uint32_t most);
void json_metrics(json *j);

#endif
