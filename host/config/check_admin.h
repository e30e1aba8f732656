/* check_admin.h: the rules between the keys of [admin]. One thread. */
#ifndef PORTICO_CONFIG_CHECK_ADMIN_H
#define PORTICO_CONFIG_CHECK_ADMIN_H

#include "config/draft.h"

void config_check_admin(config_draft *draft, const draft_section *section);

#endif
