/* system_text.c: see system_text.h. */
#include "base/system_text.h"

#include "os/os.h"

const char *system_text(int32_t system_error) {
    static _Thread_local char text[256];
    char sentence[224];
    if (system_error == 0) {
        return "no system error";
    }
    os_error_text(system_error, sentence, sizeof sentence);
    snprintf(text, sizeof text, "system error %d: %s", (int)system_error, sentence);
    return text;
}
