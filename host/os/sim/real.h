/* real.h: the real system's functions that the simulation builds on or passes calls to.
 *
 * The real implementation is compiled a second time with rename.h, so that both can be in one
 * executable. What rename.h does not name, such as os_address_parse, is the real one everywhere.
 */
#ifndef PORTICO_SIM_REAL_H
#define PORTICO_SIM_REAL_H

#include "os/os.h"

typedef struct real_thread real_thread;
typedef struct real_alarm real_alarm;
typedef struct real_library real_library;

portico_status real_init(int *argc, char ***argv);
void real_exit(int code);
int32_t real_error(void);
portico_status real_error_status(void);
void real_error_text(int32_t system_error, char *text, size_t size);
uint32_t real_process_id(void);
uint64_t real_wall_ms(void);

portico_status real_thread_start(real_thread **thread, const char *name, void (*fn)(void *),
                                 void *arg);
void real_thread_join(real_thread *thread);
portico_status real_alarm_create(real_alarm **alarm);
void real_alarm_destroy(real_alarm *alarm);
void real_alarm_sleep(real_alarm *alarm, uint64_t until_ns);
void real_alarm_ring(real_alarm *alarm);

portico_status real_library_open(const char *path, bool tried, real_library **library, char *why,
                                 size_t why_size);
portico_status real_library_check(const char *path, char *why, size_t why_size);
void *real_library_symbol(real_library *library, const char *name);
bool real_library_brought(const real_library *library);
void real_library_range(real_library *library, uintptr_t *begin, uintptr_t *end);
bool real_library_close(real_library *library);

FILE *real_fopen(const char *path, const char *mode);
portico_status real_file_error(void);
portico_status real_fopen_private(const char *path, FILE **file, char found[OS_FOUND_TEXT]);
portico_status real_fopen_secret(const char *path, FILE **file, char found[OS_FOUND_TEXT]);
portico_status real_folder_private(const char *path, char found[OS_FOUND_TEXT]);
portico_status real_lock_take(const char *path, os_lock **lock, uint32_t *process);
portico_status real_file_rename(const char *from, const char *to);
portico_status real_file_remove(const char *path);
portico_status real_file_look(const char *path, os_file_info *info);
portico_status real_fopen_beneath(const char *folder, const char *name, FILE **file,
                                  os_file_info *info);
bool real_file_is_written(const char *path);
portico_status real_folder_create(const char *path);
portico_status real_folder_add(const char *path);
portico_status real_folder_check(const char *path);
portico_status real_folder_remove(const char *path);
portico_status real_folder_delete(const char *path);
portico_status real_folder_list(const char *path, void (*each)(void *arg, const char *name),
                                void *arg);
portico_status real_path_absolute(const char *path, char *absolute, size_t size);
portico_status real_executable_path(char *path, size_t size);

#endif
