/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals: the first is a request, the second ends the process. */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "interrupt.h"

/* Run `child` in a process of its own, its stderr read into `text`. */
static int run_child(void (*child)(void), char *text, size_t size)
{
    int ends[2], status = 0;
    if (pipe(ends) < 0)
        return -1;
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        dup2(ends[1], STDERR_FILENO);
        child();
        _exit(0);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    waitpid(pid, &status, 0);
    close(ends[0]);
    return status;
}

static void once(void)
{
    if (s2vi_interrupt_install("stopping\n", NULL) < 0 ||
        s2vi_interrupt_requested())
        _exit(3);
    raise(SIGINT);
    _exit(s2vi_interrupt_requested() ? 42 : 4);
}

static void twice(void)
{
    s2vi_interrupt_install("stopping\n", NULL);
    raise(SIGTERM);
    raise(SIGINT);
    _exit(5);
}

static void ignored(void)
{
    signal(SIGINT, SIG_IGN);
    s2vi_interrupt_install(NULL, NULL);
    raise(SIGINT);
    _exit(s2vi_interrupt_requested() ? 6 : 42);
}

static void restored(void)
{
    s2vi_interrupt_install("stopping\n", NULL);
    s2vi_interrupt_restore();
    raise(SIGINT);
    _exit(7);
}

int main(void)
{
    char text[100];
    int status = run_child(once, text, sizeof(text));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42, "status %x", status);
    CHECK(!strcmp(text, "stopping\n"), "'%s'", text);
    status = run_child(twice, text, sizeof(text));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "status %x",
          status);
    CHECK(!strcmp(text, "stopping\n"), "'%s'", text);
    status = run_child(ignored, text, sizeof(text));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42, "status %x", status);
    status = run_child(restored, text, sizeof(text));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "status %x",
          status);
    return check_done();
}
