/* status.c: every status has a name and a sentence, and so does a number that is no status. */
#include "base/status.h"

#include "support/check.h"

SCENARIO(status) {
    CHECK_TEXT(status_name(PORTICO_OK), "PORTICO_OK");
    CHECK_TEXT(status_text(PORTICO_OK), "success");
    CHECK_TEXT(status_name(PORTICO_E_GONE), "PORTICO_E_GONE");
    CHECK_TEXT(status_name(PORTICO_E_SYSTEM), "PORTICO_E_SYSTEM");
    CHECK_TEXT(status_text(PORTICO_E_EOF), "the peer closed the connection");
    for (portico_status status = 0; status >= PORTICO_E_FAULT; status--) {
        CHECK(strcmp(status_name(status), "PORTICO_E_?") != 0);
        CHECK(strlen(status_text(status)) > 4);
    }
    CHECK_TEXT(status_name(1), "PORTICO_E_?");
    CHECK_TEXT(status_text(INT32_MIN), "a status that this version does not know");
}
