/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals: the first is a request, the second ends the process. */
#define _XOPEN_SOURCE 700

#include <signal.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"
#include "terminal/interrupt.h"

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

/* How many bytes of a stack a signal takes. */
enum { STACK = 1 << 16, PATTERN = 0x5a };
static unsigned char stack[STACK];
static ucontext_t outside, inside;
static int sent;

static void send(void)
{
    raise(sent);
}

static int depth_of(int number)
{
    int untouched = 0;
    sent = number;
    memset(stack, PATTERN, sizeof(stack));
    getcontext(&inside);
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = STACK;
    inside.uc_link = &outside;
    makecontext(&inside, send, 0);
    swapcontext(&outside, &inside);
    while (untouched < STACK && stack[untouched] == PATTERN)
        untouched++;
    return STACK - untouched;
}

/* Matrix products have the stack pointer in the heap: a handler must not write
 * there. SIGURG is ignored, and takes what raise() does. */
static void elsewhere(void)
{
    s2vi_interrupt_install(NULL, NULL);
    depth_of(SIGURG); /* the functions' addresses are found now */
    const int plain = depth_of(SIGURG), handled = depth_of(SIGTERM);
    dprintf(STDERR_FILENO, "%d, %d", plain, handled);
    _exit(s2vi_interrupt_requested() && handled == plain ? 42 : 8);
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
    status = run_child(elsewhere, text, sizeof(text));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42,
          "status %x: bytes of stack without and with a handler: %s", status,
          text);
    return check_done();
}
