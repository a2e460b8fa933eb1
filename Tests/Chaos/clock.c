// Gives one process a clock of its own. clock.py preloads this library into the process (LD_PRELOAD), and writes how
// far the clock is off into the file that CHAOS_CLOCK names. The process cannot tell it from a machine whose clock a
// user sets: an absolute timerfd on CLOCK_REALTIME follows the clock, and one with TFD_TIMER_CANCEL_ON_SET wakes with
// ECANCELED when the wall clock has moved against CLOCK_MONOTONIC, as in the kernel's fs/timerfd.c. A step or a suspend
// does that, a slew does not.
//
// Not done, since nothing here uses it: dup of a timerfd, poll with a timeout on another clock, clock_nanosleep.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000, MOST = 1024 };

// What clock.py writes, in nanoseconds. `version` is odd while the other fields are being changed.
struct shift {
  _Atomic uint64_t version;
  _Atomic int64_t realtime, monotonic, boottime;
  // How much faster than the machine's clocks these go, in parts per million, since CLOCK_MONOTONIC was `since`.
  _Atomic int64_t rate, since;
};

struct offsets { int64_t realtime, monotonic, boottime, rate; };

// An absolute timer on CLOCK_REALTIME.
struct timer {
  int is_known, is_armed, may_cancel, is_woken;
  int64_t distance;  // from the monotonic clock to the wall clock, when the timer last looked
  struct itimerspec wanted;  // the time that was set, by the process' clock
};

static struct shift *shift;
static struct timer timers[MOST];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_timerfd_create)(int, int);
static int (*real_timerfd_settime)(int, int, const struct itimerspec *, struct itimerspec *);
static ssize_t (*real_read)(int, void *, size_t);
static int (*real_close)(int);

__attribute__((constructor)) static void begin(void) {
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  real_timerfd_create = dlsym(RTLD_NEXT, "timerfd_create");
  real_timerfd_settime = dlsym(RTLD_NEXT, "timerfd_settime");
  real_read = dlsym(RTLD_NEXT, "read");
  real_close = dlsym(RTLD_NEXT, "close");
  const char *path = getenv("CHAOS_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *map = mmap(NULL, sizeof(struct shift), PROT_READ, MAP_SHARED, file, 0);
  if (map != MAP_FAILED) shift = map;
  real_close(file);
}

static struct offsets offsets(void) {
  struct offsets found = {0, 0, 0, 0};
  if (!shift) return found;
  uint64_t version;
  int64_t since;
  do {
    version = atomic_load(&shift->version);
    found.realtime = atomic_load(&shift->realtime);
    found.monotonic = atomic_load(&shift->monotonic);
    found.boottime = atomic_load(&shift->boottime);
    found.rate = atomic_load(&shift->rate);
    since = atomic_load(&shift->since);
  } while (version % 2 || version != atomic_load(&shift->version));
  if (found.rate) {
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    int64_t gained = (now.tv_sec * (int64_t)SECOND + now.tv_nsec - since) / 1000 * found.rate / 1000;
    found.realtime += gained;
    found.monotonic += gained;
    found.boottime += gained;
  }
  return found;
}

static struct timespec moved(struct timespec time, int64_t by) {
  int64_t nanoseconds = time.tv_nsec + by % SECOND;
  time.tv_sec += by / SECOND + (nanoseconds >= SECOND) - (nanoseconds < 0);
  time.tv_nsec = nanoseconds + (nanoseconds < 0 ? SECOND : 0) - (nanoseconds >= SECOND ? SECOND : 0);
  return time;
}

// --- clocks ---

int clock_gettime(clockid_t clock, struct timespec *time) {
  int status = real_clock_gettime ? real_clock_gettime(clock, time) : (int)syscall(SYS_clock_gettime, clock, time);
  if (status || !shift) return status;
  struct offsets off = offsets();
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: *time = moved(*time, off.realtime); break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE: *time = moved(*time, off.monotonic); break;
    case CLOCK_BOOTTIME: *time = moved(*time, off.boottime); break;
    default: break;
  }
  return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
  *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t *result) {
  struct timespec now = {0, 0};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}

// --- the timer on the wall clock ---

static int is_past(struct timespec time) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return time.tv_sec < now.tv_sec || (time.tv_sec == now.tv_sec && time.tv_nsec <= now.tv_nsec);
}

// Sets the timer in the kernel, by the kernel's clock.
static int set(int fd, struct timer *timer, struct offsets off) {
  struct itimerspec specification = timer->wanted;
  if (off.rate) {
    // The clock gains further until the timer expires.
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t seconds = specification.it_value.tv_sec - now.tv_sec;
    int64_t left = (seconds > 1000 ? 1000 : seconds < -1000 ? -1000 : seconds) * SECOND
                   + specification.it_value.tv_nsec - now.tv_nsec;
    specification.it_value = moved(specification.it_value, -(left / 1000 * off.rate / (1000000 + off.rate) * 1000));
  }
  specification.it_value = moved(specification.it_value, -off.realtime);
  if (specification.it_value.tv_sec < 0 || (specification.it_value.tv_sec == 0 && specification.it_value.tv_nsec == 0))
    specification.it_value = (struct timespec){0, 1};
  return real_timerfd_settime(fd, TFD_TIMER_ABSTIME, &specification, NULL);
}

// Looks at all timers after the process' clock has changed, as a kernel does in clock_was_set().
static void look_again(void) {
  pthread_mutex_lock(&lock);
  struct offsets off = offsets();
  for (int fd = 0; fd < MOST; fd++) {
    struct timer *timer = &timers[fd];
    if (!timer->is_known || !timer->is_armed || timer->is_woken) continue;
    if (timer->may_cancel && timer->distance != off.realtime - off.monotonic) {
      struct itimerspec now = {.it_value = {0, 1}};
      timer->is_woken = 1;
      timer->distance = INT64_MAX;  // A reader is told even if the clock is set back before it reads.
      real_timerfd_settime(fd, TFD_TIMER_ABSTIME, &now, NULL);
    } else {
      set(fd, timer, off);
    }
  }
  pthread_mutex_unlock(&lock);
}

static void *watch(void *argument) {
  int bell = (int)(intptr_t)argument;
  char events[4096];
  for (;;) {
    // The first look is before the first read: the clock may have changed before this thread began.
    look_again();
    ssize_t count = real_read(bell, events, sizeof events);
    if (count <= 0 && errno != EINTR) return NULL;
  }
}

static void watch_the_file(void) {
  static int is_watched;
  if (is_watched || !shift) return;
  is_watched = 1;
  int bell = inotify_init1(IN_CLOEXEC);
  if (bell < 0 || inotify_add_watch(bell, getenv("CHAOS_CLOCK"), IN_MODIFY) < 0) abort();
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  if (pthread_create(&thread, NULL, watch, (void *)(intptr_t)bell)) abort();
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int timerfd_create(int clock, int flags) {
  int fd = real_timerfd_create(clock, flags);
  if (!shift || clock != CLOCK_REALTIME || fd < 0) return fd;
  if (fd >= MOST) abort();
  struct offsets off = offsets();
  pthread_mutex_lock(&lock);
  timers[fd] = (struct timer){.is_known = 1, .distance = off.realtime - off.monotonic};
  pthread_mutex_unlock(&lock);
  watch_the_file();
  return fd;
}

// Whether a reader must be told that the clock was set. It is told once.
static int is_canceled(struct timer *timer) {
  struct offsets off = offsets();
  if (!timer->may_cancel || timer->distance == off.realtime - off.monotonic) return 0;
  timer->distance = off.realtime - off.monotonic;
  return 1;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old) {
  if (fd < 0 || fd >= MOST || !timers[fd].is_known || !(flags & TFD_TIMER_ABSTIME))
    return real_timerfd_settime(fd, flags, new, old);
  pthread_mutex_lock(&lock);
  struct timer *timer = &timers[fd];
  timer->wanted = *new;
  timer->is_armed = new->it_value.tv_sec || new->it_value.tv_nsec;
  timer->may_cancel = (flags & TFD_TIMER_CANCEL_ON_SET) != 0;
  timer->is_woken = 0;
  int status = timer->is_armed ? set(fd, timer, offsets()) : real_timerfd_settime(fd, flags, new, old);
  if (!status && timer->is_armed && is_canceled(timer)) {
    errno = ECANCELED;
    status = -1;
  }
  pthread_mutex_unlock(&lock);
  return status;
}

ssize_t read(int fd, void *buffer, size_t count) {
  if (fd < 0 || fd >= MOST || !timers[fd].is_known)
    return real_read ? real_read(fd, buffer, count) : syscall(SYS_read, fd, buffer, count);
  ssize_t result = real_read(fd, buffer, count);
  int problem = errno;
  pthread_mutex_lock(&lock);
  struct timer *timer = &timers[fd];
  if (is_canceled(timer)) {
    // The timer stays armed, but a time that has passed with the change is not reported.
    timer->is_woken = 0;
    if (!is_past(timer->wanted.it_value)) set(fd, timer, offsets());
    result = -1;
    problem = ECANCELED;
  }
  pthread_mutex_unlock(&lock);
  errno = problem;
  return result;
}

int close(int fd) {
  if (fd >= 0 && fd < MOST && timers[fd].is_known) {
    pthread_mutex_lock(&lock);
    timers[fd].is_known = 0;
    pthread_mutex_unlock(&lock);
  }
  return real_close ? real_close(fd) : (int)syscall(SYS_close, fd);
}
