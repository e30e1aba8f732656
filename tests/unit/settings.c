/* settings.c: tables of settings, right and wrong in each way; values of a section, right and
 * wrong; what is written, and what is printed. */
#include "module/settings.h"

#include "config/fault.h"
#include "config/load.h"
#include "support/check.h"

#include <portico/portico.h>

#include <math.h>

static uint32_t tick_ms;
static int64_t offset;
static double speed;
static bool open;
static const char *motd;
static uint32_t pause_ms;
static uint64_t cache;
static uint32_t level;

static const char *const levels[] = {"easy", "normal", "hard", NULL};

static const portico_setting rows[] = {
    PORTICO_U32(tick_ms, "50", 10, 1000, "between two ticks of a field"),
    PORTICO_I64(offset, "-3", INT64_MIN, INT64_MAX, "of the sun"),
    PORTICO_REAL(speed, "0.5", -1.5, 2, "of a player"),
    PORTICO_BOOL(open, "yes", "whether strangers may join"),
    PORTICO_TEXT(motd, "Hello; there", 0, 20, NULL),
    PORTICO_DURATION(pause_ms, "2s", 250, 300000, "before a game"),
    PORTICO_BYTES(cache, "64k", 4096, 1 << 30, "kept of the world"),
    PORTICO_CHOICE(level, "normal", levels, "of the enemies"),
};
static const portico_table settings = PORTICO_TABLE(rows);
static const portico_table none = {0};

/* ---- tables ---- */

static char why[SETTINGS_WHY_MAX];

static void table_is_wrong(const portico_table *t, const char *right) {
    why[0] = '\0';
    CHECK_INT(settings_validate(t, why, sizeof why), PORTICO_E_INVALID);
    CHECK_TEXT(why, right);
}

static void row_is_wrong(portico_setting row, const char *right) {
    const portico_setting both[] = {rows[0], row};
    table_is_wrong(&(portico_table)PORTICO_TABLE(both), right);
}

static void wrong_tables(void) {
    enum { SIZE = sizeof(portico_setting) };
    char text[200];
    table_is_wrong(&(portico_table){NULL, 1, SIZE},
                   "settings: count 1 and no rows: use PORTICO_TABLE");
    table_is_wrong(&(portico_table){rows, 1025, SIZE},
                   "settings: count 1025: allowed are up to 1024");
    (void)snprintf(text, sizeof text,
                   "settings: row_size %d: allowed are %d to 4096 in steps of 8: use PORTICO_TABLE",
                   SIZE - 8, SIZE);
    table_is_wrong(&(portico_table){rows, 1, SIZE - 8}, text);
    (void)snprintf(
        text, sizeof text,
        "settings: row_size 4097: allowed are %d to 4096 in steps of 8: use PORTICO_TABLE", SIZE);
    table_is_wrong(&(portico_table){rows, 1, 4097}, text);
    CHECK_INT(settings_validate(&none, why, sizeof why), PORTICO_OK);
    CHECK_INT(settings_validate(&(portico_table){NULL, 0, 7}, why, sizeof why), PORTICO_OK);
    why[0] = 0;
    (void)settings_validate(&settings, why, sizeof why);
    CHECK_TEXT(why, "");
}

static void wrong_keys(void) {
    static const char *const keys[] = {
        "",
        "Tick",
        "tick ms",
        "tick-ms",
        "t\xC3\xA4st",
        "key=",
        "a_key_of_64_bytes_is_one_byte_longer_than_what_a_table_may_hold_"};
    portico_setting row = rows[0];
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        row.key = keys[i];
        row_is_wrong(row,
                     "setting 1: its key is not allowed: allowed are 1 to 63 of a-z, 0-9 and _");
    }
    row.key = NULL;
    row_is_wrong(row, "setting 1: its key is NULL: allowed are 1 to 63 of a-z, 0-9 and _");
    row.key = "load";
    row_is_wrong(row, "setting 1 (load): the key load of a module's section is the host's own: "
                      "choose another one");
    row.key = "file";
    row_is_wrong(row, "setting 1 (file): the key file of a module's section is the host's own: "
                      "choose another one");
    row_is_wrong(rows[0], "setting 1 (tick_ms): setting 0 has the same key");
}

static void wrong_ranges(void) {
    portico_setting row = rows[0];
    row.key = "k";
    row.min = -1;
    row_is_wrong(row, "setting 1 (k): min is -1 and max is 1000: allowed are numbers from 0 to "
                      "4294967295, the smaller one first");
    row.min = 1001;
    row_is_wrong(row, "setting 1 (k): min is 1001 and max is 1000: allowed are numbers from 0 to "
                      "4294967295, the smaller one first");
    row.min = 0;
    row.max = 4294967296;
    row_is_wrong(row, "setting 1 (k): min is 0 and max is 4294967296: allowed are numbers from 0 "
                      "to 4294967295, the smaller one first");
    row.kind = PORTICO_SETTING_DURATION;
    row_is_wrong(row, "setting 1 (k): min is 0 and max is 4294967296: allowed are numbers from 0 "
                      "to 4294967295, the smaller one first");
    row.kind = PORTICO_SETTING_TEXT;
    row.min = -1;
    row_is_wrong(row, "setting 1 (k): min is -1 and max is 4294967296: allowed are numbers from 0 "
                      "to 9223372036854775807, the smaller one first");
    row = rows[2];
    row.real_min = 3;
    row_is_wrong(row, "setting 1 (speed): real_min is 3 and real_max is 2: allowed are two "
                      "numbers, the smaller one first");
    row.real_min = (double)NAN;
    CHECK(!setting_is_right(&row, why));
    row.real_min = -(double)INFINITY;
    CHECK(!setting_is_right(&row, why));
}

static void wrong_choices(void) {
    static const char *const nothing[] = {NULL};
    static const char *const twice[] = {"a", "b", "a", NULL};
    static const char *const blank[] = {"a", "b c", NULL};
    static const char *const empty[] = {"", NULL};
    static const char *many[SETTING_CHOICES_MAX + 1];
    static char words[SETTING_CHOICES_MAX][8];
    portico_setting row = rows[7];
    row.choices = NULL;
    row_is_wrong(row, "setting 1 (level): it has no choices: name the words that it allows");
    row.choices = nothing;
    row_is_wrong(row, "setting 1 (level): it has no choices: name the words that it allows");
    row.choices = twice;
    row_is_wrong(row, "setting 1 (level): two choices are a");
    row.choices = blank;
    row_is_wrong(row, "setting 1 (level): choice 1 is not allowed: a word has 1 to 63 bytes of "
                      "text without blanks and ;");
    row.choices = empty;
    row_is_wrong(row, "setting 1 (level): choice 0 is not allowed: a word has 1 to 63 bytes of "
                      "text without blanks and ;");
    for (size_t i = 0; i < SETTING_CHOICES_MAX; i++) {
        (void)snprintf(words[i], sizeof words[i], "w%zu", i);
        many[i] = words[i];
    }
    row.choices = many;
    row.fallback = "w7";
    CHECK(setting_is_right(&row, why));
    many[SETTING_CHOICES_MAX] = "more"; /* never reads on to the NULL that is not there */
    row_is_wrong(row, "setting 1 (level): it has more than 256 choices: does a NULL end them?");
}

static void wrong_rows(void) {
    static char help[SETTING_HELP_MAX + 1];
    static char text[SETTING_FALLBACK_MAX + 1];
    portico_setting row = rows[0];
    row.key = "k";
    row.kind = 0;
    row_is_wrong(row, "setting 1 (k): kind 0: allowed are 1 to 8");
    row.kind = 9;
    row_is_wrong(row, "setting 1 (k): kind 9: allowed are 1 to 8");
    row = rows[0];
    row.key = "k";
    row.target = NULL;
    row_is_wrong(row, "setting 1 (k): target NULL: allowed is the address of a static");
    row = rows[0];
    row.key = "k";
    row.help = "two\nlines";
    row_is_wrong(row, "setting 1 (k): help: allowed is one line of up to 1023 bytes");
    memset(help, 'h', SETTING_HELP_MAX);
    row.help = help;
    row_is_wrong(row, "setting 1 (k): help: allowed is one line of up to 1023 bytes");
    row.help = NULL;
    row.fallback = NULL;
    row_is_wrong(row, "setting 1 (k): fallback NULL: allowed is a text");
    row.fallback = "5";
    row_is_wrong(row, "setting 1 (k): fallback \"5\": allowed is a whole number from 10 to 1000");
    row = rows[4];
    row.fallback = " x";
    row_is_wrong(row, "setting 1 (motd): fallback \" x\": allowed is no blank at its start or end, "
                      "which an ini cannot contain");
    row.fallback = "x ;y";
    row_is_wrong(row, "setting 1 (motd): fallback \"x ;y\": allowed is no ';' at its start or "
                      "after a blank, which begins a comment in an ini");
    row.fallback = "a\tb";
    row_is_wrong(row, "setting 1 (motd): fallback \"\": allowed is one line of text");
    memset(text, 'x', SETTING_FALLBACK_MAX);
    row.fallback = text;
    row.max = 1000;
    row_is_wrong(row, "setting 1 (motd): fallback \"\": allowed is one line of text");
    text[192] = '\0';
    CHECK(!setting_is_right(&row, why));
    CHECK(strstr(why, "198 bytes with the key") != NULL);
    text[191] = '\0';
    CHECK(setting_is_right(&row, why));
    row = rows[7];
    row.fallback = "nromal";
    row_is_wrong(row, "setting 1 (level): fallback \"nromal\": allowed is easy, normal or hard; "
                      "did you mean normal?");
}

/* Rows that are longer than today's, at any address, are read by row_size. */
static void longer_rows(void) {
    static char bytes[1 + 2 * (sizeof(portico_setting) + 16)];
    const portico_table t = {bytes + 1, 2, sizeof(portico_setting) + 16};
    memset(bytes, 0x7F, sizeof bytes);
    memcpy(bytes + 1, &rows[0], sizeof rows[0]);
    memcpy(bytes + 1 + t.row_size, &rows[7], sizeof rows[7]);
    CHECK_INT(settings_validate(&t, why, sizeof why), PORTICO_OK);
    CHECK_TEXT(setting_at(&t, 1).key, "level");
    level = 0;
    settings_write(&t, NULL);
    CHECK_INT(level, 1);
}

/* ---- sections ---- */

typedef struct fault_list {
    char text[4096];
    size_t size;
} fault_list;

static void collect(void *arg, uint32_t line, const char *text) {
    fault_list *list = arg;
    list->size += (size_t)snprintf(list->text + list->size, sizeof list->text - list->size,
                                   "%" PRIu32 ": %s\n", line, text);
}

static void unexpected(void *arg, const char *message) {
    (void)arg;
    CHECK_TEXT(message, NULL);
}

static const config *parse(const char *text) {
    const config *c = NULL;
    CHECK_INT(config_parse("a.ini", text, strlen(text), unexpected, NULL, &c), PORTICO_OK);
    return c;
}

static void section_is_wrong(const portico_table *t, const char *text, const char *right) {
    fault_list list = {.size = 0};
    const config *c = parse(text);
    size_t faults = settings_check(t, &c->modules[0], collect, &list);
    CHECK_TEXT(list.text, right);
    for (const char *at = right; *at != '\0'; at++) {
        faults -= *at == '\n';
    }
    CHECK_INT(faults, 0);
    config_free(c);
}

static void wrong_sections(void) {
    section_is_wrong(&settings, "[module m]\nload = no\nfile = x\ntick_ms = 10\n", "");
    section_is_wrong(
        &settings,
        "[module m]\ntick_msec = 5\ntick_ms = 5\noffset = 9223372036854775808\nspeed = 2.01\n"
        "open = maybe\nmotd = a text of more than 20 bytes\npause_ms = 2 s\ncache = 1023\n"
        "level = Hard\nlaod = no\n",
        "2: [module m] tick_msec: unknown key; did you mean tick_ms?\n"
        "3: [module m] tick_ms = 5: must be a whole number from 10 to 1000\n"
        "4: [module m] offset = 9223372036854775808: must be a whole number from "
        "-9223372036854775808 to 9223372036854775807\n"
        "5: [module m] speed = 2.01: must be a number from -1.5 to 2\n"
        "6: [module m] open = maybe: must be yes, no, on, off, true, false, 1 or 0\n"
        "7: [module m] motd = a text of more than 20 bytes: must be a text of 0 to 20 bytes\n"
        "8: [module m] pause_ms = 2 s: must be a time from 250ms to 5m, such as 250ms, 2s, 5m or "
        "1h\n"
        "9: [module m] cache = 1023: must be a size from 4K to 1G bytes, such as 4096, 64K, 16M or "
        "1G\n"
        "10: [module m] level = Hard: must be easy, normal or hard; did you mean hard?\n"
        "11: [module m] laod: unknown key; did you mean load?\n");
    section_is_wrong(&settings, "[module m]\nweather = rain\nspeed =\ntick_ms = 50 # ms\n",
                     "2: [module m] weather: unknown key; the module has only tick_ms, offset, "
                     "speed, open, motd, pause_ms, cache, level\n"
                     "3: [module m] speed =: must be a number from -1.5 to 2\n"
                     "4: [module m] tick_ms = 50 # ms: must be a whole number from 10 to 1000; a "
                     "comment after a value begins with ' ;', not '#'\n");
    section_is_wrong(&none, "[module m]\nweather = rain\n",
                     "2: [module m] weather: unknown key; the module has no settings: remove the "
                     "line\n");
    CHECK_INT(settings_check(&settings, NULL, collect, NULL), 0);
}

/* A list that does not fit into a message is cut. */
static void many_settings(void) {
    static portico_setting many[SETTINGS_MAX];
    static char keys[SETTINGS_MAX][SETTING_KEY_MAX];
    const portico_table t = PORTICO_TABLE(many);
    fault_list list = {.size = 0};
    for (size_t i = 0; i < SETTINGS_MAX; i++) {
        many[i] = rows[0];
        (void)snprintf(keys[i], sizeof keys[i], "a_rather_long_key_that_has_the_number_%zu", i);
        many[i].key = keys[i];
    }
    CHECK_INT(settings_validate(&t, why, sizeof why), PORTICO_OK);
    const config *c = parse("[module m]\nweather = rain\n");
    CHECK_INT(settings_check(&t, &c->modules[0], collect, &list), 1);
    CHECK(strstr(list.text, "number_8, ...\n") != NULL && list.size < FAULT_TEXT_MAX);
    config_free(c);
}

static void check_fallbacks(void) {
    CHECK_INT(tick_ms, 50);
    CHECK_INT(offset, -3);
    CHECK(speed > 0.49 && speed < 0.51);
    CHECK(open);
    CHECK(motd == rows[4].fallback);
    CHECK_INT(pause_ms, 2000);
    CHECK_INT(cache, 65536);
    CHECK_INT(level, 1);
}

static void written(void) {
    fault_list list = {.size = 0};
    settings_write(&settings, NULL);
    check_fallbacks();
    const config *c = parse("[module m]\ntick_ms = 1000\noffset = -9223372036854775808\n"
                            "speed = -1.5\nopen = off\nmotd =\npause_ms = 5m\ncache = 1G\n"
                            "level = hard\n");
    CHECK_INT(settings_check(&settings, &c->modules[0], collect, &list), 0);
    settings_write(&settings, &c->modules[0]);
    CHECK_INT(tick_ms, 1000);
    CHECK(offset == INT64_MIN);
    CHECK(speed < -1.49);
    CHECK(!open);
    CHECK(motd == config_find_pair(&c->modules[0], "motd")->value);
    CHECK_INT(pause_ms, 300000);
    CHECK_INT(cache, 1 << 30);
    CHECK_INT(level, 2);
    config_free(c);
    settings_write(&none, NULL);
    settings_write(&settings, NULL);
    check_fallbacks();
}

static void printed(void) {
    static char text[8192];
    FILE *file = tmpfile();
    CHECK(file != NULL);
    settings_print(&settings, "m", file);
    rewind(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[size] = '\0';
    CHECK(strncmp(text,
                  "[module m]\n\n"
                  "; between two ticks of a field: a whole number from 10 to 1000\n"
                  "tick_ms = 50\n\n",
                  80) == 0);
    CHECK(strstr(text, "\n\n; a text of 0 to 20 bytes\nmotd = Hello; there\n\n") != NULL);
    CHECK(strstr(text, "\n; of the enemies: easy, normal or hard\nlevel = normal\n") != NULL);
    /* Pasted, it sets what is set without it. */
    const config *c = parse(text);
    CHECK_INT(c->modules[0].pair_count, settings.count);
    CHECK_INT(settings_check(&settings, &c->modules[0], collect, NULL), 0);
    for (uint32_t i = 0; i < settings.count; i++) {
        CHECK_TEXT(c->modules[0].pairs[i].value, rows[i].fallback);
    }
    config_free(c);
}

SCENARIO(settings) {
    wrong_tables();
    wrong_keys();
    wrong_ranges();
    wrong_choices();
    wrong_rows();
    longer_rows();
    wrong_sections();
    many_settings();
    written();
    printed();
}
