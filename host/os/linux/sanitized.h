/* sanitized.h: whether this is a build with a sanitizer that needs to be notified, or to see calls.
 */
#ifndef PORTICO_LINUX_SANITIZED_H
#define PORTICO_LINUX_SANITIZED_H

#if defined(__SANITIZE_THREAD__)
#define PORTICO_TSAN 1
#endif
#if defined(__SANITIZE_ADDRESS__)
#define PORTICO_ASAN 1
#endif

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PORTICO_TSAN 1
#endif
#if __has_feature(address_sanitizer)
#define PORTICO_ASAN 1
#endif
#endif

#endif
