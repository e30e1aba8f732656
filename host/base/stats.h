/* stats.h: counters of the host, most of which `ctl status` shows.
 *
 * Any thread. Each worker counts in a block of its own, so that counting costs no shared cache
 * line; all other threads share one. Threads count while a sum is taken, so a sum may miss their
 * latest counts.
 *
 * Each listener and connector has counters of its own traffic (flow_add). The four figures of all
 * together, received_packets to sent_bytes, are sums of these and cannot be added to.
 *
 * broadcasts         broadcasts that had at least one recipient
 * broadcast_packets  packets queued for them, one per recipient; also in sent_packets
 * broadcast_copies   copies made of their payloads: one per framing among the recipients, and one
 * for each recipient whose previous broadcast still waits, if the frame is smaller than a reference
 * to it
 * slowed             times that a session was read more slowly for exceeding a rate
 * first_packets_missed sessions closed by first_packet_ms
 * memory_closed      sessions closed because of memory_limit_bytes
 * messages_refused to channels_refused: what modules were refused at a limit (run/quota.h)
 * module_faults      faults of modules that did not end the process. Of these:
 * faults_closed      closed the session that they served
 * faults_rolled_back had the module go back to the generation before, or fell into that
 * faults_frozen      froze the module, or fell into that
 * log_lines_dropped  lines that found no room in the queue of the terminal or of the file
 * log_lines_counted  lines that were counted for a summary instead of written (base/log_kind.h)
 *
 * A counter that is the sum of a metric has the metric's short name (metrics/totals.h). Those from
 * ops_submitted on are not shown themselves, but figures and metrics made of them:
 * tls_done to tls_made_way  TLS handshakes, by how they ended
 * packets_unhandled  the part `unhandled` of packets_rejected, of all listeners and connectors
 * send_queue_bytes   what waits in sessions' queues: a difference that wraps, not a count
 */
#ifndef PORTICO_STATS_H
#define PORTICO_STATS_H

#include <stdint.h>

/* clang-format off */
#define STATS_LIST(X) \
    X(connections_accepted) \
    X(connections_closed) \
    X(received_packets) \
    X(sent_packets) \
    X(broadcasts) \
    X(broadcast_packets) \
    X(broadcast_copies) \
    X(received_bytes) \
    X(sent_bytes) \
    X(batches) \
    X(recv_calls) \
    X(send_calls) \
    X(accept_failures) \
    X(first_packets_missed) \
    X(memory_closed) \
    X(send_overflows) \
    X(slowed) \
    X(messages_refused) \
    X(rooms_refused) \
    X(timers_refused) \
    X(requests_refused) \
    X(jobs_refused) \
    X(channels_refused) \
    X(module_faults) \
    X(faults_closed) \
    X(faults_rolled_back) \
    X(faults_frozen) \
    X(log_lines_dropped) \
    X(log_lines_counted) \
    X(ops_submitted) \
    X(ops_completed) \
    X(tls_done) \
    X(tls_failed) \
    X(tls_made_way) \
    X(packets_unhandled) \
    X(send_queue_bytes) \
    X(message_bytes_taken) \
    X(message_bytes_given) \
    X(buffer_bytes_taken) \
    X(buffer_bytes_given)
/* clang-format on */

typedef enum stat {
#define STATS_ENUM(name) STAT_##name,
    STATS_LIST(STATS_ENUM)
#undef STATS_ENUM
        STAT_COUNT,
    STATS_SHOWN = STAT_ops_submitted
} stat;

enum { STATS_BLOCKS = 65 }; /* block 0: all threads that have not called stats_use_block */

/* Gives the calling thread a block of its own, 1 to STATS_BLOCKS - 1. */
void stats_use_block(uint32_t block);

/* The number of that block; 0: the shared one. */
uint32_t stats_own_block(void);

/* Not for received_packets, sent_packets, received_bytes and sent_bytes: those are flows. */
void stats_add(stat s, uint64_t count);
/* Counts a batch in batches, and its completions in ops_completed. */
void stats_add_batch(uint64_t completions);
uint64_t stats_sum(stat s);
/* How many there are now of what `more` counts when it comes and `less` when it goes. May be too
 * large for a moment, but never negative. */
uint64_t stats_difference(stat more, stat less);
const char *stats_name(stat s);

/* The traffic of one listener or connector. */
typedef enum flow_kind {
    FLOW_PACKETS_IN,
    FLOW_PACKETS_OUT,
    FLOW_BYTES_IN,
    FLOW_BYTES_OUT,
    FLOW_KINDS
} flow_kind;

enum { FLOWS_MAX = 256 };

/* Returns the number of a new flow. Those beyond FLOWS_MAX share the last one. [control
 * thread] */
uint32_t flow_open(void);

/* Forgets all flows: no thread counts any more. [control thread] */
void flows_reset(void);

void flow_add(uint32_t flow, flow_kind kind, uint64_t count);
/* The same for one call that has received, or sent what was queued since the last: it counts in
 * recv_calls or send_calls as well, and costs little more than one count. */
void flow_received(uint32_t flow, uint64_t bytes);
void flow_sent(uint32_t flow, uint64_t packets, uint64_t bytes);

uint64_t flow_sum(uint32_t flow, flow_kind kind);

#endif
