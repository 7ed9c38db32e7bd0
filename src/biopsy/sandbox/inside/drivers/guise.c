/* What the machine is, as the profile has it; clock.c and calls.c stand before this.

   Files of the kernel's that say it are read from a folder instead, where it has one of that path. */

#define GUISE "@GUISE@"
#define ROOM PATH_ROOM

static struct {
    int known, cpus, windows;
    long long memory, disk;
    char release[65], version[65];
} machine;

static int learned(void) {
    if (machine.known) return mine && machine.known > 0;
    char text[512] = "";
    int keep = errno, fd = syscall(SYS_openat, AT_FDCWD, GUISE "/facts", O_RDONLY | O_CLOEXEC, 0);
    ssize_t size = fd < 0 ? 0 : syscall(SYS_read, fd, text, sizeof text - 1);
    if (fd >= 0) syscall(SYS_close, fd);
    machine.known = -1;
    if (size > 0 && sscanf(text, "%d %lld %lld %64s %64[^\n]", &machine.cpus, &machine.memory, &machine.disk,
                           machine.release, machine.version) == 5)
        machine.known = 1;
    char system[16] = "";
    fd = syscall(SYS_openat, AT_FDCWD, GUISE "/system", O_RDONLY | O_CLOEXEC, 0);
    if (fd >= 0) {
        machine.windows = syscall(SYS_read, fd, system, sizeof system - 1) > 0 && !strncmp(system, "platform=win32", 14);
        syscall(SYS_close, fd);
    }
    errno = keep;
    return mine && machine.known > 0;
}

static const char *shown(const char *path, char *room) {
    struct stat found;
    path = spelled(path, room);
    if (path == room) return path;
    if (!mine || !path || (strncmp(path, "/proc/", 6) && strncmp(path, "/sys/", 5)) || strlen(path) > 150) return path;
    int keep = errno, own = 0;
    snprintf(room, 256, GUISE "%s", path);
    int there = !syscall(SYS_newfstatat, AT_FDCWD, room, &found, 0);
    if (!there && !strncmp(path, "/proc/", 6) && path[6] >= '1' && path[6] <= '9') {  /* a process like any other */
        while (path[6 + own] >= '0' && path[6 + own] <= '9') own++;
        snprintf(room, 256, GUISE "/proc/self%s", path + 6 + own);
        there = path[6 + own] && !syscall(SYS_newfstatat, AT_FDCWD, room, &found, 0) && !syscall(SYS_faccessat, AT_FDCWD, path, F_OK);
    }
    if (there && S_ISDIR(found.st_mode)) there = syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    errno = keep;
    return there ? room : path;
}

static int is_uptime(const char *path) { return mine && path && path[0] == '/' && !strcmp(path, "/proc/uptime"); }

static int uptime(int fd) {
    char text[80];
    double up = (double)(now() + page->up) / SECOND;
    if (fd < 0) return fd;
    syscall(SYS_close, fd);
    int size = snprintf(text, sizeof text, "%.2f %.2f\n", up, up * 7.31);
    fd = memfd_create("uptime", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, text, size) == size) lseek(fd, 0, SEEK_SET);
    return fd;
}

#define OPENING(name, PARAMETERS, ARGUMENTS) \
    int name PARAMETERS { \
        static int(*real) PARAMETERS; \
        if (!real) real = (int(*) PARAMETERS)dlsym(RTLD_NEXT, #name); \
        mode_t mode = 0; \
        char room[ROOM]; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        if (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) { \
            path = spelled(path, room); \
            return real ARGUMENTS; \
        } \
        int up = is_uptime(path), log = mine && path && !strcmp(path, "/dev/kmsg"); \
        path = shown(path, room); \
        int fd = real ARGUMENTS; \
        if (log && fd < 0) errno = EPERM; \
        return up ? uptime(fd) : fd; \
    }
OPENING(open, (const char *path, int flags, ...), (path, flags, mode))
OPENING(open64, (const char *path, int flags, ...), (path, flags, mode))
OPENING(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
OPENING(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))

int __open_2(const char *path, int flags) { return open(path, flags); }
int __open64_2(const char *path, int flags) { return open64(path, flags); }
int __openat_2(int folder, const char *path, int flags) { return openat(folder, path, flags); }
int __openat64_2(int folder, const char *path, int flags) { return openat64(folder, path, flags); }

#define READING(name) \
    FILE *name(const char *restrict path, const char *restrict mode) { \
        REAL(name); \
        char room[ROOM]; \
        if (!mine || mode[0] != 'r' || strchr(mode, '+')) return real(spelled(path, room), mode); \
        if (!is_uptime(path)) return real(shown(path, room), mode); \
        int fd = open(path, O_RDONLY | O_CLOEXEC); \
        return fd < 0 ? NULL : fdopen(fd, mode); \
    }
READING(fopen)
READING(fopen64)

#define LOOKING(name, PARAMETERS, ARGUMENTS) \
    int name PARAMETERS { \
        static int(*real) PARAMETERS; \
        if (!real) real = (int(*) PARAMETERS)dlsym(RTLD_NEXT, #name); \
        char room[ROOM]; \
        path = shown(path, room); \
        return real ARGUMENTS; \
    }
LOOKING(access, (const char *path, int mode), (path, mode))
LOOKING(faccessat, (int folder, const char *path, int mode, int flags), (folder, path, mode, flags))
LOOKING(stat, (const char *restrict path, struct stat *restrict found), (path, found))
LOOKING(lstat, (const char *restrict path, struct stat *restrict found), (path, found))
LOOKING(fstatat, (int folder, const char *restrict path, struct stat *restrict found, int flags), (folder, path, found, flags))
LOOKING(stat64, (const char *restrict path, struct stat64 *restrict found), (path, found))
LOOKING(lstat64, (const char *restrict path, struct stat64 *restrict found), (path, found))
LOOKING(fstatat64, (int folder, const char *restrict path, struct stat64 *restrict found, int flags),
        (folder, path, found, flags))
LOOKING(statx, (int folder, const char *restrict path, int flags, unsigned mask, struct statx *restrict found),
        (folder, path, flags, mask, found))

#define ATTRIBUTE(name) \
    ssize_t name(const char *path, const char *which, void *value, size_t size) { \
        REAL(name); \
        char room[ROOM]; \
        return real(shown(path, room), which, value, size); \
    }
ATTRIBUTE(getxattr)
ATTRIBUTE(lgetxattr)

DIR *opendir(const char *path) {
    REAL(opendir);
    char room[ROOM];
    return real(shown(path, room));
}

int sysinfo(struct sysinfo *info) {
    REAL(sysinfo);
    int done = real(info);
    if (done || !mine) return done;
    info->uptime = (now() + page->up) / SECOND;
    if (learned()) {
        info->mem_unit = 1;
        info->totalram = machine.memory;
        info->freeram = machine.memory / 5;
        info->bufferram = machine.memory / 50;
        info->procs = 1400;
    }
    return done;
}

long sysconf(int name) {
    REAL(sysconf);
    if ((name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF) && learned()) return machine.cpus;
    if (name == _SC_PHYS_PAGES && learned()) return machine.memory / 4096;
    if (name == _SC_AVPHYS_PAGES && learned()) return machine.memory / 5 / 4096;
    return real(name);
}

int get_nprocs(void) {
    REAL(get_nprocs);
    return learned() ? machine.cpus : real();
}

int get_nprocs_conf(void) {
    REAL(get_nprocs_conf);
    return learned() ? machine.cpus : real();
}

int sched_getaffinity(pid_t who, size_t size, cpu_set_t *set) {
    REAL(sched_getaffinity);
    int done = real(who, size, set);
    if (!done && set && learned() && size >= sizeof(long)) {
        memset(set, 0, size);
        for (int cpu = 0; cpu < machine.cpus; cpu++) CPU_SET_S(cpu, size, set);
    }
    return done;
}

int klogctl(int type, char *data, int size) {
    REAL(klogctl);
    if (!mine) return real(type, data, size);
    errno = EPERM;
    return -1;
}

#define DISK(name, type) \
    int name(const char *path, struct type *found) { \
        REAL(name); \
        int done = real(path, found); \
        if (!done && found->f_bsize && found->f_blocks > 200000 && learned()) { \
            found->f_blocks = machine.disk / found->f_bsize; \
            found->f_bfree = found->f_blocks / 5 * 2; \
            found->f_bavail = found->f_blocks / 20 * 7; \
        } \
        return done; \
    }
DISK(statvfs, statvfs)
DISK(statvfs64, statvfs64)
DISK(statfs, statfs)
DISK(statfs64, statfs64)
