// Replaces the C library's allocation functions for the whole program, as its manual allows, counts, and calls the
// library's own functions. For single-threaded programs only.
#include "CountedAllocations.h"

#include <errno.h>
#include <stddef.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static unsigned long made;

unsigned long allocations_made(void) { return made; }

void *malloc(size_t size) { made++; return __libc_malloc(size); }
void *calloc(size_t count, size_t size) { made++; return __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { made++; return __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { made++; return __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { made++; return __libc_memalign(alignment, size); }
int posix_memalign(void **result, size_t alignment, size_t size) {
  made++;
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : ENOMEM;
}
void free(void *old) { __libc_free(old); }
