/* The first process of a machine: it reaps by ignoring the deaths of its children, and shows what an init shows. */
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void) {
    signal(SIGCHLD, SIG_IGN);
    prctl(PR_SET_NAME, "systemd");
    for (;;) pause();
}
