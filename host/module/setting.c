/* setting.c: see setting.h. */
#include "module/setting.h"

#include "base/text.h"
#include "config/file.h"
#include "config/number.h"
#include "config/schema.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const bool_words[] = {"yes", "no", "on", "off", "true", "false", "1", "0", NULL};

const char *setting_kind_name(uint32_t kind) {
    switch (kind) {
    case PORTICO_SETTING_U32:
    case PORTICO_SETTING_I64: return "integer";
    case PORTICO_SETTING_REAL: return "real";
    case PORTICO_SETTING_BOOL: return "bool";
    case PORTICO_SETTING_TEXT: return "text";
    case PORTICO_SETTING_DURATION: return "duration";
    case PORTICO_SETTING_BYTES: return "bytes";
    case PORTICO_SETTING_CHOICE: return "choice";
    default: return NULL;
    }
}

/* ---- values ---- */

static bool read_number(const portico_setting *s, const char *text, int64_t *number) {
    switch (s->kind) {
    case PORTICO_SETTING_DURATION: return number_duration(text, number);
    case PORTICO_SETTING_BYTES: return number_bytes(text, number);
    case PORTICO_SETTING_TEXT: *number = (int64_t)strlen(text); return true;
    default: return number_integer(text, number);
    }
}

static bool read_word(const char *const *words, const char *text, int64_t *index) {
    *index = value_find_word(words, text);
    return *index >= 0;
}

bool setting_read(const portico_setting *s, const char *text, setting_value *value) {
    setting_value v = {.text = text};
    bool right = false;
    switch (s->kind) {
    case PORTICO_SETTING_REAL:
        right = number_real(text, &v.real) && v.real >= s->real_min && v.real <= s->real_max;
        break;
    case PORTICO_SETTING_BOOL:
        right = read_word(bool_words, text, &v.number);
        v.number = v.number % 2 == 0;
        break;
    case PORTICO_SETTING_CHOICE: right = read_word(s->choices, text, &v.number); break;
    default:
        right = read_number(s, text, &v.number) && v.number >= s->min && v.number <= s->max;
        break;
    }
    if (right) {
        *value = v;
    }
    return right;
}

void setting_write(const portico_setting *s, const setting_value *value) {
    uint32_t u32 = (uint32_t)value->number;
    uint64_t u64 = (uint64_t)value->number;
    bool yes = value->number != 0;
    switch (s->kind) {
    case PORTICO_SETTING_U32:
    case PORTICO_SETTING_DURATION:
    case PORTICO_SETTING_CHOICE: memcpy(s->target, &u32, sizeof u32); break;
    case PORTICO_SETTING_I64: memcpy(s->target, &value->number, sizeof value->number); break;
    case PORTICO_SETTING_BYTES: memcpy(s->target, &u64, sizeof u64); break;
    case PORTICO_SETTING_REAL: memcpy(s->target, &value->real, sizeof value->real); break;
    case PORTICO_SETTING_BOOL: memcpy(s->target, &yes, sizeof yes); break;
    case PORTICO_SETTING_TEXT: memcpy(s->target, &value->text, sizeof value->text); break;
    default: break;
    }
}

void setting_allowed(const portico_setting *s, const char *text, char allowed[VALUE_ALLOWED_MAX]) {
    char min[NUMBER_TEXT_MAX];
    char max[NUMBER_TEXT_MAX];
    const char *format = "a whole number from %s to %s";
    (void)snprintf(min, sizeof min, "%" PRId64, s->min);
    (void)snprintf(max, sizeof max, "%" PRId64, s->max);
    switch (s->kind) {
    case PORTICO_SETTING_REAL:
        format = "a number from %s to %s";
        number_format_real(s->real_min, min);
        number_format_real(s->real_max, max);
        break;
    case PORTICO_SETTING_TEXT: format = "a text of %s to %s bytes"; break;
    case PORTICO_SETTING_DURATION:
        format = "a time from %s to %s, such as 250ms, 2s, 5m or 1h";
        number_format_duration(s->min, min);
        number_format_duration(s->max, max);
        break;
    case PORTICO_SETTING_BYTES:
        format = "a size from %s to %s bytes, such as 4096, 64K, 16M or 1G";
        number_format_bytes(s->min, min);
        number_format_bytes(s->max, max);
        break;
    case PORTICO_SETTING_BOOL: value_list_words(bool_words, text, allowed); return;
    case PORTICO_SETTING_CHOICE: value_list_words(s->choices, text, allowed); return;
    default: break;
    }
    (void)snprintf(allowed, VALUE_ALLOWED_MAX, format, min, max);
}

/* ---- rules ---- */

/* Whether there is a text that ends within `size` bytes and that a line of an ini can hold. */
static bool is_line(const char *text, size_t size) {
    const char *end = text != NULL ? memchr(text, '\0', size) : NULL;
    return end != NULL && text_is_plain(text, (size_t)(end - text));
}

bool setting_key_allowed(const portico_setting *s) {
    return is_line(s->key, SETTING_KEY_MAX) && s->key[0] != '\0' &&
           s->key[strspn(s->key, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* How a fallback that no ini could contain is wrong; NULL: it is fine. */
static const char *fallback_fault(const portico_setting *s) {
    if (!is_line(s->fallback, SETTING_FALLBACK_MAX)) {
        return "allowed is one line of text";
    }
    size_t size = strlen(s->fallback);
    if (size > 0 && (s->fallback[0] == ' ' || s->fallback[size - 1] == ' ')) {
        return "allowed is no blank at its start or end, which an ini cannot contain";
    }
    if (s->fallback[0] == ';' || strstr(s->fallback, " ;") != NULL) {
        return "allowed is no ';' at its start or after a blank, which begins a comment in an ini";
    }
    if (strlen(s->key) + strlen(" = ") + size > CONFIG_LINE_MAX_BYTES) {
        return "allowed is what fits into a line of an ini, 198 bytes with the key";
    }
    return NULL;
}

static bool fault_of_choices(const portico_setting *s, char fault[SETTING_FAULT_MAX]) {
    uint32_t count = 0;
    if (s->choices == NULL || s->choices[0] == NULL) {
        (void)snprintf(fault, SETTING_FAULT_MAX,
                       "it has no choices: name the words that it allows");
        return true;
    }
    for (; s->choices[count] != NULL; count++) {
        const char *word = s->choices[count];
        if (count == SETTING_CHOICES_MAX) {
            (void)snprintf(fault, SETTING_FAULT_MAX,
                           "it has more than %d choices: does a NULL end them?",
                           SETTING_CHOICES_MAX);
            return true;
        }
        if (!is_line(word, SETTING_WORD_MAX) || word[0] == '\0' || strpbrk(word, " ;") != NULL) {
            (void)snprintf(fault, SETTING_FAULT_MAX,
                           "choice %" PRIu32
                           " is not allowed: a word has 1 to %d bytes of text without blanks and ;",
                           count, SETTING_WORD_MAX - 1);
            return true;
        }
        for (uint32_t i = 0; i < count; i++) {
            if (strcmp(s->choices[i], word) == 0) {
                (void)snprintf(fault, SETTING_FAULT_MAX, "two choices are %s", word);
                return true;
            }
        }
    }
    return false;
}

static bool fault_of_range(const portico_setting *s, char fault[SETTING_FAULT_MAX]) {
    int64_t least = INT64_MIN;
    int64_t most = INT64_MAX;
    switch (s->kind) {
    case PORTICO_SETTING_BOOL:
    case PORTICO_SETTING_CHOICE: return false;
    case PORTICO_SETTING_REAL:
        if (s->real_min >= -DBL_MAX && s->real_min <= s->real_max && s->real_max <= DBL_MAX) {
            return false;
        }
        (void)snprintf(fault, SETTING_FAULT_MAX,
                       "real_min is %g and real_max is %g: allowed are two numbers, the smaller "
                       "one first",
                       s->real_min, s->real_max);
        return true;
    case PORTICO_SETTING_U32:
    case PORTICO_SETTING_DURATION:
        least = 0;
        most = UINT32_MAX;
        break;
    case PORTICO_SETTING_BYTES:
    case PORTICO_SETTING_TEXT: least = 0; break;
    default: break;
    }
    if (s->min >= least && s->max <= most && s->min <= s->max) {
        return false;
    }
    (void)snprintf(fault, SETTING_FAULT_MAX,
                   "min is %" PRId64 " and max is %" PRId64 ": allowed are numbers from %" PRId64
                   " to %" PRId64 ", the smaller one first",
                   s->min, s->max, least, most);
    return true;
}

static bool fault_of_fallback(const portico_setting *s, char fault[SETTING_FAULT_MAX]) {
    const char *wrong = s->fallback != NULL ? fallback_fault(s) : "allowed is a text";
    char allowed[VALUE_ALLOWED_MAX];
    char shown[TEXT_SHORT] = "";
    setting_value value;
    if (wrong == NULL && setting_read(s, s->fallback, &value)) {
        return false;
    }
    if (is_line(s->fallback, SETTING_FALLBACK_MAX)) {
        text_shorten(s->fallback, shown);
    }
    if (wrong == NULL) {
        setting_allowed(s, s->fallback, allowed);
    }
    (void)snprintf(fault, SETTING_FAULT_MAX, "fallback %s%s%s: %s%s",
                   s->fallback != NULL ? "\"" : "NULL", shown, s->fallback != NULL ? "\"" : "",
                   wrong == NULL ? "allowed is " : "", wrong == NULL ? allowed : wrong);
    return true;
}

bool setting_is_right(const portico_setting *s, char fault[SETTING_FAULT_MAX]) {
    if (!setting_key_allowed(s)) {
        (void)snprintf(fault, SETTING_FAULT_MAX,
                       "its key is %s: allowed are 1 to %d of a-z, 0-9 and _",
                       s->key == NULL ? "NULL" : "not allowed", SETTING_KEY_MAX - 1);
    } else if (schema_find(CONFIG_SECTION_MODULE, s->key) >= 0) {
        (void)snprintf(fault, SETTING_FAULT_MAX,
                       "the key %s of a module's section is the host's own: choose another one",
                       s->key);
    } else if (setting_kind_name(s->kind) == NULL) {
        (void)snprintf(fault, SETTING_FAULT_MAX, "kind %" PRIu32 ": allowed are %d to %d", s->kind,
                       PORTICO_SETTING_U32, PORTICO_SETTING_CHOICE);
    } else if (s->target == NULL) {
        (void)snprintf(fault, SETTING_FAULT_MAX, "target NULL: allowed is the address of a static");
    } else if (s->help != NULL && !is_line(s->help, SETTING_HELP_MAX)) {
        (void)snprintf(fault, SETTING_FAULT_MAX, "help: allowed is one line of up to %d bytes",
                       SETTING_HELP_MAX - 1);
    } else {
        return !(s->kind == PORTICO_SETTING_CHOICE && fault_of_choices(s, fault)) &&
               !fault_of_range(s, fault) && !fault_of_fallback(s, fault);
    }
    return false;
}
