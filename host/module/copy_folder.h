/* copy_folder.h: run_dir/copies, which all hosts with one run_dir share: which copies are whose.
 * [control thread]
 *
 *   SET.live  open for writing while its host has copies, deleted with the last of them;
 *             empty until a later start finds it without its host and numbers it
 *   SET.N/    one copy of a module: its library and debug symbols
 *
 * SET is the host's PID, or PID-2, PID-3 ... if the name is taken: in containers every host may
 * have the same PID.
 *
 * A host that stops cleanly deletes its copies. A SET.live that no process has open belongs to a
 * host that crashed or was killed, and a debugger needs that host's copies to read its core dump.
 * So the copies of the last three such hosts are kept, where they are, since a dump names them by
 * their paths.
 */
#ifndef PORTICO_COPY_FOLDER_H
#define PORTICO_COPY_FOLDER_H

#include "os/os.h"

enum { COPY_SETS_KEPT = 3 };

/* Makes run_dir/copies and deletes what earlier hosts left there, except the last COPY_SETS_KEPT
 * sets of hosts that did not stop cleanly: the log says where those are. Until then
 * copy_folder_ready is false. */
portico_status copy_folder_start(const char *run_dir);
bool copy_folder_ready(void);

/* Makes an empty folder for a copy. On PORTICO_OK the caller owns *folder until copy_folder_remove;
 * otherwise it is NULL. PORTICO_E_NO_MEMORY, or what the system says. */
portico_status copy_folder_add(char **folder);

/* Deletes the folder with its files and frees `folder`. What cannot be deleted because it is still
 * loaded is left for the next host to delete. */
void copy_folder_remove(char *folder);

/* A path on the heap; NULL when out of memory or too long. */
char *path_join(const char *folder, const char *name);

#endif
