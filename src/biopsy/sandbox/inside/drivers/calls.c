/* The calls that tell the time, sleep, or wait with an end; clock.c stands before this. */

/* ---- what tells the time */

static void reading(void) {
    if (++spins == 1) spun_since = real_time(CLOCK_MONOTONIC);
    if (spins < SPINS || spins % SPIN_EACH) return;
    if (spins == SPINS && real_time(CLOCK_MONOTONIC) - spun_since > SPUN) {  /* it works, and looks at the clock */
        spins = 0;
        return;
    }
    spun = spun ? (spun < HOUR / 2 ? spun * 2 : HOUR) : SECOND;
    mine->ahead += spun;
    mine->busy = real_time(CLOCK_MONOTONIC);
}

int clock_gettime(clockid_t which, struct timespec *at) {
    int done = read_clock(which, at);
    if (done || !mine || !shifted(which)) return done;
    reading();
    *at = to(from(*at) + shift(which));
    return 0;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    REAL(gettimeofday);
    int done = real(at, zone);
    if (done || !mine) return done;
    reading();
    ns time = at->tv_sec * SECOND + at->tv_usec * 1000 + mine->ahead;
    at->tv_sec = time / SECOND;
    at->tv_usec = time % SECOND / 1000;
    return 0;
}

time_t time(time_t *at) {
    time_t found = (real_time(CLOCK_REALTIME) + (mine ? mine->ahead : 0)) / SECOND;
    if (mine) reading();
    if (at) *at = found;
    return found;
}

int timespec_get(struct timespec *at, int kind) {
    return kind == TIME_UTC && !clock_gettime(CLOCK_REALTIME, at) ? kind : 0;
}

/* ---- what sleeps */

static int doze(ns deadline, ns *rest) {
    REAL(clock_nanosleep);
    struct wait wait;
    int done = 0;
    start(&wait, deadline);
    if (deadline != FOREVER && lone < LONE && wait.place && alone()) {
        lone++;
        ns rest = deadline - now();
        if (rest > 0) mine->ahead += rest;
    }
    for (ns span; !done && (span = left(&wait)) > 0;) {
        struct timespec slice = to(span == FOREVER ? 3600 * SECOND : span);
        done = real(CLOCK_MONOTONIC, 0, &slice, NULL);
        if (!done) look(mine);
    }
    stop(&wait);
    *rest = done ? deadline - now() : 0;
    if (*rest < 0) *rest = 0;
    return done;
}

static int wrong(const struct timespec *span) {
    return !span || span->tv_sec < 0 || span->tv_nsec < 0 || span->tv_nsec >= SECOND;
}

static ns length(const struct timespec *span) {
    return span->tv_sec > FOREVER / SECOND - 1 ? FOREVER : from(*span);
}

int clock_nanosleep(clockid_t which, int flags, const struct timespec *span, struct timespec *rest) {
    REAL(clock_nanosleep);
    if (!mine || wrong(span) || !shifted(which)) return real(which, flags, span, rest);
    ns over;
    int done = doze(flags & TIMER_ABSTIME ? until(which, *span) : after(length(span)), &over);
    if (done && rest && !(flags & TIMER_ABSTIME)) *rest = to(over);
    return done;
}

int nanosleep(const struct timespec *span, struct timespec *rest) {
    REAL(nanosleep);
    if (!mine || wrong(span)) return real(span, rest);
    int done = clock_nanosleep(CLOCK_MONOTONIC, 0, span, rest);
    if (done) errno = done;
    return done ? -1 : 0;
}

unsigned sleep(unsigned seconds) {
    struct timespec span = {seconds, 0}, rest = {0, 0};
    return nanosleep(&span, &rest) ? rest.tv_sec + (rest.tv_nsec >= SECOND / 2) : 0;
}

int usleep(useconds_t micros) {
    struct timespec span = to(micros * 1000LL);
    return nanosleep(&span, NULL);
}

int thrd_sleep(const struct timespec *span, struct timespec *rest) {
    return nanosleep(span, rest) ? (errno == EINTR ? -1 : -2) : 0;
}

/* ---- what waits for descriptors */

#define SLICES(deadline, RESULT, CALL) \
    struct wait wait; \
    start(&wait, deadline); \
    do { \
        ns span = left(&wait); \
        struct timespec slice = to(span == FOREVER ? 0 : span), *spec = span == FOREVER ? NULL : &slice; \
        int ms = span == FOREVER ? -1 : (int)((span + MS - 1) / MS); \
        (void)spec, (void)ms; \
        RESULT = CALL; \
        if (RESULT || wait.met) break; \
        look(mine); \
    } while (1); \
    if (RESULT) wait.met = 0; \
    stop(&wait)

int poll(struct pollfd *fds, nfds_t count, int timeout) {
    REAL(poll);
    if (!mine || timeout <= 0) {
        if (!timeout) spins = 0;
        return real(fds, count, timeout);
    }
    int done;
    SLICES(after(timeout * MS), done, real(fds, count, ms));
    return done;
}

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size) {
    (void)size;
    return poll(fds, count, timeout);
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
    REAL(ppoll);
    if (!mine || wrong(timeout) || !length(timeout)) return real(fds, count, timeout, mask);
    int done;
    SLICES(after(length(timeout)), done, real(fds, count, spec, mask));
    return done;
}

int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t size) {
    (void)size;
    return ppoll(fds, count, timeout, mask);
}

int pselect(int count, fd_set *in, fd_set *out, fd_set *odd, const struct timespec *timeout, const sigset_t *mask) {
    REAL(pselect);
    if (!mine || wrong(timeout) || !length(timeout) || count < 0 || count > FD_SETSIZE)
        return real(count, in, out, odd, timeout, mask);
    fd_set ins, outs, odds;
    if (in) ins = *in;
    if (out) outs = *out;
    if (odd) odds = *odd;
    int done;
    SLICES(after(length(timeout)), done,
           ((in ? (void)(*in = ins) : (void)0), (out ? (void)(*out = outs) : (void)0),
            (odd ? (void)(*odd = odds) : (void)0), real(count, in, out, odd, spec, mask)));
    return done;
}

int select(int count, fd_set *in, fd_set *out, fd_set *odd, struct timeval *timeout) {
    REAL(select);
    if (!mine || !timeout || timeout->tv_sec < 0 || timeout->tv_usec < 0 || (!timeout->tv_sec && !timeout->tv_usec))
        return real(count, in, out, odd, timeout);
    ns deadline = after(timeout->tv_sec > FOREVER / SECOND - 2 ? FOREVER : timeout->tv_sec * SECOND + timeout->tv_usec * 1000LL);
    struct timespec span = to(deadline - now());
    int done = pselect(count, in, out, odd, &span, NULL);
    ns rest = deadline - now();
    if (rest < 0) rest = 0;
    timeout->tv_sec = rest / SECOND;
    timeout->tv_usec = rest % SECOND / 1000;
    return done;
}

int epoll_pwait(int fd, struct epoll_event *events, int most, int timeout, const sigset_t *mask) {
    REAL(epoll_pwait);
    if (!mine || timeout <= 0) {
        if (!timeout) spins = 0;
        return real(fd, events, most, timeout, mask);
    }
    int done;
    SLICES(after(timeout * MS), done, real(fd, events, most, ms, mask));
    return done;
}

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout) {
    REAL(epoll_wait);
    if (!mine || timeout <= 0) {
        if (!timeout) spins = 0;
        return real(fd, events, most, timeout);
    }
    int done;
    SLICES(after(timeout * MS), done, real(fd, events, most, ms));
    return done;
}

int epoll_pwait2(int fd, struct epoll_event *events, int most, const struct timespec *timeout, const sigset_t *mask) {
    if (!mine || wrong(timeout)) {
        REAL(epoll_pwait2);
        return real(fd, events, most, timeout, mask);
    }
    ns span = length(timeout) / MS;
    return epoll_pwait(fd, events, most, span > INT32_MAX ? INT32_MAX : (int)span, mask);
}

int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info, const struct timespec *restrict timeout) {
    REAL(sigtimedwait);
    if (!mine || wrong(timeout) || !length(timeout)) return real(set, info, timeout);
    struct wait wait;
    int done = -1;
    errno = EAGAIN;
    start(&wait, after(length(timeout)));
    for (ns span; (span = left(&wait)) > 0;) {
        struct timespec slice = to(span);
        done = real(set, info, &slice);
        if (done >= 0 || errno != EAGAIN) break;
        look(mine);
    }
    stop(&wait);
    return done;
}

int setitimer(__itimer_which_t which, const struct itimerval *restrict fresh, struct itimerval *restrict old) {
    REAL(setitimer);
    int done = real(which, fresh, old);
    if (mine && !done && fresh && which == ITIMER_REAL)
        set_alarm(fresh->it_value.tv_sec * SECOND + fresh->it_value.tv_usec * 1000, fresh->it_interval.tv_sec * SECOND + fresh->it_interval.tv_usec * 1000);
    return done;
}

unsigned alarm(unsigned seconds) {
    struct itimerval fresh = {{0, 0}, {seconds, 0}}, old = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &fresh, &old);
    return old.it_value.tv_sec + (old.it_value.tv_usec > 0);
}

int pause(void) {
    REAL(pause);
    if (!mine || !alarm_at) return real();
    for (;;) {
        struct timespec slice = to(SLICE);
        if (syscall(SYS_ppoll, NULL, 0, &slice, NULL, 0) < 0) return -1;  /* a signal came */
        if (ring()) {
            errno = EINTR;
            return -1;
        }
        look(mine);
    }
}

int timerfd_settime(int fd, int flags, const struct itimerspec *fresh, struct itimerspec *old) {
    REAL(timerfd_settime);
    if (!mine || !fresh || !(flags & TFD_TIMER_ABSTIME) || !from(fresh->it_value)) return real(fd, flags, fresh, old);
    struct itimerspec moved = *fresh;  /* which clock it has, only it knows: days apart, the time itself tells */
    ns at = from(fresh->it_value), wall = real_time(CLOCK_REALTIME);
    moved.it_value = to(at - shift(at > wall / 2 ? CLOCK_REALTIME : CLOCK_MONOTONIC));
    return real(fd, flags, &moved, old);
}

/* ---- what waits for other threads */

static struct timespec really(clockid_t which, ns span) { return to(real_time(which) + span); }

/* A signal that comes between two slices would be lost; so after one the caller looks again, as it has to anyway. */
static int cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t which, const struct timespec *at, int given) {
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    static int (*clocked)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
    if (!real) {
        clocked = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
        real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    }
    if (!mine || wrong(at) || !shifted(which))
        return given ? clocked(cond, mutex, which, at) : real(cond, mutex, at);
    struct wait wait;
    start(&wait, until(which, *at));
    ns span = left(&wait);
    struct timespec slice = really(which, span == FOREVER ? HOUR : span);
    int done = given ? clocked(cond, mutex, which, &slice) : real(cond, mutex, &slice);
    if (done == ETIMEDOUT) {
        pthread_mutex_unlock(mutex);
        look(mine);
        pthread_mutex_lock(mutex);
        if (left(&wait)) done = 0;
    } else wait.met = 0;
    stop(&wait);
    return done;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, const struct timespec *restrict at) {
    clockid_t which = cond->__data.__wrefs & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    return cond_wait(cond, mutex, which, at, 0);
}

int pthread_cond_clockwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, clockid_t which,
                           const struct timespec *restrict at) {
    return cond_wait(cond, mutex, which, at, 1);
}

int sem_clockwait(sem_t *restrict sem, clockid_t which, const struct timespec *restrict at) {
    REAL(sem_clockwait);
    if (!mine || wrong(at) || !shifted(which)) return real(sem, which, at);
    struct wait wait;
    int done;
    start(&wait, until(which, *at));
    do {
        ns span = left(&wait);
        struct timespec slice = really(which, span == FOREVER ? HOUR : span);
        done = real(sem, which, &slice);
        if (!done || errno != ETIMEDOUT || wait.met) break;
        look(mine);
    } while (1);
    if (!done || errno != ETIMEDOUT) wait.met = 0;
    stop(&wait);
    return done;
}

int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict at) { return sem_clockwait(sem, CLOCK_REALTIME, at); }

int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t which, const struct timespec *at) {
    REAL(pthread_mutex_clocklock);
    if (!mine || wrong(at)) return real(mutex, which, at);
    struct timespec moved = to(from(*at) - shift(which));
    return real(mutex, which, &moved);
}

int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *at) {
    return pthread_mutex_clocklock(mutex, CLOCK_REALTIME, at);
}

static long futex(long (*real)(long, ...), long a, long op, long c, const struct timespec *at, long e, long f) {
    int command = op & FUTEX_CMD_MASK;
    clockid_t which = op & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    struct wait wait;
    long done;
    start(&wait, command == FUTEX_WAIT ? after(length(at)) : until(which, *at));
    do {
        ns span = left(&wait);
        struct timespec slice = command == FUTEX_WAIT ? to(span) : really(which, span);
        done = real(SYS_futex, a, op, c, &slice, e, f);
        if (!done || errno != ETIMEDOUT || wait.met) break;
        look(mine);
    } while (1);
    if (!done || errno != ETIMEDOUT) wait.met = 0;
    stop(&wait);
    return done;
}

#define PATH_ROOM 4096
static const char *spelled(const char *path, char *room);  /* places.c */

long syscall(long which, ...) {
    REAL(syscall);
    va_list rest;
    long a, b, c, d, e, f;
    va_start(rest, which);
    a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long);
    d = va_arg(rest, long), e = va_arg(rest, long), f = va_arg(rest, long);
    va_end(rest);
    int command = b & FUTEX_CMD_MASK;
    if (!mine) return real(which, a, b, c, d, e, f);
    if (which == SYS_futex && (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) && !wrong((void *)d))
        return futex(real, a, b, c, (void *)d, e, f);
    if (which == SYS_clock_gettime && (int)a >= 0) return clock_gettime(a, (void *)b);
    if (which == SYS_nanosleep) return nanosleep((void *)a, (void *)b);
    if (which == SYS_statx && b) {
        char room[PATH_ROOM];
        return real(which, a, (long)spelled((const char *)b, room), c, d, e, f);
    }
    return real(which, a, b, c, d, e, f);
}

/* ---- who waits for an answer */

static void mark(int fd, int is) {
    if (fd < 0 || fd >= SOCKETS) return;
    if (is) sockets[fd / 8] |= 1 << fd % 8;
    else sockets[fd / 8] &= ~(1 << fd % 8);
}

static int marked(int fd) { return fd >= 0 && fd < SOCKETS && sockets[fd / 8] >> fd % 8 & 1; }

static void said(int fd) {
    if (mine && self && marked(fd)) self->sent = real_time(CLOCK_MONOTONIC);
}

static void got(int fd, ssize_t size) {
    if (size >= 0 && mine && self && marked(fd)) self->heard = real_time(CLOCK_MONOTONIC);
}

int connect(int fd, const struct sockaddr *to_whom, socklen_t size) {
    REAL(connect);
    if (mine && to_whom && size >= sizeof(sa_family_t) && (to_whom->sa_family == AF_INET || to_whom->sa_family == AF_INET6)) {
        mark(fd, 1);
        said(fd);
    }
    return real(fd, to_whom, size);
}

int close(int fd) {
    REAL(close);
    if (mine && marked(fd)) {
        mark(fd, 0);
        if (self && self->sent > self->heard) self->heard = self->sent;  /* it waits no more */
    }
    return real(fd);
}

#define SAYING(type, name, PARAMETERS, ARGUMENTS) \
    type name PARAMETERS { \
        REAL(name); \
        said(fd); \
        return real ARGUMENTS; \
    }
#define HEARING(type, name, PARAMETERS, ARGUMENTS) \
    type name PARAMETERS { \
        REAL(name); \
        ssize_t size = real ARGUMENTS; \
        got(fd, size); \
        return size; \
    }
SAYING(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags))
SAYING(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
SAYING(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
SAYING(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))
HEARING(ssize_t, recv, (int fd, void *data, size_t room, int flags), (fd, data, room, flags))
HEARING(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
HEARING(ssize_t, recvfrom, (int fd, void *data, size_t room, int flags, struct sockaddr *who, socklen_t *length),
        (fd, data, room, flags, who, length))
HEARING(ssize_t, read, (int fd, void *data, size_t room), (fd, data, room))
HEARING(ssize_t, readv, (int fd, const struct iovec *parts, int count), (fd, parts, count))

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *whom, socklen_t length) {
    REAL(sendto);
    if (mine && whom && (whom->sa_family == AF_INET || whom->sa_family == AF_INET6)) mark(fd, 1);
    said(fd);
    return real(fd, data, size, flags, whom, length);
}
