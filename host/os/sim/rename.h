/* rename.h: included before every source of the real system that is compiled for the simulation:
 * there, what the simulation implements itself has the prefix real_ (real.h). */
#ifndef PORTICO_SIM_RENAME_H
#define PORTICO_SIM_RENAME_H

#define os_init real_init
#define os_exit real_exit
#define os_error real_error
#define os_error_text real_error_text
#define os_process_usage real_process_usage
#define os_cpu_count real_cpu_count
#define os_process_id real_process_id
#define os_on_signals real_on_signals
#define os_random real_random
#define os_monotonic_ns real_monotonic_ns
#define os_wall_ms real_wall_ms
#define os_thread_start real_thread_start
#define os_thread_cpu_ns real_thread_cpu_ns
#define os_thread_join real_thread_join
#define os_sleep real_sleep
#define os_mutex_lock real_mutex_lock
#define os_mutex_unlock real_mutex_unlock
#define os_cond_wait real_cond_wait
#define os_cond_wake_all real_cond_wake_all
#define os_alarm real_alarm
#define os_alarm_create real_alarm_create
#define os_alarm_destroy real_alarm_destroy
#define os_alarm_sleep real_alarm_sleep
#define os_alarm_ring real_alarm_ring
#define os_thread real_thread
#define os_thread_hurry real_thread_hurry
#define os_address_resolve real_address_resolve
#define os_address_check real_address_check
#define os_port_create real_port_create
#define os_port_destroy real_port_destroy
#define os_port_wait real_port_wait
#define os_port_share_kept real_port_share_kept
#define os_port_post real_port_post
#define os_port_posts_begin real_port_posts_begin
#define os_port_posts_end real_port_posts_end
#define os_listen real_listen
#define os_accept real_accept
#define os_connect real_connect
#define os_recv real_recv
#define os_recv_now real_recv_now
#define os_send real_send
#define os_send_now real_send_now
#define os_shutdown real_shutdown
#define os_cancel real_cancel
#define os_close real_close
#define os_socket_configure real_socket_configure
#define os_socket_address real_socket_address
#define os_library real_library
#define os_library_open real_library_open
#define os_library_check real_library_check
#define os_library_symbol real_library_symbol
#define os_library_range real_library_range
#define os_library_close real_library_close
#define os_fopen real_fopen
#define os_file_private real_file_private
#define os_file_rename real_file_rename
#define os_file_remove real_file_remove
#define os_file_look real_file_look
#define os_file_is_written real_file_is_written
#define os_folder_create real_folder_create
#define os_folder_check real_folder_check
#define os_folder_remove real_folder_remove
#define os_folder_delete real_folder_delete
#define os_folder_list real_folder_list
#define os_path_absolute real_path_absolute
#define os_executable_path real_executable_path
#define os_child_start real_child_start
#define os_places_find real_places_find
#define os_guard_interrupt real_guard_interrupt

#endif
