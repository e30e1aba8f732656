/* page.c: see page.h. */
#include "admin/http/page.h"

#include "admin/http/answer.h"
#include "web/file_name.h"

#include <string.h>

lines page_answer(http_text path, bool login) {
    char name[FILE_NAME_BYTES];
    const char *type = file_name_of(path, name);
    if (http_text_is(path, "/") && !login) {
        type = file_name_of((http_text){"/login.html", 11}, name);
    }
    for (unsigned i = 0; type != NULL && i < web_file_count; i++) {
        if (strcmp(web_files[i].name, name) == 0) {
            lines body = {0};
            lines_bytes(&body, (const char *)web_files[i].bytes, web_files[i].size);
            return http_answer(200, type, "", &body);
        }
    }
    return (lines){0};
}
