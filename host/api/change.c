/* change.c: what the functions that change something share. See private.h. */
#include "api/private.h"

bool api_is_staging(const char *function) {
    bool staging = module_is_staging();
    if (staging) {
        module_complain(
            "%s is not allowed before the swap, when migrate may only answer: use start", function);
    }
    return staging;
}

bool api_is_reason(portico_status reason) {
    switch (reason) {
#define CASE(name, number, sentence) case (number):
        PORTICO_STATUS_LIST(CASE)
#undef CASE
        return reason != PORTICO_OK;
    default: return false;
    }
}

portico_status api_change_session(const char *function, portico_session id, session_change change,
                                  const void *argument) {
    if (api_is_staging(function)) {
        return PORTICO_E_STATE;
    }
    session *s = session_find(id.id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    portico_status status = change(s, argument);
    session_release(s);
    return status;
}
