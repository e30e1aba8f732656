/* config_origin.c: which origins a listener may be told. One that no browser sends would let nobody
 * in. */
#include "config/origin.h"

#include "support/check.h"

static void expect(const char *list, bool valid) {
    if (origins_valid(list) != valid) {
        CHECK_TEXT(list, valid ? "valid" : "refused");
    }
}

SCENARIO(config_origin) {
    static const char *const good[] = {"https://a.example",
                                       "http://localhost:8080",
                                       "https://127.0.0.1:90",
                                       "HTTPS://A.Example",
                                       "https://[::1]",
                                       "https://[2001:db8::1]:8443",
                                       "https://a:80",
                                       "http://a:443",
                                       "app://local",
                                       "chrome-extension://abcdef",
                                       "*",
                                       "null",
                                       " , https://a ,\thttp://b",
                                       "https://a,https://b"};
    static const char *const bad[] = {"a.example",
                                      "a.example:8080",
                                      "https://",
                                      "https:a",
                                      "://a",
                                      "https://a/",
                                      "https://a/b",
                                      "https://a?b",
                                      "https://a#b",
                                      "https://u@a",
                                      "https://*.a",
                                      "https://a:",
                                      "https://a:0",
                                      "https://a:08",
                                      "https://a:65536",
                                      "https://a:443",
                                      "http://a:80",
                                      "HTTPS://A:443",
                                      "https://:80",
                                      "https://[::1",
                                      "https://[]",
                                      "https://[::1]:443",
                                      "https://\xC3\xA4.example",
                                      "https://a https://b/",
                                      "1https://a"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        expect(good[i], true);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect(bad[i], false);
    }
}
