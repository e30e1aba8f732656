/* web_file_name.c: which paths name a file that may be served, and that no other does. */
#include "support/check.h"
#include "web/file_name.h"

static char name[FILE_NAME_BYTES];

static const char *type_of(const char *path) {
    return file_name_of((http_text){path, (uint32_t)strlen(path)}, name);
}

static void check_good(const char *path, const char *file, const char *type) {
    const char *found = type_of(path);
    CHECK_TEXT(found, type);
    CHECK_TEXT(name, file);
}

SCENARIO(web_file_name) {
    static const char *const bad[] = {
        "",           "x.js",       "//",           "/.",        "/..",       "/../a.js",
        "/a/../b.js", "/a/./b.js",  "/a//b.js",     "/a.js/",    "/a/",       "/.hidden.js",
        "/.git/a.js", "/a/.b/c.js", "/a.js.",       "/a.",       "/a",        "/a/b",
        "/js",        "/a.js%00",   "/%2e%2e/a.js", "/a%2fb.js", "/a\\b.js",  "/..\\a.js",
        "/C:/a.js",   "/a.js:b",    "/a.js::$DATA", "/a b.js",   "/a~1.js",   "/\xC3\xA4.js",
        "/a.exe",     "/a.JS",      "/a.html.bak",  "/a.c",      "/host.ini", "/a.so",
        "/a.dll",     "/.html",     "/a?.js",       "/a*.js",    "/-/.js"};
    /* Devices of Windows, which some versions open by these names in any folder. */
    static const char *const devices[] = {"/con.js",     "/NUL.txt",    "/Aux.min.js", "/com1.css",
                                          "/LPT9.txt",   "/a/prn/b.js", "/nul/a.js",   "/com0.js",
                                          "/a/aux.html", "/a/CON.a.txt"};
    char path[FILE_NAME_BYTES + 8];
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        if (type_of(devices[i]) != NULL) {
            CHECK_TEXT(devices[i], "refused");
        }
    }
    check_good("/console.js", "console.js", "text/javascript; charset=utf-8");
    check_good("/com.js", "com.js", "text/javascript; charset=utf-8");
    check_good("/com10.js", "com10.js", "text/javascript; charset=utf-8");
    check_good("/a.con.js", "a.con.js", "text/javascript; charset=utf-8");
    check_good("/", "index.html", "text/html; charset=utf-8");
    check_good("/index.html", "index.html", "text/html; charset=utf-8");
    check_good("/a/b-c/D_9.min.js", "a/b-c/D_9.min.js", "text/javascript; charset=utf-8");
    check_good("/x.mjs", "x.mjs", "text/javascript; charset=utf-8");
    check_good("/x.css", "x.css", "text/css; charset=utf-8");
    check_good("/x.svg", "x.svg", "image/svg+xml");
    check_good("/x.png", "x.png", "image/png");
    check_good("/favicon.ico", "favicon.ico", "image/x-icon");
    check_good("/x.json", "x.json", "application/json");
    check_good("/x.js.map", "x.js.map", "application/json");
    check_good("/x.woff2", "x.woff2", "font/woff2");
    check_good("/x.wasm", "x.wasm", "application/wasm");
    check_good("/x.txt", "x.txt", "text/plain; charset=utf-8");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (type_of(bad[i]) != NULL) {
            CHECK_TEXT(bad[i], "refused");
        }
    }
    memset(path, 'a', sizeof path);
    path[0] = '/';
    memcpy(path + FILE_NAME_BYTES - 3, ".js", 4);
    check_good(path, path + 1, "text/javascript; charset=utf-8"); /* the longest */
    memset(path + FILE_NAME_BYTES - 3, 'a', 3);
    memcpy(path + FILE_NAME_BYTES - 2, ".js", 4);
    CHECK(type_of(path) == NULL);
}
