/* Time that jumps: loaded into every dynamically linked program of the machine.

   A family is what one command of the machine's owner has started, or what left it for a session of its own. Its clock runs as clocks do, until all of its
   processes have waited for a moment without anything happening; then it is set to the time at which the first
   of them wants to be woken. So a second and a week take equally long, every timeout that guards against
   something keeps its order, and nobody who works, or waits for an answer, is hurried.

   Commands themselves (whoever has no parent here) and the package managers that they start keep real time. What
   was slept is written where interpreters keep their journal. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
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
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

typedef int64_t ns;

#define SECOND 1000000000LL
#define MS 1000000LL
#define HOUR (3600 * SECOND)
#define FOREVER INT64_MAX

#define SLICE (20 * MS)          /* of a wait: below what counts as one for whoever watches */
#define IDLE (60 * MS)           /* that nothing has to happen before a jump */
#define LOOKS 3                  /* …and that have to have found so: a machine that stands still is not idle */
#define HEARD (150 * MS)         /* …since something came from a socket */
#define ANSWER (3 * SECOND)      /* that an answer may take */
#define FREE_JUMPS 10            /* after which each is four times as long as the last, at least */
#define LARGE (10 * SECOND)      /* from which there are more of them: who counts 72 hours is let count */
#define FREE_LEAPS 80
#define SETTLED 5                /* of those, after which somebody only counts: a third of IDLE, and one look, are enough */
#define LONE 20000               /* sleeps of one process that nobody is with: each is over at once */
#define LONGEST (24 * HOUR)      /* that they get to be */
#define SPINS 200000             /* readings of the clock, one after the other, that are a wait too */
#define SPIN_EACH 20000
#define SPUN SECOND              /* in which they have to come */
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
    _Atomic ns began;  /* how far ahead it was at first */
    _Atomic ns stride; /* how long its last jump was */
    _Atomic ns busy;   /* when something happened last, in real time */
    _Atomic ns looked;
    _Atomic int quiet;  /* how many looks found nothing since */
    _Atomic int jumps, leaps;
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
    char host[65], user[33];  /* what it and its user are called, where that is not what the machine says */
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
static int tool;              /* npm or node-gyp: its waits are its own, and no code of a package is in it */
static int naps, lone;
static ns told;               /* how far ahead it was when that was written down last */
static char journal[64];
static unsigned char sockets[SOCKETS / 8];
static _Atomic ns alarm_at;   /* of an alarm so far ahead that nobody guards a call with it */
static ns alarm_every;
static struct waiter *alarm_place;
static __thread long spins;
static __thread ns spun, spun_since;

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
        for (int i = 0; tries && i < PROCESSES; i++)  /* full: all that are gone make room, not only one */
            if (page->process[i].pid && cpu_of(page->process[i].pid) < 0) page->process[i].pid = 0;
        for (int i = 0; i < PROCESSES && !found; i++) {
            int none = 0;
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
    ns ahead = mine ? mine->ahead : page->start;
    int fresh = 1 + page->families++;
    if (fresh >= FAMILIES || fresh < 1) fresh = FAMILIES - 1;
    else {
        page->family[fresh].ahead = page->family[fresh].began = ahead;
        page->family[fresh].jumps = page->family[fresh].leaps = 0;
    }
    page->family[fresh].root = pid;
    page->family[fresh].busy = real_time(CLOCK_MONOTONIC);
    belong(fresh);
}

static int ends(const char *text, const char *end) {
    size_t size = strlen(text), less = strlen(end);
    return size >= less && !strcmp(text + size - less, end);
}

static int begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

static const char *const managers[] = {@MANAGERS@, NULL}; /* of toolchains: names of programs, paths of scripts */

static const char *called(int argc, char **argv) {
    const char *name = argc ? argv[0] : "", *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

/* Whether it is npm, one of its own tools, or pip. */
static int empty_tool(int argc, char **argv) {
    const char *name = called(argc, argv);
    if (!strncmp(name, "node", 4) || !strcmp(name, "env"))
        return argc > 1 && (!strcmp(argv[1], "/usr/local/bin/npm") || (begins(argv[1], "/usr/local/lib/node_modules/npm/") && !strstr(argv[1], "/../")));
    if (strncmp(name, "python", 6)) return 0;
    for (int i = 1; i < argc && i < 5; i++) {
        if (!strcmp(argv[i], "-m")) return i + 1 < argc && !strcmp(argv[i + 1], "pip");
        if (ends(argv[i], "/__pip-runner__.py") || !strcmp(argv[i], "/usr/local/lib/project-tools/tools.py")) return 1;
        if (argv[i][0] != '-') return 0;
    }
    return 0;
}

/* Whether a Node was told to load something first that is not ours (libdl.c). */
static int rides(void) {
    const char *options = getenv("NODE_OPTIONS");
    return options && strcmp(options, "--require=@MODULE@");
}

static int package_manager(int argc, char **argv) {
    const char *name = called(argc, argv);
    for (const char *const *one = managers; *one; one++)
        if (!strcmp(*one, name) || (**one == '/' && argc > 1 && !strcmp(*one, argv[1]))) return 1;
    return empty_tool(argc, argv);
}

static void fork_child(void) {
    pid = getpid();
    forked = 1;
    journal[0] = 0;
    naps = lone = 0;
    spins = 0;
    alarm_at = 0;
    alarm_place = NULL;
    if (page) self = enter(pid);
}

static ns setting(const char *name) {
    char *text = getenv(name);
    ns value = text ? (ns)(strtod(text, NULL) * SECOND) : 0;
    if (text) memset(text, 0, strlen(text));
    unsetenv(name);
    return value;
}

static void word(const char *name, char *into, size_t size) {
    char *text = getenv(name);
    if (!text) return;
    snprintf(into, size, "%s", text);
    memset(text, 0, strlen(text));
    unsetenv(name);
}

__attribute__((constructor)) static void begin(int argc, char **argv) {
    int keep = errno;
    pid = getpid();
    engine = dlsym(RTLD_DEFAULT, "napi_create_function") != NULL;
    tool = engine && empty_tool(argc, argv) && !rides();
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
            if (getenv("@START@")) {
                page->start = setting("@START@");
                page->host[0] = page->user[0] = 0;
            }
            word("@HOST@", page->host, sizeof page->host);
            word("@USER@", page->user, sizeof page->user);
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
    if (page && forked && pid == getpid()) begin_family();  /* it goes ways of its own, from here on */
    return done;
}

/* ---- jumps */

static void look(struct family *family) {
    ns at = real_time(CLOCK_MONOTONIC), last = family->looked;
    if (at - last < 12 * MS || !atomic_compare_exchange_strong(&family->looked, &last, at)) return;
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
    if (!quiet || family->busy == at || (last && family->busy > last)) {
        family->quiet = 0;
        return;
    }
    int counts = family->leaps >= SETTLED && family->stride >= LARGE;
    if (++family->quiet < (counts ? 1 : LOOKS) || at - family->busy < (counts ? IDLE / 3 : IDLE)) return;
    family->quiet = 0;
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
    int large = next - here >= LARGE, jumps = family->jumps, leaps = family->leaps;
    if (large) family->leaps = leaps + 1;
    else family->jumps = jumps + 1;
    if (large ? leaps >= FREE_LEAPS : jumps >= FREE_JUMPS) {
        ns least = family->stride < SECOND / 4 ? SECOND : 4 * family->stride;
        if (least > LONGEST) least = LONGEST;
        if (next < here + least) next = here + least;
    }
    family->stride = next - here;
    family->ahead += next - here;
    family->busy = at;
}

/* Whether this thread is all that there is of its family. */
static int alone(void) {
    int count = page->processes, threads = 0;
    if (pid != getpid()) return 0;
    for (int i = 0; i < count && i < PROCESSES; i++) {
        int who = page->process[i].pid;
        if (who && who != pid && page->process[i].family == number && cpu_of(who) >= 0) return 0;
    }
    char entries[512];
    int fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return 0;
    int size = syscall(SYS_getdents64, fd, entries, sizeof entries);
    syscall(SYS_close, fd);
    for (int at = 0; at < size;) {
        unsigned short length;
        memcpy(&length, entries + at + 16, sizeof length);
        if (entries[at + 19] != '.') threads++;
        if (!length) return 0;
        at += length;
    }
    return threads == 1;
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
    number_field(&at, (wait->until - real_time(CLOCK_MONOTONIC) - mine->began) / SECOND);
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
    if (deadline == FOREVER || deadline - wait->began < SLICE || unasked() || tool) return;
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

static void set_alarm(ns span, ns every) {
    if (alarm_place) alarm_place->pid = 0;
    alarm_place = NULL;
    alarm_at = 0;
    if (span < LARGE) return;
    struct wait wait;
    start(&wait, after(span));
    alarm_every = every;
    alarm_place = wait.place;
    alarm_at = wait.until;
}

/* Whether it went off just now. */
static int ring(void) {
    ns at = alarm_at;
    if (!at || now() < at || pid != getpid() || !atomic_compare_exchange_strong(&alarm_at, &at, 0)) return 0;
    struct itimerval none = {{0, 0}, {0, 0}};
    syscall(SYS_setitimer, ITIMER_REAL, &none, NULL);
    set_alarm(alarm_every, alarm_every);
    syscall(SYS_kill, pid, SIGALRM);
    return 1;
}

/* How long to really wait now; 0 when it is over. A wait without an end is looked after by others. */
static ns left(struct wait *wait) {
    ring();
    if (wait->until == FOREVER) return alarm_at ? SLICE : FOREVER;
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
