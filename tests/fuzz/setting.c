/* setting.c: a module's own key in the ini, read as a whole number between two others.
 *
 * Input: the fallback, the smallest and the largest number (4 bytes each), the value.
 *
 * Covers: api/host_api.c */
#include "api/host_api.h"
#include "base/log.h"
#include "fuzz.h"
#include "module/module.h"

/* Blanks, a sign, digits. */
static bool slow_integer(const char *text, int64_t *value) {
    uint64_t sum = 0;
    text += strspn(text, " \t\n\v\f\r");
    bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    if (*text == '\0') {
        return false;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        if (sum > (UINT64_MAX - 9) / 10) {
            return false;
        }
        sum = sum * 10 + (uint64_t)(*text - '0');
    }
    if (*text != '\0' || sum > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char key[] = "key";
    static char path[] = "a.ini";
    static module m = {.name = "mod"};
    static generation g = {.name = "mod"};
    static bool started;
    if (!started) {
        started = true;
        CHECK(log_start(&(log_options){.level = LOG_ERROR}));
    }
    input in = {data, size};
    int64_t fallback = (int32_t)input_u32(&in);
    int64_t min = (int32_t)input_u32(&in);
    int64_t max = (int32_t)input_u32(&in);
    min = min == INT32_MIN ? INT64_MIN : min;
    max = max == INT32_MAX ? INT64_MAX : max;
    config_pair pair = {.key = key, .value = input_rest(&in), .line = 1};
    config_module section = {.name = "mod", .pairs = &pair, .pair_count = 1};
    config c = {.path = path, .modules = &section, .module_count = 1};
    const portico_host *host = host_api(&c);
    int64_t value = 0;
    int64_t right = 0;
    bool valid = slow_integer(pair.value, &right) && right >= min && right <= max;
    CHECK_INT(host->config_integer("key", fallback, min, max, &value), PORTICO_OK); /* no module */
    CHECK(value == fallback);
    module_begin(&m, &g, "load", 0);
    CHECK_INT(host->config_integer("other", fallback, min, max, &value), PORTICO_OK);
    CHECK(value == fallback);
    CHECK_INT(host->config_integer("key", fallback, min, max, &value),
              valid ? PORTICO_OK : PORTICO_E_INVALID);
    CHECK(value == (valid ? right : fallback));
    CHECK_TEXT(host->config_text("key", "fallback"), pair.value);
    CHECK_TEXT(host->config_text("other", "fallback"), "fallback");
    module_end();
    free(pair.value);
    return 0;
}
