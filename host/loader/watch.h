/* watch.h: tells when the file of a loaded module was rebuilt, for [modules] watch.
 *
 * A thread looks at the files ten times a second. A change is told once, when the file has been the same for a while,
 * nobody has it open for writing, it can be read, and its bytes are neither those that are loaded nor those that it had
 * when it was read last. So a build that takes long is waited for, and no swap comes of a touch, of a build with the same
 * bytes, of a build that was refused, or of one that was rolled back, until the file changes again.
 * A file that is missing for a while is waited for.
 */
#ifndef PORTICO_WATCH_H
#define PORTICO_WATCH_H

#include <portico/status.h>

#include <stdint.h>

/* Starts the thread. It calls `changed` with no lock held; the name is valid during the call. Files may have been set
 * before. The swap reads the file again, later: when several changes were told meanwhile, the later ones find in place what
 * they would load (image_copy.h has the hash), and nothing is to be done. [control thread] */
portico_status watch_start(void (*changed)(const char *module_name));

/* Ends the thread and forgets all files; `changed` is not called afterwards. Fine when it was not started. [control thread] */
void watch_stop(void);

/* What is loaded now of a module, from which file: after a load, a swap and a roll-back. The first call for a name begins
 * to watch, and the size and hash are those of the copy that is loaded, so a file that was rebuilt while it was loaded is
 * told as well. Out of memory: the log says that the file is not watched. [any thread] */
void watch_set(const char *module_name, const char *file, uint64_t size, uint64_t hash);

/* After an unload. A call of `changed` that runs already may still end after this. [any thread] */
void watch_forget(const char *module_name);

#endif
