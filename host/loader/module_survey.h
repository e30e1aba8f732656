/* module_survey.h: the modules that a configuration means, described as far as their files tell.
 * For `portico check`: loads none. [main() of `check`] */
#ifndef PORTICO_MODULE_SURVEY_H
#define PORTICO_MODULE_SURVEY_H

#include "loader/module_files.h"
#include "module/description_file.h"
#include "module/image.h"

typedef enum module_finding {
    MODULE_MISSING,   /* there is no such file */
    MODULE_REFUSED,   /* the host would refuse it: `why` */
    MODULE_UNCERTAIN, /* only the running module tells what it is: `why` */
    MODULE_DESCRIBED  /* `generation` has all of it */
} module_finding;

/* One file. */
typedef struct surveyed_module {
    const char *stem;             /* [module STEM], or STEM.so in the folder */
    const config_module *section; /* NULL: found in the folder */
    bool loads;                   /* at the start; otherwise by `ctl load`, if at all */
    char *path;
    module_finding finding;
    char why[IMAGE_WHY_MAX];
    generation *generation; /* never serves: only its description is filled in */
    module_description description;
} surveyed_module;

typedef struct module_survey {
    const config *config;
    module_files files;    /* in the folder */
    portico_status folder; /* PORTICO_OK: it has been read */
    int32_t folder_error;  /* of the system, otherwise */
    surveyed_module *all;  /* files without a section, then the sections, as they are loaded */
    size_t count;
} module_survey;

/* False: out of memory; free it in any case. */
bool module_survey_take(module_survey *s, const config *c);
void module_survey_free(module_survey *s);

/* The name of the module: its own if it is described, else what its file is called after. */
const char *surveyed_name(const surveyed_module *m);

#endif
