/* visits.c: see visits.h. */
#include "admin/visits.h"

visit_counts visits;
