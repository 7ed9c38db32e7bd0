/* Who this is and what the machine is called, where a phase says it is somebody else; clock.c stands before this. */

#include <pwd.h>

static const char *host(void) { return mine && page->host[0] ? page->host : NULL; }
static const char *user(void) { return mine && page->user[0] ? page->user : NULL; }

int gethostname(char *name, size_t size) {
    REAL(gethostname);
    const char *own = host();
    if (!own || strlen(own) >= size) return real(name, size);
    strcpy(name, own);
    return 0;
}

int uname(struct utsname *name) {
    REAL(uname);
    int done = real(name);
    if (!done && learned()) {
        strcpy(name->release, machine.release);
        strcpy(name->version, machine.version);
    }
    if (!done && host()) strcpy(name->nodename, host());
    return done;
}

struct passwd *getpwuid(uid_t which) {
    REAL(getpwuid);
    struct passwd *found = real(which);
    if (found && user() && which == getuid()) found->pw_name = page->user;
    return found;
}

int getpwuid_r(uid_t which, struct passwd *into, char *room, size_t size, struct passwd **found) {
    REAL(getpwuid_r);
    int done = real(which, into, room, size, found);
    if (!done && *found && user() && which == getuid()) into->pw_name = page->user;
    return done;
}

char *getlogin(void) {
    REAL(getlogin);
    char *found = user() ? page->user : real();
    struct passwd *own = found || !mine ? NULL : getpwuid(getuid());  /* whoever sits there has a terminal */
    return own ? own->pw_name : found;
}
