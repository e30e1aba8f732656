/* command.c: see command.h. */
#include "admin/command.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { DIGITS_MAX = 6 }; /* of a number N */

typedef enum file_part { FILE_NONE, FILE_UNLESS_NAME, FILE_AFTER_NAME } file_part;

static const struct {
    const char *usage;
    file_part file;
} commands[] = {
#define COMMAND_ROW(name, usage, file) {usage, FILE_##file},
    COMMAND_LIST(COMMAND_ROW)
#undef COMMAND_ROW
};

void command_list(const char *separator, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < COMMAND_COUNT && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? separator : "",
                                 commands[i].usage);
    }
}

/* Whether the usage names the option: "--plan" in "[--plan|--force]". */
static bool has_option(const char *usage, const char *option, size_t size) {
    for (const char *at = strstr(usage, "--"); at != NULL; at = strstr(at + 2, "--")) {
        if (strcspn(at, " |]") == size && strncmp(at, option, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Returns what follows the options at the start of `argument`; NULL: the usage does not name one
 * of them. */
static const char *skip_options(const char *usage, const char *argument) {
    while (strncmp(argument, "--", 2) == 0) {
        size_t size = strcspn(argument, " ");
        if (!has_option(usage, argument, size)) {
            return NULL;
        }
        argument += size;
        argument += strspn(argument, " ");
    }
    return argument;
}

/* Whether something in the usage is not in brackets, after the command's word. */
static bool needs_argument(const char *usage) {
    const char *at = usage + strcspn(usage, " ");
    while (*at == ' ' && at[1] == '[') {
        at += strcspn(at, "]") + 1;
    }
    return *at != '\0';
}

/* Whether a command may have the argument that it got. */
static bool argument_fits(const char *usage, const char *argument) {
    if (strchr(usage, ' ') == NULL) {
        return argument[0] == '\0';
    }
    size_t size = strlen(usage);
    if (size > 4 && strcmp(usage + size - 4, " [N]") == 0 &&
        strchr(usage, ' ') == usage + size - 4) {
        size_t digits = strspn(argument, "0123456789");
        return digits <= DIGITS_MAX && argument[digits] == '\0';
    }
    if (!needs_argument(usage)) {
        const char *rest = skip_options(usage, argument);
        bool values = strpbrk(usage, "SN") != NULL; /* SECONDS, N: checked where they are read */
        return values || (rest != NULL && rest[0] == '\0');
    }
    if (strstr(usage, "[--") != NULL) {
        const char *name = skip_options(usage, argument);
        return name != NULL && name[0] != '\0' && name[0] != ' ';
    }
    return argument[0] != '\0';
}

command_id command_parse(const char *line, const char **argument, char why[COMMAND_WHY_MAX]) {
    size_t size = strcspn(line, " ");
    *argument = line + size + (line[size] == ' ');
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const char *usage = commands[i].usage;
        if (strcspn(usage, " ") != size || strncmp(line, usage, size) != 0) {
            continue;
        }
        if (argument_fits(usage, *argument)) {
            return (command_id)i;
        }
        snprintf(why, COMMAND_WHY_MAX, "usage: %s", usage);
        return COMMAND_COUNT;
    }
    char all[COMMAND_WHY_MAX - 48];
    command_list(", ", all, sizeof all);
    snprintf(why, COMMAND_WHY_MAX, "unknown command; the commands are: %s", all);
    return COMMAND_COUNT;
}

int command_words(command_id id) {
    int words = 1;
    for (const char *at = commands[id].usage; (at = strchr(at, ' ')) != NULL; at++) {
        words++;
    }
    return words;
}

bool command_next_word(const char **text, char *word, size_t size) {
    *text += strspn(*text, " ");
    size_t length = strcspn(*text, " ");
    snprintf(word, size, "%.*s", (int)length, *text);
    if (length >= size) {
        word[size - 2] = '~';
    }
    *text += length;
    return length > 0;
}

bool command_reports(command_id id, const char *argument) {
    switch (id) {
    case COMMAND_status:
    case COMMAND_sessions:
    case COMMAND_session:
    case COMMAND_rooms:
    case COMMAND_room:
    case COMMAND_module:
    case COMMAND_swaps:
    case COMMAND_limits:
    case COMMAND_fault:
    case COMMAND_log:
    case COMMAND_modules:
    case COMMAND_faults:
    case COMMAND_metrics:
    case COMMAND_top: return true;
    case COMMAND_memory: return argument[0] == '\0';
    default: return false;
    }
}

bool command_may_take_long(command_id id) {
    switch (id) {
    case COMMAND_load:
    case COMMAND_unload:
    case COMMAND_swap:
    case COMMAND_rollback:
    case COMMAND_thaw:
    case COMMAND_reopen_log:
    case COMMAND_reload: return true;
    default: return false;
    }
}

const char *command_file(command_id id, const char *argument) {
    const char *blank = NULL;
    switch (commands[id].file) {
    case FILE_NONE: return NULL;
    case FILE_UNLESS_NAME: return text_is_identifier(argument) ? NULL : argument;
    case FILE_AFTER_NAME:
        argument = skip_options(commands[id].usage, argument);
        blank = argument != NULL ? strchr(argument, ' ') : NULL;
        return blank != NULL ? blank + 1 : NULL;
    }
    return NULL;
}
