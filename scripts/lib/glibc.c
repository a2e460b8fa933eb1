// Functions that a program for packages has of its own, so that it also starts on a glibc older than the one it is built
// with. The static libraries of libevent and Swift name them, and a definition here comes before the one of glibc.

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

// glibc has it since 2.36. Debian's libevent_core.a takes it for `evutil_secure_rng_get_bytes`, which nothing calls here.
void arc4random_buf(void *buffer, size_t count) {
  for (size_t filled = 0; filled < count;) {
    ssize_t more = getrandom((char *)buffer + filled, count - filled, 0);
    if (more > 0) filled += (size_t)more;
    else if (more < 0 && errno != EINTR) abort();
  }
}

uint32_t arc4random(void) {
  uint32_t number;
  arc4random_buf(&number, sizeof number);
  return number;
}

// glibc has a new version of it since 2.35. Swift's module Glibc takes it for `hypot` of a Float. The squares of two
// Floats are exact in a double, and their sum does not overflow there.
float hypotf(float x, float y) {
  if (isinf(x) || isinf(y)) return INFINITY;
  return (float)sqrt((double)x * x + (double)y * y);
}
