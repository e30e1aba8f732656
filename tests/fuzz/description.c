/* description.c: a module's description, read out of its file without loading it. Whatever the
 * bytes are, nothing outside of them is read, and what is read is a description that the host takes
 * over or refuses with a reason, the same twice.
 *
 * Input: the file. corpus/ has tests/abi/refused.c, built as small as possible by gcc, clang and
 * mingw gcc, for x86-64 and for ARM; seeds/ has real modules.
 *
 * Covers: module/description_file.c, module/description_layout.c, module/library_file.c,
 *         module/elf_file.c, module/pe_file.c, module/describe.c, module/describe_rows.c */
#include "fuzz.h"
#include "base/text.h"
#include "module/description_file.h"
#include "module/image.h"
#include "module/settings.h"

/* A target must not be written: what a setting does when it is read is checked all the same. */
static void ignore(void *arg, uint32_t line, const char *text) {
    (void)arg;
    CHECK(line == 1 && text[0] != '\0');
}

static void take_over(const module_description *d, char why[IMAGE_WHY_MAX]) {
    static char key[] = "tick_ms";
    static char value[] = "17";
    config_pair pair = {key, value, 1};
    const config_module section = {.name = "m", .pairs = &pair, .pair_count = 1};
    generation *g = calloc(1, sizeof *g);
    CHECK(g != NULL);
    portico_status status = image_describe(g, &d->entry, why);
    CHECK_INT(why[0] == '\0', status == PORTICO_OK);
    CHECK(text_is_plain(why, strlen(why)));
    if (status == PORTICO_OK) {
        CHECK(text_is_identifier(g->name));
        (void)settings_check(&g->info.settings, &section, ignore, NULL);
    }
    generation_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    module_description d;
    char why[DESCRIPTION_WHY_MAX] = "";
    uint8_t *exact = malloc(size > 0 ? size : 1);
    CHECK(exact != NULL);
    memcpy(exact, data, size);
    description_result result = description_parse(exact, size, &d, why);
    CHECK_INT(why[0] == '\0', result == DESCRIPTION_READ);
    CHECK(memchr(why, '\0', sizeof why) != NULL && text_is_plain(why, strlen(why)));
    if (result == DESCRIPTION_READ) {
        char first[IMAGE_WHY_MAX] = "";
        char again[IMAGE_WHY_MAX] = "";
        take_over(&d, first);
        take_over(&d, again);
        CHECK_TEXT(again, first);
    } else {
        CHECK(d.entry.module == NULL && d.memory == NULL);
    }
    description_free(&d);
    free(exact);
    return 0;
}
