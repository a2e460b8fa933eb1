#ifndef CHIREDISASYNC_SHIM_H
#define CHIREDISASYNC_SHIM_H

// The C side of the daemon: async hiredis, libevent's core, timerfd and eventfd, SHA-1 of libcrypto.
// A function stands here only when Swift cannot call the original, with the reason beside it.

#if !__has_include(<hiredis/hiredis.h>)
#error "hiredis is not installed: run scripts/setup"
#endif

#include <hiredis/hiredis.h>

#if HIREDIS_MAJOR < 1 || (HIREDIS_MAJOR == 1 && HIREDIS_MINOR < 2)
#error "hiredis 1.2 or newer is required: run scripts/setup, which builds it where the system's is older"
#endif

#include <hiredis/async.h>
#include <hiredis/adapters/libevent.h>

#include <event2/event.h>
// SHA1_Init and its like are marked as deprecated, in favour of a framework that costs 2 MB of memory.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

/// Lets `base` drive `context`. Not called directly from Swift because the adapter is a set of static functions
/// in a header: one entry keeps its other names out of sight and its copy in one place.
static inline int CHiredisAsync_attach(redisAsyncContext *context, struct event_base *base) {
  return redisLibeventAttach(context, base);
}

#endif
