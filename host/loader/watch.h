/* watch.h: notices when the file of a loaded module was rebuilt, for [modules] watch.
 *
 * A thread looks at the files ten times a second. It reports a change once, as soon as
 *   - the file has been the same for a while,
 *   - nobody has it open for writing,
 *   - it can be read, and
 *   - its bytes are neither those that are loaded nor those of the last time it was read.
 * So it waits for a slow build to end. A touch, a build with the same bytes, a build that was
 * refused and one that was rolled back cause no swap until the file changes again. It waits for a
 * missing file to come back.
 */
#ifndef PORTICO_WATCH_H
#define PORTICO_WATCH_H

#include <portico/status.h>

#include <stdint.h>

/* Starts the thread, which calls `changed` without holding a lock; the name is valid during the
 * call. Files may have been set before. `changed` runs before the swap reads the file, so after
 * several reports in a row the first swap loads the last build, and the later ones find nothing to
 * do. [control thread] */
portico_status watch_start(void (*changed)(const char *module_name));

/* Ends the thread, if it was started, and forgets all files; `changed` is not called afterwards.
 * [control thread] */
void watch_stop(void);

/* Sets which build of a module is loaded, and from which file: after a load, a swap and a
 * roll-back. The first call for a name starts watching its file. Size and hash are those of the
 * loaded copy, so a file that was rebuilt while it was loaded is reported as well. Out of memory:
 * the log says that the file is not watched. [any thread] */
void watch_set(const char *module_name, const char *file, uint64_t size, uint64_t hash);

/* Stops watching a module's file, after an unload. A running call of `changed` may end after this
 * returns. [any thread] */
void watch_forget(const char *module_name);

#endif
