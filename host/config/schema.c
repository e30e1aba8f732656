/* schema.c: see schema.h.
 *
 * A new key is one row here, a field in config.h and a commented line in conf/portico.ini, which
 * the test unit.config_reference compares with this table.
 */
#include "config/schema.h"

#include <string.h>

#define MEGABYTE (1024 * 1024)
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* The words of CONFIG_WORD keys, in the order of their enum. */
static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const colours[] = {"auto", "always", "never", NULL};
static const char *const backlogs[] = {"close", "drop", NULL};
static const char *const transports[] = {"tcp", "websocket", NULL};
static const char *const proxy_protocols[] = {"no", "v1", "v2", "any", NULL};
static const char *const profiles[] = {"none", "public", NULL};
static const char *const over_rates[] = {"close", "slow", NULL};
static const char *const unknown_opcodes[] = {"ignore", "close", NULL};
static const char *const tls_mins[] = {"1.2", "1.3", NULL};
static const char *const on_faults[] = {"default", "contain", "abort", NULL};

/* clang-format off */

/* One row of the table: what it is, then its field, then its range. */
#define KEY(section, key, fallback, kind, type, field, min, max, help)                             \
    {section, key, fallback, help, NULL, min, max, offsetof(type, field), kind, false}
#define REQUIRED(section, key, kind, type, field, min, max, help)                                  \
    {section, key, "", help, NULL, min, max, offsetof(type, field), kind, true}
#define WORD(section, key, fallback, type, field, first, words, help)                              \
    {section, key, fallback, help, words, first, 0, offsetof(type, field), CONFIG_WORD, false}

#define SERVICE(section, key, fallback, kind, field, min, max, help)                               \
    KEY(section, key, fallback, kind, config_service, field, min, max, help)

/* The keys that listeners and connectors have in common. */
#define SESSION_KEYS(section)                                                                      \
    REQUIRED(section, "type", CONFIG_TYPE, config_service, type, 0, 0,                             \
             "session type of a module, such as echo.session"),                                    \
    WORD(section, "framing", "u16", config_service, framing, FRAME_U16, frame_names,               \
         "where a packet ends and the next begins"),                                               \
    WORD(section, "transport", "tcp", config_service, transport, CONFIG_TRANSPORT_TCP, transports, \
         "what carries the packets: TCP with a framing, or WebSocket"),                            \
    SERVICE(section, "path", "/", CONFIG_TARGET, path, 0, 0, "the path of a WebSocket"),           \
    SERVICE(section, "ping_s", "30", CONFIG_U32, ping_s, 0, 86400,                                 \
            "seconds of silence before a WebSocket is pinged; 0: never"),                          \
    SERVICE(section, "handshake_timeout_ms", "5000", CONFIG_U32, handshake_timeout_ms, 1, 600000,  \
            "how long the handshake of a WebSocket, and a PROXY header, may take"),                                     \
    SERVICE(section, "frame_limit_bytes", "65535", CONFIG_BYTES, frame_limit_bytes, 1,             \
            FRAME_BYTES_MAX, "largest frame, header included"),                                    \
    SERVICE(section, "send_limit_bytes", "1M", CONFIG_BYTES, send_limit_bytes, 1, 1024 * MEGABYTE, \
            "most bytes waiting to be sent to one session"),                                       \
    WORD(section, "backlog", "close", config_service, backlog_policy, CONFIG_BACKLOG_CLOSE,        \
         backlogs, "what happens at send_limit_bytes"),                                            \
    WORD(section, "unknown_opcode", "ignore", config_service, unknown_opcode,                      \
         CONFIG_UNKNOWN_IGNORE, unknown_opcodes,                                                   \
         "what happens to a packet that no module handles"),                                       \
    SERVICE(section, "packets_per_second", "0", CONFIG_U32, packets_per_second, 0, 1000000,        \
            "most packets per second of one session; 0: no limit"),                                \
    SERVICE(section, "byte_rate", "0", CONFIG_BYTES, byte_rate, 0, 1024 * MEGABYTE,                \
            "most bytes received per second from one session; 0: no limit"),                       \
    SERVICE(section, "fanout_rate", "0", CONFIG_BYTES, fanout_rate, 0, 1024 * MEGABYTE,            \
            "most bytes per second that one session's broadcasts queue for others; 0: no limit"),  \
    WORD(section, "over_rate", "close", config_service, over_rate, CONFIG_OVER_RATE_CLOSE,         \
         over_rates, "what happens to a session that exceeds one of these three"),                 \
    SERVICE(section, "idle_timeout_s", "300", CONFIG_U32, idle_timeout_s, 0, 604800,               \
            "closes a session that completes no packet for this long; 0: never"),                  \
    SERVICE(section, "frame_timeout_s", "30", CONFIG_U32, frame_timeout_s, 0, 86400,               \
            "closes a session that does not complete a frame within this time; 0: never"),         \
    SERVICE(section, "close_timeout_ms", "2000", CONFIG_U32, close_timeout_ms, 0, 600000,          \
            "how long a closing session may take to send what is queued"),                         \
    SERVICE(section, "no_delay", "yes", CONFIG_BOOL, socket.no_delay, 0, 0,                        \
            "TCP_NODELAY: small packets leave at once"),                                           \
    SERVICE(section, "keep_alive_s", "60", CONFIG_U32, socket.keep_alive_s, 0, 32767,              \
            "idle seconds before the first TCP keep-alive probe; 0: none"),                        \
    SERVICE(section, "linger_s", "-1", CONFIG_I32, socket.linger_s, -1, 3600,                      \
            "SO_LINGER; -1: the system's default"),                                                \
    SERVICE(section, "send_buffer_bytes", "0", CONFIG_BYTES, socket.send_buffer_bytes, 0,          \
            64 * MEGABYTE, "SO_SNDBUF; 0: the system's default"),                                  \
    SERVICE(section, "recv_buffer_bytes", "0", CONFIG_BYTES, socket.recv_buffer_bytes, 0,          \
            64 * MEGABYTE, "SO_RCVBUF; 0: the system's default"),                                  \
    SERVICE(section, "tls", "no", CONFIG_BOOL, tls.on, 0, 0, "encrypts connections with TLS"),     \
    SERVICE(section, "certificate", "", CONFIG_PATHS, tls.certificate, 0, 0,                       \
            "PEM file with the certificate and its chain; several: separated by commas"),                  \
    SERVICE(section, "key", "", CONFIG_PATHS, tls.key, 0, 0,                                       \
            "PEM file with its private key; as many, in the same order"),                          \
    WORD(section, "tls_min", "1.2", config_service, tls.min, CONFIG_TLS_1_2, tls_mins,             \
         "the oldest version of TLS"),                                                             \
    SERVICE(section, "tls_ciphers", CONFIG_TLS_CIPHERS, CONFIG_TEXT, tls.ciphers, 0, 0, \
            "ciphers for TLS 1.2, as OpenSSL writes them; empty: OpenSSL's choice"),               \
    SERVICE(section, "tls_alpn", "", CONFIG_NAMES, tls.alpn, 0, 0,                                 \
            "protocols for ALPN, best first, separated by commas; empty: none")

static const config_key keys[] = {
    KEY("host", "workers", "0", CONFIG_U32, config, workers, 0, 256,
        "threads; 0: one per processor"),
    KEY("host", "stack_bytes", "1M", CONFIG_BYTES, config, stack_bytes, OS_STACK_MIN,
        64 * MEGABYTE, "stack of each thread that runs the modules' functions"),
    KEY("host", "stop_timeout_ms", "10000", CONFIG_U32, config, stop_timeout_ms, 0, 600000,
        "how long a graceful stop may take; after twice that, the process ends"),
    KEY("host", "watchdog_ms", "1000", CONFIG_U32, config, watchdog_ms, 0, 600000,
        "the log names a handler that takes longer, or a job 30 times as long; 0: never"),
    KEY("host", "blocking_threads", "4", CONFIG_U32, config, blocking_threads, 1, 64,
        "threads for run_job, separate from the workers"),
    KEY("host", "blocking_queue", "10000", CONFIG_U32, config, blocking_queue, 1, 1000000,
        "jobs of run_job that may wait"),
    KEY("host", "blocking_queue_bytes", "64M", CONFIG_BYTES64, config, blocking_queue_bytes,
        2 * MEGABYTE, 65536LL * MEGABYTE, "bytes of the jobs that wait"),
    KEY("host", "max_rooms", "100000", CONFIG_U32, config, max_rooms, 1, 10000000,
        "rooms at once, of all modules"),
    KEY("host", "memory_limit_bytes", "0", CONFIG_BYTES64, config, memory_limit_bytes, 0,
        1048576LL * MEGABYTE, "of all buffers and waiting messages together; 0: no limit"),
    KEY("host", "run_dir", "../run", CONFIG_PATH, config, run_dir, 0, 0,
        "folder for private copies of modules, the admin token and the socket of ctl"),
    KEY("host", "data_dir", "../data", CONFIG_PATH, config, data_dir, 0, 0,
        "folder for the modules' own files, one folder for each"),
    KEY("host", "ready_file", "", CONFIG_PATH, config, ready_file, 0, 0,
        "file that is written when everything serves; empty: none"),

    WORD("log", "level", "info", config, log.level, LOG_ERROR, levels, "what is logged"),
    WORD("log", "format", "text", config, log.format, LOG_TEXT, formats, "format of the lines"),
    WORD("log", "colour", "auto", config, log.colour, LOG_COLOUR_AUTO, colours,
         "colours on the terminal"),
    KEY("log", "terminal", "yes", CONFIG_BOOL, config, log.terminal, 0, 0,
        "log to the terminal (stderr)"),
    KEY("log", "file", "", CONFIG_PATH, config, log.file, 0, 0,
        "log to this file as well; empty: no file"),
    KEY("log", "file_limit_bytes", "16M", CONFIG_BYTES64, config, log.file_limit_bytes, 4096,
        65536LL * MEGABYTE, "the file is rotated when it would grow beyond this"),
    KEY("log", "keep", "5", CONFIG_U32, config, log.keep, 0, 1000, "rotated files that are kept"),

    KEY("admin", "enabled", "yes", CONFIG_BOOL, config, admin_enabled, 0, 0,
        "whether `portico ctl` can connect"),
    KEY("admin", "address", "", CONFIG_ADDRESS, config, admin.address, 0, 0,
        "where ctl connects over TCP; empty: nowhere, or 127.0.0.1 if port is set"),
    KEY("admin", "port", "7779", CONFIG_U16, config, admin.port, 0, 65535,
        "of TCP; 0: the system picks one"),
    KEY("admin", "http_port", "-1", CONFIG_I32, config, admin_http_port, -1, 65535,
        "of the dashboard, metrics and commands over HTTP; 0: the system picks one; -1: off"),
    KEY("admin", "http_address", "127.0.0.1", CONFIG_ADDRESS, config, admin_http.address, 0, 0,
        "where HTTP listens; other machines reach it only with http_tls and token"),
    KEY("admin", "http_hosts", "", CONFIG_NAMES, config, admin_http_hosts, 0, 0,
        "names that browsers may use besides http_address and localhost, separated by commas"),
    KEY("admin", "http_tls", "no", CONFIG_BOOL, config, admin_http.tls.on, 0, 0,
        "encrypts HTTP with TLS: https"),
    KEY("admin", "http_certificate", "", CONFIG_PATHS, config, admin_http.tls.certificate, 0, 0,
        "PEM file with the certificate and its chain; several: separated by commas"),
    KEY("admin", "http_key", "", CONFIG_PATHS, config, admin_http.tls.key, 0, 0,
        "PEM file with its private key; as many, in the same order"),
    KEY("admin", "token", "", CONFIG_SECRET, config, admin_token, 16, 128,
        "secret of ctl over TCP; empty: a random one in run_dir/admin.token"),

    KEY("modules", "dir", "../modules", CONFIG_PATH, config, modules_dir, 0, 0,
        "folder of the modules"),
    KEY("modules", "autoload", "yes", CONFIG_BOOL, config, modules_autoload, 0, 0,
        "load every module in dir at the start"),
    KEY("modules", "probe", "yes", CONFIG_BOOL, config, modules_probe, 0, 0,
        "load a module's file in a child process first, and refuse it if that crashes or hangs"),
    KEY("modules", "watch", "no", CONFIG_BOOL, config, modules_watch, 0, 0,
        "swap a module automatically when its file is rebuilt: for development"),
    KEY("modules", "swap_check", "no", CONFIG_BOOL, config, modules_swap_check, 0, 0,
        "after a swap, search all state blocks for addresses inside the old code and log them; and "
        "overwrite each packet after its handler: for development"),
    KEY("modules", "swap_timeout_ms", "2000", CONFIG_U32, config, modules_swap_timeout_ms, 1, 60000,
        "how long a swap waits for the module's handlers to return, and for its start and stop"),
    KEY("modules", "probation_s", "60", CONFIG_U32, config, modules_probation_s, 0, 86400,
        "a build that has served for less is rolled back at its first fault; 0: none is"),
    KEY("modules", "fault_limit", "3", CONFIG_U32, config, modules_fault_limit, 0,
        CONFIG_FAULT_LIMIT_MAX, "faults within fault_window_s that roll any build back; 0: none do"),
    KEY("modules", "fault_window_s", "10", CONFIG_U32, config, modules_fault_window_s, 1, 86400,
        "see fault_limit"),
    KEY("modules", "frozen_backlog", "100", CONFIG_U32, config, modules_frozen_backlog, 0, 1000000,
        "new sessions that may wait for a frozen module"),
    KEY("modules", "frozen_timeout_s", "-1", CONFIG_I32, config, modules_frozen_timeout_s, -1,
        604800, "closes sessions that have waited this long for a frozen module; 0: never; -1: 30, "
        "with watch = yes never"),
    WORD("modules", "on_fault", "contain", config, modules_on_fault, CONFIG_FAULT_CONTAIN,
        on_faults + CONFIG_FAULT_CONTAIN,
        "what a fault of a module does: contain it, or abort the process for a core file"),
    KEY("modules", "hang_ms", "0", CONFIG_U32, config, modules_hang_ms, 0, 600000,
        "a handler that takes longer is a fault; 0: none is"),
    KEY("modules", "state_copy_limit_bytes", "64K", CONFIG_BYTES, config,
        modules_state_copy_limit_bytes, 0, 16 * MEGABYTE,
        "a larger state is not restored after a fault: its session or room closes"),

    KEY("modules", "memory_limit_bytes", "256M", CONFIG_BYTES64, config,
        modules_memory_limit_bytes, 0, 65536LL * MEGABYTE,
        "what the host keeps for one module: rooms, waiting messages, timers, jobs; 0: no limit"),
    KEY("modules", "max_rooms", "50000", CONFIG_U32, config, modules_max_rooms, 0, 10000000,
        "rooms of one module at once; 0: no limit"),
    KEY("modules", "max_timers", "100000", CONFIG_U32, config, modules_max_timers, 0, 10000000,
        "timers of one module at once; 0: no limit"),
    KEY("modules", "max_requests", "100000", CONFIG_U32, config, modules_max_requests, 0, 10000000,
        "requests of one module that have no answer yet; 0: no limit"),
    KEY("modules", "max_channels", "256", CONFIG_U32, config, modules_max_channels, 0, 1000000,
        "channels that one session may be in; 0: no limit"),
    KEY("modules", "module_inbox_limit_bytes", "64M", CONFIG_BYTES64, config,
        modules_module_inbox_bytes, 2 * MEGABYTE, 65536LL * MEGABYTE,
        "bytes of messages that wait for one module"),
    KEY("modules", "room_inbox_limit_bytes", "32M", CONFIG_BYTES64, config,
        modules_room_inbox_bytes, 2 * MEGABYTE, 65536LL * MEGABYTE,
        "bytes of messages that wait for one room"),
    KEY("modules", "session_inbox_limit_bytes", "16M", CONFIG_BYTES64, config,
        modules_session_inbox_bytes, 2 * MEGABYTE, 65536LL * MEGABYTE,
        "bytes of messages that wait for one session"),

    KEY("module", "file", "", CONFIG_PATH, config_module, file, 0, 0,
        "the library; empty: NAME in [modules] dir"),
    KEY("module", "load", "yes", CONFIG_BOOL, config_module, load, 0, 0, "load it at the start"),
    WORD("module", "on_fault", "default", config_module, on_fault, CONFIG_FAULT_DEFAULT, on_faults,
        "what a fault of it does; default: as in [modules]"),
    KEY("module", "hang_ms", "-1", CONFIG_I32, config_module, hang_ms, -1, 600000,
        "a handler that takes longer is a fault; 0: none is; -1: as in [modules]"),
    KEY("module", "memory_limit_bytes", "0", CONFIG_BYTES64, config_module, memory_limit_bytes, 0,
        65536LL * MEGABYTE, "what the host keeps for it; 0: as in [modules]"),

    REQUIRED("listener", "address", CONFIG_ADDRESS, config_service, address, 0, 0,
        "where clients connect"),
    REQUIRED("listener", "port", CONFIG_U16, config_service, port, 0, 65535,
             "TCP port; 0: the system picks one"),
    SESSION_KEYS("listener"),
    WORD("listener", "profile", "none", config_service, profile, CONFIG_PROFILE_NONE, profiles,
         "values for the keys that are not set; public: for a listener on the Internet"),
    SERVICE("listener", "max_sessions", "1000", CONFIG_U32, max_sessions, 1, 1000000,
            "most sessions at once"),
    SERVICE("listener", "max_per_address", "0", CONFIG_U32, max_per_address, 0, 1000000,
            "most sessions from one client address; 0: no limit"),
    SERVICE("listener", "first_packet_ms", "0", CONFIG_U32, first_packet_ms, 0, 600000,
            "closes a session whose first packet takes longer; 0: never"),
    SERVICE("listener", "connect_rate", "0", CONFIG_U32, connect_rate, 0, 1000000,
            "most connections per second from one client address; 0: no limit"),
    SERVICE("listener", "connect_burst", "20", CONFIG_U32, connect_burst, 1, 1000000,
            "how many of these may come at once"),
    SERVICE("listener", "ipv6_prefix", "64", CONFIG_U32, ipv6_prefix, 16, 128,
            "leading bits that make IPv6 addresses one client address"),
    SERVICE("listener", "accepts", "16", CONFIG_U32, accepts, 1, 1024, "accepts kept in flight"),
    SERVICE("listener", "origins", "", CONFIG_ORIGINS, origins, 0, 0,
            "origins whose pages may open a WebSocket; empty or *: all"),
    SERVICE("listener", "files", "", CONFIG_PATH, files, 0, 0,
            "folder of a page that a WebSocket listener serves; empty: none"),
    WORD("listener", "proxy_protocol", "no", config_service, proxy_protocol, CONFIG_PROXY_NO,
         proxy_protocols, "the PROXY header with which every connection has to begin"),
    SERVICE("listener", "proxy_from", "", CONFIG_SUBNETS, proxy_from, 0, 0,
            "networks of the balancers that send it; all others are refused"),
    SERVICE("listener", "listen_backlog", "512", CONFIG_U32, listen.backlog, 1, 65535,
            "connections that the system queues"),
    SERVICE("listener", "reuse_address", "yes", CONFIG_BOOL, listen.reuse_address, 0, 0,
            "listen again at once after a restart (SO_REUSEADDR where that is safe)"),
    SERVICE("listener", "dual_stack", "no", CONFIG_BOOL, listen.dual_stack, 0, 0,
            "an IPv6 address accepts IPv4 clients, too"),
    SERVICE("listener", "tls_client_ca", "", CONFIG_PATH, tls.client_ca, 0, 0,
            "PEM file of authorities: clients need a certificate of theirs; empty: they need none"),
    SERVICE("listener", "tls_handshakes_max", "256", CONFIG_U32, tls.handshakes_max, 1, 100000,
            "handshakes that wait for their client; one more ends the oldest of them"),

    REQUIRED("connector", "address", CONFIG_HOST, config_service, address, 0, 0,
        "where to connect to"),
    REQUIRED("connector", "port", CONFIG_U16, config_service, port, 1, 65535, "the peer's port"),
    SESSION_KEYS("connector"),
    SERVICE("connector", "max_sessions", "1", CONFIG_U32, max_sessions, 1, 1000000,
        "connections kept open"),
    SERVICE("connector", "connect_timeout_ms", "5000", CONFIG_U32, connect_timeout_ms, 1, 600000,
            "how long connecting may take"),
    SERVICE("connector", "reconnect_min_ms", "250", CONFIG_U32, reconnect_min_ms, 1, 3600000,
            "first pause before connecting again, doubled after each failure"),
    SERVICE("connector", "reconnect_max_ms", "30000", CONFIG_U32, reconnect_max_ms, 1, 3600000,
            "longest pause"),
    SERVICE("connector", "bind_address", "", CONFIG_ADDRESS, bind_address, 0, 0,
            "local address to connect from; empty: any"),
    SERVICE("connector", "tls_verify", "yes", CONFIG_BOOL, tls.verify, 0, 0,
            "whether the server's certificate must be valid and for its name"),
    SERVICE("connector", "tls_ca", "", CONFIG_PATH, tls.ca, 0, 0,
            "PEM file of the authorities to believe; empty: the system's"),
    SERVICE("connector", "tls_server_name", "", CONFIG_HOST, tls.server_name, 0, 0,
            "the server's name in its certificate; empty: address"),
};
/* clang-format on */

_Static_assert(COUNT_OF(keys) <= CONFIG_KEYS_MAX, "CONFIG_KEYS_MAX holds the table");

static const char *const section_names[CONFIG_SECTIONS] = {
    "host", "log", "admin", "modules", "module", "listener", "connector"};

const config_key *config_keys(size_t *count) {
    *count = COUNT_OF(keys);
    return keys;
}

const char *schema_section_name(config_section section) {
    return section_names[section];
}

bool schema_section_find(const char *name, config_section *section) {
    for (int i = 0; i < CONFIG_SECTIONS; i++) {
        if (strcmp(name, section_names[i]) == 0) {
            *section = (config_section)i;
            return true;
        }
    }
    return false;
}

bool schema_section_has_name(config_section section) {
    return section == CONFIG_SECTION_MODULE || section == CONFIG_SECTION_LISTENER ||
           section == CONFIG_SECTION_CONNECTOR;
}

bool schema_in_section(size_t index, config_section section) {
    return strcmp(keys[index].section, section_names[section]) == 0;
}

int schema_find(config_section section, const char *key) {
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (schema_in_section(i, section) && strcmp(keys[i].key, key) == 0) {
            return (int)i;
        }
    }
    return -1;
}
