/* config_profile.c: a listener's profile sets the keys that the file does not, `portico check`
 * shows what is in force, and conf/portico.ini documents the values. */
#include "config/load.h"
#include "config/profile.h"

#include "support/check.h"
#include "support/environment.h"

enum { TEXT_MAX = 64 * 1024 };

static const char text[] = "[listener wide]\n"
                           "address = 0.0.0.0\n"
                           "port = 1\n"
                           "type = a.b\n"
                           "packets_per_second = 30\n"
                           "over_rate = close\n"
                           "byte_rate = 128K\n"
                           "profile = public\n" /* wins over nothing, although it comes last */
                           "[listener plain]\n"
                           "address = 0.0.0.0\n"
                           "port = 2\n"
                           "type = a.b\n";

static const char shown[] = "[listener wide] profile = public; in force are:\n"
                            "  max_per_address = 50\n"
                            "  connect_rate = 5\n"
                            "  connect_burst = 50\n"
                            "  first_packet_ms = 10000\n"
                            "  frame_timeout_s = 10\n"
                            "  send_limit_bytes = 256K\n"
                            "  over_rate = close (line 6)\n"
                            "  packets_per_second = 30 (line 5)\n"
                            "  byte_rate = 128K (line 7)\n"
                            "  fanout_rate = 1M\n";

static void unexpected(void *arg, const char *message) {
    (void)arg;
    CHECK_TEXT(message, NULL);
}

static void read_all(FILE *file, char *to) {
    size_t size = fread(to, 1, TEXT_MAX - 1, file);
    to[size] = '\0';
    (void)fclose(file);
}

static void check_values(const config *c) {
    const config_service *wide = &c->listeners[0];
    const config_service *plain = &c->listeners[1];
    CHECK_INT(wide->packets_per_second, 30);
    CHECK_INT(wide->over_rate, CONFIG_OVER_RATE_CLOSE);
    CHECK_INT(wide->byte_rate, 128 * 1024);
    CHECK_INT(wide->max_per_address, 50);
    CHECK_INT(wide->send_limit_bytes, 256 * 1024);
    CHECK_INT(wide->fanout_rate, 1024 * 1024);
    CHECK_INT(plain->max_per_address, 0);
    CHECK_INT(plain->send_limit_bytes, 1024 * 1024);
}

static void check_shown(const config *c) {
    static char found[TEXT_MAX];
    FILE *file = fopen("shown.txt", "w+");
    CHECK(file != NULL);
    profiles_show(c, file);
    rewind(file);
    read_all(file, found);
    CHECK_TEXT(found, shown);
}

/* "key value" for each of them, as in the comment on `profile`. */
static void check_documented(void) {
    static const char *const values[] = {
        "max_per_address 50",    "packets_per_second 100", "connect_rate 5",
        "first_packet_ms 10000", "byte_rate 64K",          "connect_burst 50",
        "send_limit_bytes 256K", "over_rate slow",         "fanout_rate 1M",
        "frame_timeout_s 10",
    };
    static char reference[TEXT_MAX];
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/conf/portico.ini", environment("PORTICO_SOURCE_DIR"));
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    read_all(file, reference);
    if (strstr(reference, "; profile = none") == NULL) {
        return; /* its user has edited it */
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (strstr(reference, values[i]) == NULL) {
            CHECK_TEXT("not in conf/portico.ini", values[i]);
        }
    }
}

/* With nothing else set, each value of the profile is in force. */
static void check_all(void) {
    static const char alone[] = "[listener wide]\naddress = ::1\nport = 1\ntype = a.b\n"
                                "profile = public\n";
    const config *c = NULL;
    CHECK_INT(config_parse("p.ini", alone, sizeof alone - 1, unexpected, NULL, &c), PORTICO_OK);
    const config_service *s = c->listeners;
    CHECK_INT(s->max_per_address, 50);
    CHECK_INT(s->connect_rate, 5);
    CHECK_INT(s->connect_burst, 50);
    CHECK_INT(s->first_packet_ms, 10000);
    CHECK_INT(s->frame_timeout_s, 10);
    CHECK_INT(s->send_limit_bytes, 256 * 1024);
    CHECK_INT(s->over_rate, CONFIG_OVER_RATE_SLOW);
    CHECK_INT(s->packets_per_second, 100);
    CHECK_INT(s->byte_rate, 64 * 1024);
    CHECK_INT(s->fanout_rate, 1024 * 1024);
    config_free(c);
}

SCENARIO(config_profile) {
    const config *c = NULL;
    CHECK_INT(config_parse("p.ini", text, sizeof text - 1, unexpected, NULL, &c), PORTICO_OK);
    check_values(c);
    check_shown(c);
    config_free(c);
    check_all();
    check_documented();
}
