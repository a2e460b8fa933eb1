#ifndef CHIREDISASYNC_SHIM_H
#define CHIREDISASYNC_SHIM_H

// The C libraries of the daemon: asynchronous hiredis, libevent's core, timerfd and eventfd; OpenSSL is in tls.h. Swift
// can call all of them directly. What it cannot (variadic functions, macros) is a `static inline` function named
// CHiredisAsync_..., with the reason beside it.

#if !__has_include(<hiredis/hiredis.h>)
#error "hiredis is not installed: run scripts/setup"
#endif

#include <malloc.h>
#include <hiredis/hiredis.h>

#if HIREDIS_MAJOR < 1 || (HIREDIS_MAJOR == 1 && HIREDIS_MINOR < 2)
#error "hiredis 1.2 or newer is required: run scripts/setup, which builds it where the system's is older"
#endif

#include <hiredis/async.h>

#include <event2/event.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

// The system's header shows it only with _GNU_SOURCE, which Swift's importer does not define.
int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);

// prctl is variadic.
static inline int CHiredisAsync_signalAtEndOfParent(int signal) { return prctl(PR_SET_PDEATHSIG, signal); }

#include "tls.h"

#endif
