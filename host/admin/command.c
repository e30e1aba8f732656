/* command.c: see command.h. */
#include "admin/command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *argument;
} commands[] = {
#define COMMAND_ROW(name, argument) {#name, argument},
    COMMAND_LIST(COMMAND_ROW)
#undef COMMAND_ROW
};

/* "kick ID". Returns what snprintf does. */
static int usage(int id, char *text, size_t size) {
    const char *argument = commands[id].argument;
    return snprintf(text, size, "%s%s%s", commands[id].name, argument[0] != '\0' ? " " : "",
                    argument);
}

void command_list(const char *between, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < COMMAND_COUNT && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s", i > 0 ? between : "");
        used += used < size ? (size_t)usage(i, text + used, size - used) : 0;
    }
}

command_id command_parse(const char *line, const char **argument, char why[COMMAND_WHY_MAX]) {
    size_t size = strcspn(line, " ");
    *argument = line + size + (line[size] == ' ');
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strlen(commands[i].name) != size || strncmp(line, commands[i].name, size) != 0) {
            continue;
        }
        bool optional = commands[i].argument[0] == '[';
        if (optional || (commands[i].argument[0] != '\0') == ((*argument)[0] != '\0')) {
            return (command_id)i;
        }
        char right[64];
        (void)usage(i, right, sizeof right);
        snprintf(why, COMMAND_WHY_MAX, "usage: %s", right);
        return COMMAND_COUNT;
    }
    char all[COMMAND_WHY_MAX - 32];
    command_list(", ", all, sizeof all);
    snprintf(why, COMMAND_WHY_MAX, "unknown command: there are %s", all);
    return COMMAND_COUNT;
}
