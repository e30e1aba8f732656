/* file_name.h: which file of a folder a path of a URL names. Pure, any thread. */
#ifndef PORTICO_WEB_FILE_NAME_H
#define PORTICO_WEB_FILE_NAME_H

#include "web/http_head.h"

enum { FILE_NAME_BYTES = 256 }; /* a zero included */

/* Writes the name, relative to the folder: "/" names "index.html". Parts consist of letters,
 * digits, '-', '_' and '.', neither begin nor end with a '.', and are no device of Windows. So no
 * name leaves the folder, is hidden, or means something else to some system. Returns the type of
 * its content; NULL: no file that may be served has that path. */
const char *file_name_of(http_text path, char name[FILE_NAME_BYTES]);

#endif
