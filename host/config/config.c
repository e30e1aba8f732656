/* config.c: see config.h. */
#include "config/config.h"

#include <string.h>

const config_module *config_find_module(const config *c, const char *name) {
    for (size_t i = 0; i < c->module_count; i++) {
        if (strcmp(c->modules[i].name, name) == 0) {
            return &c->modules[i];
        }
    }
    return NULL;
}

const config_pair *config_find_pair(const config_module *m, const char *key) {
    for (size_t i = 0; i < m->pair_count; i++) {
        if (strcmp(m->pairs[i].key, key) == 0) {
            return &m->pairs[i];
        }
    }
    return NULL;
}

uint32_t config_line(const config *c, const void *field) {
    for (size_t i = 0; i < c->mark_count; i++) {
        if (c->marks[i].field == field) {
            return c->marks[i].line;
        }
    }
    return 0;
}

/* Items are separated by newlines, see set_list in value.c. */
bool config_list_item(const char *list, uint32_t index, char *item, size_t size) {
    for (; list != NULL && index > 0; index--) {
        list = strchr(list, '\n');
        list = list != NULL ? list + 1 : NULL;
    }
    size_t bytes = list != NULL ? strcspn(list, "\n") : 0;
    if (bytes == 0 || bytes >= size) {
        return false;
    }
    memcpy(item, list, bytes);
    item[bytes] = '\0';
    return true;
}

uint32_t config_list_count(const char *list) {
    uint32_t count = list != NULL;
    for (; list != NULL && (list = strchr(list, '\n')) != NULL; list++) {
        count++;
    }
    return count;
}

config_on_fault config_module_on_fault(const config *c, const char *name) {
    const config_module *m = config_find_module(c, name);
    return m != NULL ? m->on_fault : c->modules_on_fault;
}

uint32_t config_module_hang_ms(const config *c, const char *name) {
    const config_module *m = config_find_module(c, name);
    return m != NULL ? (uint32_t)m->hang_ms : c->modules_hang_ms;
}

uint64_t config_module_memory_limit(const config *c, const char *name) {
    const config_module *m = config_find_module(c, name);
    return m != NULL && m->memory_limit_bytes != 0 ? m->memory_limit_bytes
                                                   : c->modules_memory_limit_bytes;
}
