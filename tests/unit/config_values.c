/* config_values.c: what a good ini sets: values, defaults, paths, a module's own keys. */
#include "config/load.h"

#include "support/check.h"

static const char text[] = "\xEF\xBB\xBF# with a BOM and CRLF\r\n"
                           "[host]\r\n"
                           "workers=3 ; a comment\r\n"
                           "run_dir = /var/run/portico\r\n"
                           "ready_file = ready.txt\r\n"
                           "[log]\r\n"
                           "level = debug\r\n"
                           "format = json\r\n"
                           "colour = never\r\n"
                           "terminal = off\r\n"
                           "file = C:\\logs\\portico.log\r\n"
                           "file_limit_bytes = 5000M\r\n"
                           "keep = 0\r\n"
                           "[ admin ]\r\n"
                           "address = 0.0.0.0\r\n"
                           "port = 0\r\n"
                           "token = 0123456789abcdef\r\n"
                           "[modules]\r\n"
                           "dir = mods\r\n"
                           "autoload = false\r\n"
                           "probe = no\r\n"
                           "watch = on\r\n"
                           "swap_check = on\r\n"
                           "swap_timeout_ms = 60000\r\n"
                           "[listener\tgame-1]\r\n"
                           "address = ::\r\n"
                           "port = 65535\r\n"
                           "type = echo.session\r\n"
                           "framing = u32\r\n"
                           "frame_limit_bytes = 1M\r\n"
                           "send_limit_bytes = 2048K\r\n"
                           "backlog = drop\r\n"
                           "unknown_opcode = close\r\n"
                           "dual_stack = on\r\n"
                           "linger_s = 0\r\n"
                           "[connector up]\r\n"
                           "address: game.example.org\r\n"
                           "port: 7777\r\n"
                           "type: echo.session\r\n"
                           "bind_address = 127.0.0.1\r\n"
                           "[module chat]\r\n"
                           "load = no\r\n"
                           "motd = Hello; there, gr\xC3\xBC\xC3\x9F = dich! ; not this\r\n"
                           "empty =\r\n"
                           "[module echo]\r\n"
                           "file = ../other/echo.so";

static void unexpected(void *arg, const char *message) {
    (void)arg;
    CHECK_TEXT(message, NULL);
}

static void check_unnamed(const config *c) {
    CHECK_TEXT(c->path, "etc/my.ini");
    CHECK_INT(c->workers, 3);
    CHECK_INT(c->stop_timeout_ms, 10000);
    CHECK_TEXT(c->run_dir, "/var/run/portico");
    CHECK_TEXT(c->ready_file, "etc/ready.txt");
    CHECK_INT(c->log.level, LOG_DEBUG);
    CHECK_INT(c->log.format, LOG_JSON);
    CHECK_INT(c->log.colour, LOG_COLOUR_NEVER);
    CHECK(!c->log.terminal);
    CHECK_TEXT(c->log.file, "C:\\logs\\portico.log");
    CHECK_INT(c->log.file_limit_bytes, 5000LL * 1024 * 1024);
    CHECK_INT(c->log.keep, 0);
    CHECK(c->admin_enabled);
    CHECK_TEXT(c->admin.name, "admin");
    CHECK_INT(c->admin.line, 14);
    CHECK_TEXT(c->admin.address, "0.0.0.0");
    CHECK_INT(c->admin.port, 0);
    CHECK_TEXT(c->admin_token, "0123456789abcdef");
    CHECK_TEXT(c->modules_dir, "etc/mods");
    CHECK(!c->modules_autoload);
    CHECK(!c->modules_probe);
    CHECK(c->modules_watch);
    CHECK(c->modules_swap_check);
    CHECK_INT(c->modules_swap_timeout_ms, 60000);
}

static void check_listener(const config *c) {
    CHECK_INT(c->listener_count, 1);
    const config_service *s = c->listeners;
    CHECK_TEXT(s->name, "game-1");
    CHECK_INT(s->line, 25);
    CHECK(!s->outgoing);
    CHECK_TEXT(s->address, "::");
    CHECK_INT(s->port, 65535);
    CHECK_TEXT(s->type, "echo.session");
    CHECK_INT(s->framing, FRAME_U32);
    CHECK_INT(s->max_sessions, 1000);
    CHECK_INT(s->frame_limit_bytes, 1 << 20);
    CHECK_INT(s->send_limit_bytes, 2 << 20);
    CHECK_INT(s->backlog_policy, CONFIG_BACKLOG_DROP);
    CHECK_INT(s->unknown_opcode, CONFIG_UNKNOWN_CLOSE);
    CHECK_INT(s->packets_per_second, 0);
    CHECK_INT(s->byte_rate, 0);
    CHECK_INT(s->fanout_rate, 0);
    CHECK_INT(s->over_rate, CONFIG_OVER_RATE_CLOSE);
    CHECK_INT(s->idle_timeout_s, 300);
    CHECK_INT(s->frame_timeout_s, 30);
    CHECK_INT(s->close_timeout_ms, 2000);
    CHECK_INT(s->profile, CONFIG_PROFILE_NONE);
    CHECK_INT(s->first_packet_ms, 0);
    CHECK_INT(s->max_per_address, 0);
    CHECK_INT(s->connect_rate, 0);
    CHECK_INT(s->connect_burst, 20);
    CHECK_INT(s->ipv6_prefix, 64);
    CHECK_INT(s->proxy_protocol, CONFIG_PROXY_NO);
    CHECK(s->proxy_from == NULL);
    CHECK_INT(s->accepts, 16);
    CHECK_INT(s->listen.backlog, 512);
    CHECK(s->listen.reuse_address);
    CHECK(s->listen.dual_stack);
    CHECK(s->socket.no_delay);
    CHECK_INT(s->socket.keep_alive_s, 60);
    CHECK_INT(s->socket.linger_s, 0);
    CHECK_INT(s->socket.send_buffer_bytes, 0);
}

static void check_connector(const config *c) {
    CHECK_INT(c->connector_count, 1);
    const config_service *s = c->connectors;
    CHECK_TEXT(s->name, "up");
    CHECK(s->outgoing);
    CHECK_TEXT(s->address, "game.example.org");
    CHECK_INT(s->port, 7777);
    CHECK_INT(s->framing, FRAME_U16);
    CHECK_INT(s->max_sessions, 1);
    CHECK_INT(s->frame_limit_bytes, 65535);
    CHECK_INT(s->send_limit_bytes, 1 << 20);
    CHECK_INT(s->connect_timeout_ms, 5000);
    CHECK_INT(s->reconnect_min_ms, 250);
    CHECK_INT(s->reconnect_max_ms, 30000);
    CHECK_TEXT(s->bind_address, "127.0.0.1");
    CHECK_INT(s->socket.linger_s, -1);
}

static void check_modules(const config *c) {
    CHECK_INT(c->module_count, 2);
    const config_module *chat = config_find_module(c, "chat");
    CHECK(chat != NULL);
    CHECK(!chat->load);
    CHECK_TEXT(chat->file, NULL);
    CHECK_INT(chat->pair_count, 2);
    const config_pair *motd = config_find_pair(chat, "motd");
    CHECK(motd != NULL);
    CHECK_TEXT(motd->value, "Hello; there, gr\xC3\xBC\xC3\x9F = dich!");
    CHECK_INT(motd->line, 43);
    CHECK_TEXT(config_find_pair(chat, "empty")->value, "");
    CHECK(config_find_pair(chat, "load") == NULL);
    const config_module *echo = config_find_module(c, "echo");
    CHECK(echo == &c->modules[1]);
    CHECK(echo->load);
    CHECK_TEXT(echo->file, "etc/../other/echo.so");
    CHECK(config_find_module(c, "Echo") == NULL);
}

static void check_lines(const config *c) {
    CHECK_INT(config_line(c, &c->workers), 3);
    CHECK_INT(config_line(c, &c->log.file), 11);
    CHECK_INT(config_line(c, &c->modules_dir), 19);
    CHECK_INT(config_line(c, &c->listeners[0].type), 28);
    CHECK_INT(config_line(c, &c->connectors[0].bind_address), 40);
    CHECK_INT(config_line(c, &c->modules[1].file), 46);
    CHECK_INT(config_line(c, &c->stop_timeout_ms), 0);
    CHECK_INT(config_line(c, &c->modules[0].file), 0);
}

/* An empty file is a valid configuration. */
static void check_empty(void) {
    const config *c = NULL;
    CHECK_INT(config_parse("empty.ini", "", 0, unexpected, NULL, &c), PORTICO_OK);
    CHECK(c->workers >= 1);
    CHECK_TEXT(c->run_dir, "../run");
    CHECK_TEXT(c->data_dir, "../data");
    CHECK_TEXT(c->ready_file, NULL);
    CHECK_INT(c->log.level, LOG_INFO);
    CHECK_TEXT(c->log.file, NULL);
    CHECK_INT(c->log.file_limit_bytes, 16 << 20);
    CHECK(c->admin_enabled);
    CHECK_TEXT(c->admin.address, NULL);
    CHECK_INT(c->admin.port, 7779);
    CHECK_TEXT(c->admin_token, NULL);
    CHECK_TEXT(c->modules_dir, "../modules");
    CHECK(c->modules_autoload);
    CHECK(c->modules_probe);
    CHECK(!c->modules_watch);
    CHECK(!c->modules_swap_check);
    CHECK_INT(c->modules_swap_timeout_ms, 2000);
    CHECK_INT(c->listener_count + c->connector_count + c->module_count, 0);
    config_free(c);
    config_free(NULL);
}

SCENARIO(config_values) {
    const config *c = NULL;
    CHECK_INT(config_parse("etc/my.ini", text, sizeof text - 1, unexpected, NULL, &c), PORTICO_OK);
    CHECK(c != NULL);
    check_unnamed(c);
    check_listener(c);
    check_connector(c);
    check_modules(c);
    check_lines(c);
    config_free(c);
    check_empty();
}
