/* check_tls.h: the rules between the keys for TLS of one listener or connector. One thread. */
#ifndef PORTICO_CONFIG_CHECK_TLS_H
#define PORTICO_CONFIG_CHECK_TLS_H

#include "config/draft.h"

void config_check_tls(config_draft *draft, const draft_section *section, const config_service *s);

#endif
