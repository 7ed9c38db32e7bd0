/* Time that jumps: loaded into every dynamically linked program of the machine.

   A family is what one command of the machine's owner has started. Its clock runs as clocks do, until all of its
   processes have waited for a moment without anything happening; then it is set to the time at which the first
   of them wants to be woken. So a second and a week take equally long, every timeout that guards against
   something keeps its order, and nobody who works, or waits for an answer, is hurried.

   Commands themselves (whoever has no parent here) and the package managers that they start keep real time. What
   was slept is written where interpreters keep their journal. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

typedef int64_t ns;

#define SECOND 1000000000LL
#define MS 1000000LL
#define HOUR (3600 * SECOND)
#define FOREVER INT64_MAX

#define SLICE (30 * MS)          /* of a wait: below what counts as one for whoever watches */
#define IDLE (60 * MS)           /* that nothing has to happen before a jump */
#define HEARD (150 * MS)         /* …since something came from a socket */
#define ANSWER (3 * SECOND)      /* that an answer may take */
#define FREE_JUMPS 6             /* after which each is four times as long as the last, at least */
#define LONGEST (24 * HOUR)      /* that they get to be */
#define SPINS 200000             /* readings of the clock, one after the other, that are a wait too */
#define SPIN_EACH 20000
#define NAP (6 * SECOND)         /* from which a wait is written down: what keeps a connection waits less */
#define LATE (30 * SECOND)       /* after which many short ones are, too */
#define NAPS 200                 /* that one process writes down */

#define KEY 0x0074696d
#define FAMILIES 512
#define PROCESSES 4096
#define WAITERS 8192
#define SOCKETS 4096

struct family {
    _Atomic ns ahead;  /* of real time */
    _Atomic ns busy;   /* when something happened last, in real time */
    _Atomic ns looked;
    _Atomic int jumps;
    _Atomic int root;  /* its first process */
};
struct process {
    _Atomic int pid;
    _Atomic int family;  /* 0: keeps real time */
    _Atomic ns cpu, sent, heard;
};
struct waiter {
    _Atomic int pid;
    _Atomic int family;
    _Atomic ns until;
};
struct page {
    _Atomic ns start;  /* what families begin with */
    _Atomic ns up;     /* how long the machine had been running */
    _Atomic int families, processes, waiters;  /* how many places were ever used */
    struct family family[FAMILIES];
    struct process process[PROCESSES];
    struct waiter waiter[WAITERS];
};

static struct page *page;
static struct family *mine;   /* NULL: real time */
static struct process *self;
static int number;            /* of the family */
static pid_t pid;
static int forked;
static int engine;            /* a Node, whose own threads have waits that are nobody's idea */
static int naps;
static ns told;               /* how far ahead it was when that was written down last */
static char journal[64];
static unsigned char sockets[SOCKETS / 8];
static __thread long spins;
static __thread ns spun;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* ---- real time, and ours */

static ns from(struct timespec at) { return at.tv_sec * SECOND + at.tv_nsec; }

static struct timespec to(ns at) {
    struct timespec spec = {at / SECOND, at % SECOND};
    if (spec.tv_nsec < 0) {
        spec.tv_sec -= 1;
        spec.tv_nsec += SECOND;
    }
    return spec;
}

static int read_clock(clockid_t which, struct timespec *at) {
    REAL(clock_gettime);
    return real(which, at);
}

static ns real_time(clockid_t which) {
    struct timespec at = {0, 0};
    read_clock(which, &at);
    return from(at);
}

static int shifted(clockid_t which) {
    switch (which) {
        case CLOCK_REALTIME: case CLOCK_REALTIME_COARSE: case CLOCK_TAI: return 1;
        case CLOCK_MONOTONIC: case CLOCK_MONOTONIC_COARSE: case CLOCK_MONOTONIC_RAW: case CLOCK_BOOTTIME: return 2;
        default: return 0;
    }
}

static ns shift(clockid_t which) {
    int kind = shifted(which);
    return kind ? mine->ahead + (kind == 2 ? page->up : 0) : 0;
}

/* The family's own time, in which deadlines are kept. */
static ns now(void) { return real_time(CLOCK_MONOTONIC) + mine->ahead; }

static ns after(ns span) {
    ns at = now();
    return span > FOREVER - at ? FOREVER : at + (span < 0 ? 0 : span);
}

static ns until(clockid_t which, struct timespec at) {
    ns wanted = at.tv_sec > FOREVER / SECOND - 1 ? FOREVER : from(at);
    if (wanted == FOREVER) return FOREVER;
    return after(wanted - real_time(which) - shift(which));
}

/* ---- the family */

static ns cpu_of(pid_t which) {
    struct timespec at;
    if (syscall(SYS_clock_gettime, (clockid_t)((~(unsigned)which) << 3 | 2), &at)) return -1;
    return from(at);
}

static struct process *place_of(pid_t which) {
    int count = page->processes;
    for (int i = 0; i < count && i < PROCESSES; i++)
        if (page->process[i].pid == which) return &page->process[i];
    return NULL;
}

static struct process *enter(pid_t who) {
    struct process *found = place_of(who);
    for (int tries = 0; !found && tries < 2; tries++) {
        for (int i = 0; i < PROCESSES && !found; i++) {
            int none = 0;
            if (tries && page->process[i].pid && cpu_of(page->process[i].pid) < 0) page->process[i].pid = 0;
            if (atomic_compare_exchange_strong(&page->process[i].pid, &none, who)) {
                found = &page->process[i];
                int count = page->processes;
                while (count <= i && !atomic_compare_exchange_weak(&page->processes, &count, i + 1)) {}
            }
        }
    }
    if (found) {
        found->cpu = found->sent = found->heard = 0;
        found->family = number;
    }
    return found;
}

static void belong(int to_which) {
    number = to_which;
    mine = number > 0 && number < FAMILIES ? &page->family[number] : NULL;
    if (self) self->family = number;
}

static void begin_family(void) {
    int fresh = 1 + page->families++;
    if (fresh >= FAMILIES || fresh < 1) fresh = FAMILIES - 1;
    else {
        page->family[fresh].ahead = page->start;
        page->family[fresh].jumps = 0;
    }
    page->family[fresh].root = pid;
    page->family[fresh].busy = real_time(CLOCK_MONOTONIC);
    belong(fresh);
}

static int ends(const char *text, const char *end) {
    size_t size = strlen(text), less = strlen(end);
    return size >= less && !strcmp(text + size - less, end);
}

static int package_manager(int argc, char **argv) {
    const char *name = argc ? argv[0] : "";
    const char *slash = strrchr(name, '/');
    name = slash ? slash + 1 : name;
    if (!strncmp(name, "node", 4) || !strcmp(name, "env"))
        return argc > 1 && (!strcmp(argv[1], "/usr/local/bin/npm") || strstr(argv[1], "/usr/local/lib/node_modules/npm/"));
    if (strncmp(name, "python", 6)) return 0;
    for (int i = 1; i < argc && i < 5; i++) {
        if (!strcmp(argv[i], "-m")) return i + 1 < argc && !strcmp(argv[i + 1], "pip");
        if (ends(argv[i], "/__pip-runner__.py")) return 1;
        if (argv[i][0] != '-') return 0;
    }
    return 0;
}

static void fork_child(void) {
    pid = getpid();
    forked = 1;
    journal[0] = 0;
    naps = 0;
    spins = 0;
    if (page) self = enter(pid);
}

static ns setting(const char *name) {
    char *text = getenv(name);
    ns value = text ? (ns)(strtod(text, NULL) * SECOND) : 0;
    if (text) memset(text, 0, strlen(text));
    unsetenv(name);
    return value;
}

__attribute__((constructor)) static void begin(int argc, char **argv) {
    int keep = errno;
    pid = getpid();
    engine = dlsym(RTLD_DEFAULT, "napi_create_function") != NULL;
    pid_t parent = getppid();
    int id = shmget(KEY, sizeof(struct page), 0666 | IPC_CREAT);
    void *at = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
    if (at != (void *)-1) {
        page = at;
        struct process *above = parent ? place_of(parent) : NULL, *known = place_of(pid);
        int before = known ? known->family : 0;
        self = enter(pid);
        told = page->start;
        if (!parent) {
            if (getenv("@START@")) page->start = setting("@START@");
            if (getenv("@UP@")) page->up = setting("@UP@");
            belong(0);
        } else if (above && !above->family) {
            if (package_manager(argc, argv)) belong(0);
            else if (before) belong(before);
            else begin_family();
        } else if (before) belong(before);
        else if (above) belong(above->family);
        else begin_family();
        pthread_atfork(NULL, NULL, fork_child);
    }
    errno = keep;
}

__attribute__((destructor)) static void finish(void) {
    if (self && pid == getpid()) self->pid = 0;
}

pid_t setsid(void) {
    REAL(setsid);
    pid_t done = real();
    if (page && forked && !mine && pid == getpid()) begin_family();  /* a command's fork that leaves it */
    return done;
}

/* ---- jumps */

static void look(struct family *family) {
    ns at = real_time(CLOCK_MONOTONIC), last = family->looked;
    if (at - last < 15 * MS || !atomic_compare_exchange_strong(&family->looked, &last, at)) return;
    int which = family - page->family, count = page->processes, quiet = 1;
    for (int i = 0; i < count && i < PROCESSES; i++) {
        struct process *one = &page->process[i];
        int who = one->pid;
        if (!who || one->family != which) continue;
        ns cpu = cpu_of(who);
        if (cpu < 0) {
            atomic_compare_exchange_strong(&one->pid, &who, 0);
            family->busy = at;
            continue;
        }
        if (cpu - one->cpu > 2 * MS || cpu < one->cpu) {
            one->cpu = cpu;
            family->busy = at;
        }
        ns sent = one->sent, heard = one->heard;
        if ((sent > heard && at - sent < ANSWER) || at - heard < HEARD) quiet = 0;
    }
    if (!quiet || at - family->busy < IDLE) return;
    ns here = at + family->ahead, next = FOREVER;
    count = page->waiters;
    for (int i = 0; i < count && i < WAITERS; i++) {
        struct waiter *one = &page->waiter[i];
        int who = one->pid;
        if (!who || one->family != which) continue;
        ns wanted = one->until;
        if (wanted > here && wanted < next) {
            if (cpu_of(who) < 0) atomic_compare_exchange_strong(&one->pid, &who, 0);
            else next = wanted;
        }
    }
    if (next == FOREVER) return;
    int jumps = family->jumps++;
    if (jumps >= FREE_JUMPS) {
        ns least = SECOND << 2 * (jumps - FREE_JUMPS > 9 ? 9 : jumps - FREE_JUMPS);
        if (least > LONGEST) least = LONGEST;
        if (next < here + least) next = here + least;
    }
    family->ahead += next - here;
    family->busy = at;
}

/* One wait: `start`, then slices for as long as `left` gives some, then `stop`. */
struct wait {
    ns until, began, ahead;
    struct waiter *place;
    int met;  /* the end, and not something else, was what came */
};

static void number_field(char **at, long long value) {
    char digits[32];
    int size = snprintf(digits, sizeof digits, "%lld", value);
    *at += sprintf(*at, "%d:%s,", size, digits);
}

/* Write down that this process has slept: who began its family, how long, until when, and what it is now. */
static void tell(const struct wait *wait) {
    if (naps++ >= NAPS || pid != getpid()) return;
    if (!journal[0]) {
        unsigned char random[12];
        if (getrandom(random, sizeof random, 0) != sizeof random) return;
        char *at = journal + sprintf(journal, "@PLACE@/");
        for (unsigned i = 0; i < sizeof random; i++) at += sprintf(at, "%02x", random[i]);
    }
    char body[256], record[300], *at = body + sprintf(body, "5:slept,");
    number_field(&at, real_time(CLOCK_REALTIME));
    number_field(&at, pid);
    number_field(&at, mine->root);
    number_field(&at, (wait->until - wait->began + SECOND / 2) / SECOND);
    number_field(&at, (wait->until - real_time(CLOCK_MONOTONIC) - page->start) / SECOND);
    number_field(&at, (mine->ahead - page->start) / SECOND);
    int size = sprintf(record, "%d:%s,\n", (int)(at - body), body);
    int fd = syscall(SYS_openat, AT_FDCWD, journal, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return;
    if (syscall(SYS_write, fd, record, size) != size) naps = NAPS;
    syscall(SYS_close, fd);
}

static int unasked(void) {
    static __thread int known;  /* 1: no, 2: yes */
    if (!engine) return 0;
    if (!known) {
        char name[17] = "";
        known = 1;
        if (gettid() != pid && !prctl(PR_GET_NAME, name)) known += !strncmp(name, "V8Worker", 8) || !strncmp(name, "DelayedTask", 11);
    }
    return known == 2;
}

static void start(struct wait *wait, ns deadline) {
    spins = 0;
    spun = 0;
    wait->until = deadline;
    wait->began = now();
    wait->ahead = mine->ahead;
    wait->place = NULL;
    wait->met = 0;
    if (deadline == FOREVER || deadline - wait->began < SLICE || unasked()) return;
    int count = page->waiters;
    for (int i = 0; i < WAITERS; i++) {
        int none = 0;
        if (!atomic_compare_exchange_strong(&page->waiter[i].pid, &none, pid)) continue;
        wait->place = &page->waiter[i];
        wait->place->family = number;
        wait->place->until = deadline;
        while (count <= i && !atomic_compare_exchange_weak(&page->waiters, &count, i + 1)) {}
        return;
    }
}

/* How long to really wait now; 0 when it is over. A wait without an end is looked after by others. */
static ns left(struct wait *wait) {
    if (wait->until == FOREVER) return FOREVER;
    ns rest = wait->until - now();
    if (rest <= 0) wait->met = 1;
    return rest <= 0 ? 0 : rest < SLICE ? rest : SLICE;
}

static void stop(struct wait *wait) {
    int keep = errno;
    if (wait->place) wait->place->pid = 0;
    ns span = wait->until - wait->began;
    int collects = engine && span > 15 * SECOND / 2 && span <= 17 * SECOND / 2;  /* V8's timer for memory */
    int long_since = mine->ahead - told >= LATE;
    if (wait->met && wait->place && mine->ahead != wait->ahead && ((span >= NAP && !collects) || long_since)) {
        told = mine->ahead;
        tell(wait);
    }
    errno = keep;
}

/* ---- what tells the time */

static void reading(void) {
    if (++spins < SPINS || spins % SPIN_EACH) return;
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

int sysinfo(struct sysinfo *info) {
    REAL(sysinfo);
    int done = real(info);
    if (!done && mine) info->uptime = (now() + page->up) / SECOND;
    return done;
}

static int uptime(void) {
    char text[80];
    double up = (double)(now() + page->up) / SECOND;
    int size = snprintf(text, sizeof text, "%.2f %.2f\n", up, up * 7.31);
    int fd = memfd_create("uptime", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, text, size) == size) lseek(fd, 0, SEEK_SET);
    return fd;
}

static int asks(const char *path) { return mine && path && path[0] == '/' && !strcmp(path, "/proc/uptime"); }

#define OPENING(name, PARAMETERS, ARGUMENTS) \
    int name PARAMETERS { \
        static int(*real) PARAMETERS; \
        if (!real) real = (int(*) PARAMETERS)dlsym(RTLD_NEXT, #name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        if (asks(path) && !(flags & O_ACCMODE)) return uptime(); \
        return real ARGUMENTS; \
    }
OPENING(open, (const char *path, int flags, ...), (path, flags, mode))
OPENING(open64, (const char *path, int flags, ...), (path, flags, mode))
OPENING(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
OPENING(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))

int __open_2(const char *path, int flags) { return open(path, flags); }
int __open64_2(const char *path, int flags) { return open64(path, flags); }
int __openat_2(int folder, const char *path, int flags) { return openat(folder, path, flags); }
int __openat64_2(int folder, const char *path, int flags) { return openat64(folder, path, flags); }

FILE *fopen(const char *restrict path, const char *restrict mode) {
    REAL(fopen);
    return asks(path) && mode[0] == 'r' ? fdopen(uptime(), mode) : real(path, mode);
}

FILE *fopen64(const char *restrict path, const char *restrict mode) {
    REAL(fopen64);
    return asks(path) && mode[0] == 'r' ? fdopen(uptime(), mode) : real(path, mode);
}

/* ---- what sleeps */

static int doze(ns deadline, ns *rest) {
    REAL(clock_nanosleep);
    struct wait wait;
    int done = 0;
    start(&wait, deadline);
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
