/* Paths as Windows has them, on a machine that says it is one: `C:\Users\x` is `/c/Users/x`, as shells that run
   there have it; guise.c stands before this. Opening, looking and listing are translated there. */

static const char *spelled(const char *path, char *room) {
    if (!path || !mine || !learned() || !machine.windows) return path;
    const char *drive = NULL;
    int slashes = 0;
    for (const char *at = path; *at; at++) {
        slashes |= *at == '\\';
        int letter = (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z');
        if (letter && at[1] == ':' && (at[2] == '\\' || at[2] == '/' || !at[2]) && (at == path || at[-1] == '/' || at[-1] == '\\'))
            drive = at;
    }
    if ((!drive && !slashes) || strlen(path) + 2 > PATH_ROOM) return path;
    char *to = room;
    if (drive) {
        *to++ = '/';
        *to++ = *drive | 0x20;
        path = drive + 2;
    }
    for (; *path; path++) {
        char one = *path == '\\' ? '/' : *path;
        if (one == '/' && to > room && to[-1] == '/') continue;
        *to++ = one;
    }
    *to = 0;
    return room;
}

/* Folders above one that is made are made too: who makes them one by one looks for slashes. */
static void above(char *path) {
    int keep = errno;
    for (char *at = path + 1; *at; at++)
        if (*at == '/') {
            *at = 0;
            syscall(SYS_mkdirat, AT_FDCWD, path, 0777);
            *at = '/';
        }
    errno = keep;
}

#define ONE(type, name, PARAMETERS, ARGUMENTS) \
    type name PARAMETERS { \
        static type(*real) PARAMETERS; \
        if (!real) real = (type(*) PARAMETERS)dlsym(RTLD_NEXT, #name); \
        char room[PATH_ROOM]; \
        path = spelled(path, room); \
        return real ARGUMENTS; \
    }
#define TWO(type, name, PARAMETERS, ARGUMENTS) \
    type name PARAMETERS { \
        static type(*real) PARAMETERS; \
        if (!real) real = (type(*) PARAMETERS)dlsym(RTLD_NEXT, #name); \
        char room[PATH_ROOM], other[PATH_ROOM]; \
        path = spelled(path, room); \
        to = spelled(to, other); \
        return real ARGUMENTS; \
    }
ONE(int, rmdir, (const char *path), (path))
ONE(int, unlink, (const char *path), (path))
ONE(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags))
ONE(int, remove, (const char *path), (path))
ONE(int, chmod, (const char *path, mode_t mode), (path, mode))
ONE(int, chown, (const char *path, uid_t user, gid_t group), (path, user, group))
ONE(int, truncate, (const char *path, off_t size), (path, size))
ONE(int, chdir, (const char *path), (path))
ONE(int, utimensat, (int folder, const char *path, const struct timespec when[2], int flags), (folder, path, when, flags))
ONE(ssize_t, readlink, (const char *restrict path, char *restrict into, size_t size), (path, into, size))
ONE(char *, realpath, (const char *restrict path, char *restrict into), (path, into))
ONE(int, scandir, (const char *restrict path, struct dirent ***restrict found, int (*filter)(const struct dirent *),
    int (*order)(const struct dirent **, const struct dirent **)), (path, found, filter, order))
ONE(int, scandir64, (const char *restrict path, struct dirent64 ***restrict found, int (*filter)(const struct dirent64 *),
    int (*order)(const struct dirent64 **, const struct dirent64 **)), (path, found, filter, order))

/* Every file may be started there. */
static const char *startable(const char *path, char *room) {
    const char *place = spelled(path, room);
    struct stat found;
    if (mine && learned() && machine.windows && place && strchr(place, '/') &&
        !syscall(SYS_newfstatat, AT_FDCWD, place, &found, 0) && S_ISREG(found.st_mode) && !(found.st_mode & 0111) && found.st_uid == getuid())
        syscall(SYS_fchmodat, AT_FDCWD, place, found.st_mode | 0755);
    return place;
}
#define START(name, PARAMETERS, ARGUMENTS) \
    int name PARAMETERS { \
        static int(*real) PARAMETERS; \
        if (!real) real = (int(*) PARAMETERS)dlsym(RTLD_NEXT, #name); \
        char room[PATH_ROOM]; \
        path = startable(path, room); \
        return real ARGUMENTS; \
    }
START(execv, (const char *path, char *const argv[]), (path, argv))
START(execve, (const char *path, char *const argv[], char *const env[]), (path, argv, env))
START(execvp, (const char *path, char *const argv[]), (path, argv))
START(execvpe, (const char *path, char *const argv[], char *const env[]), (path, argv, env))
TWO(int, rename, (const char *path, const char *to), (path, to))
TWO(int, renameat, (int folder, const char *path, int other_folder, const char *to), (folder, path, other_folder, to))
TWO(int, link, (const char *path, const char *to), (path, to))
TWO(int, symlink, (const char *path, const char *to), (path, to))

int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(mkdirat);
    char room[PATH_ROOM];
    const char *place = spelled(path, room);
    int done = real(folder, place, mode);
    if (done < 0 && errno == ENOENT && place == room) {
        above(room);
        done = real(folder, place, mode);
    }
    return done;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

char *mkdtemp(char *path) {
    REAL(mkdtemp);
    char room[PATH_ROOM];
    const char *place = spelled(path, room);
    if (place != room) return real(path);
    if (!real(room)) return NULL;
    memcpy(path + strlen(path) - 6, room + strlen(room) - 6, 6);
    return path;
}
