/* metric_table.h: every metric of the host, in the order in which they are shown. What `ctl
 * metrics`, /metrics, /api/metrics and host/OPERATING.md say of a metric comes from here.
 *
 * X(name, kind, unit, labels, help). `name` is without the suffix of its kind: a counter gets
 * `_total`, an info `_info`. `labels` are separated by commas. No label ever names a session, a
 * room, a player or an address: their number has no bound. A new metric needs a row here and a
 * function collect_NAME in a file collect_*.c.
 */
#ifndef PORTICO_METRIC_TABLE_H
#define PORTICO_METRIC_TABLE_H

/* clang-format off */
#define METRICS_LIST(X) \
    X(process_cpu_seconds, COUNTER, "seconds", "", \
      "Processor time used by the process.") \
    X(process_resident_memory_bytes, GAUGE, "bytes", "", \
      "Resident memory of the process.") \
    X(process_open_fds, GAUGE, "", "", \
      "Open file descriptors; on Windows open handles.") \
    X(process_start_time_seconds, GAUGE, "seconds", "", \
      "When the process started, in seconds since 1970.") \
    X(portico_build, INFO, "", "version", \
      "The host's version.") \
    X(portico_module, INFO, "", "module,version,generation", \
      "The modules that are loaded.") \
    X(portico_sessions, GAUGE, "", "listener", \
      "Sessions now.") \
    X(portico_connections_accepted, COUNTER, "", "listener", \
      "Connections that became sessions.") \
    X(portico_connections_refused, COUNTER, "", "listener,reason", \
      "Connections turned away by a limit, by the limit.") \
    X(portico_connections_closed, COUNTER, "", "listener,reason", \
      "Sessions that have ended, by the reason.") \
    X(portico_received_bytes, COUNTER, "bytes", "listener", \
      "Bytes received.") \
    X(portico_sent_bytes, COUNTER, "bytes", "listener", \
      "Bytes sent.") \
    X(portico_received_packets, COUNTER, "", "listener", \
      "Packets received.") \
    X(portico_sent_packets, COUNTER, "", "listener", \
      "Packets queued to be sent.") \
    X(portico_packets_rejected, COUNTER, "", "listener,reason", \
      "Packets that no handler got: frame, websocket, shape (its declaration) or unhandled.") \
    X(portico_send_queue_bytes, GAUGE, "bytes", "", \
      "Bytes that wait because the system does not take them: their clients read slowly.") \
    X(portico_send_overflows, COUNTER, "", "listener", \
      "Packets that did not fit into send_limit_bytes.") \
    X(portico_rooms, GAUGE, "", "type", \
      "Rooms now.") \
    X(portico_turn_duration_seconds, HISTOGRAM, "seconds", "module,kind", \
      "Turns, by the last call made in them. Counted for two minutes after each scrape.") \
    X(portico_mailbox_delay_seconds, HISTOGRAM, "seconds", "module", \
      "Waits of messages for their handler. Counted for two minutes after each scrape.") \
    X(portico_timer_lateness_seconds, HISTOGRAM, "seconds", "", \
      "How late timers fired.") \
    X(portico_blocking_queued, GAUGE, "", "", \
      "Jobs that wait for a thread of blocking_threads.") \
    X(portico_blocking_busy, GAUGE, "", "", \
      "Jobs that run.") \
    X(portico_swaps, COUNTER, "", "module,result", \
      "Swaps that were asked for: swapped, rolled_back or refused.") \
    X(portico_swap_pause_seconds, GAUGE, "seconds", "module", \
      "The longest time that the last swap kept the module's gate closed.") \
    X(portico_module_faults, COUNTER, "", "module,handler", \
      "Faults of the module that did not end the process, by the kind of call.") \
    X(portico_worker_busy_seconds, COUNTER, "seconds", "worker", \
      "Processor time used by the worker.") \
    X(portico_tls_handshakes, COUNTER, "", "result", \
      "TLS handshakes, also of the admin side: done, failed, or made_way for others.") \
    X(portico_certificate_expiry_seconds, GAUGE, "seconds", "listener", \
      "When the first certificate expires, in seconds since 1970.")
/* clang-format on */

#endif
