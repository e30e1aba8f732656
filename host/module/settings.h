/* settings.h: what a module declares as its settings, and what its section in the ini says.
 *
 * The table is the module's own: nothing in it is trusted before settings_validate has accepted it,
 * and everything else here expects that. Pure, any thread, except settings_write. A value is
 * written as portico.h says at portico_setting; the words of a fault are those of the host's own
 * keys: what was found, what is allowed, what may be meant.
 */
#ifndef PORTICO_SETTINGS_H
#define PORTICO_SETTINGS_H

#include "config/config.h"
#include "module/setting.h"

#include <portico/portico.h>

#include <stdio.h>

enum {
    SETTINGS_MAX = 1024,   /* rows of a table; a section has no more keys either */
    SETTINGS_WHY_MAX = 500 /* room for any `why` */
};

/* Whether the table and every row are right, the fallbacks included. PORTICO_E_INVALID: `why` names
 * the row:
 *     setting 2 (tick_ms): fallback "5": allowed is a whole number from 10 to 1000 */
portico_status settings_validate(const portico_table *settings, char *why, size_t why_size);

/* Receives one fault of a section: the line in the ini, and a sentence such as
 * "[module arena] tick_ms = 5: must be a whole number from 10 to 1000". */
typedef void (*settings_report)(void *arg, uint32_t line, const char *text);

/* Reports every key of the section that is no setting, and every wrong value, in the order of the
 * section. `section` NULL: there is none, nothing is wrong. Returns the number of faults. */
size_t settings_check(const portico_table *settings, const config_module *section,
                      settings_report report, void *arg);

/* Writes every setting to its target: the section's value, or the fallback if the section (which
 * may be NULL) does not have the key or its value is wrong. Allocates nothing. A TEXT points into
 * the section or at the fallback. [control thread, while no code of the module runs] */
void settings_write(const portico_table *settings, const config_module *section);

/* The text of a setting by the section, which may be NULL; else its fallback. */
const char *settings_text(const config_module *section, const portico_setting *s);

/* Prints [module NAME] with every setting, ready to be pasted into an ini: above each key its help
 * and what is allowed, after it the fallback. */
void settings_print(const portico_table *settings, const char *name, FILE *to);

/* Copies row `index`; what a shorter row does not have is zero. */
portico_setting setting_at(const portico_table *settings, uint32_t index);

#endif
