/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _XOPEN_SOURCE 700 /* realpath() */

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------- signals -- */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { SIGNALS = sizeof(signals) / sizeof(signals[0]) };

/* What a signal removes. It changes while signals are held back. */
static const char *volatile pending;

/* Async-signal-safe calls only. The signal ends the program when this returns:
 * the shell that waits for it sees why. */
static void on_signal(int number)
{
    if (pending)
        unlink(pending);
    signal(number, SIG_DFL);
    raise(number);
}

/* A signal that is ignored, as by nohup, stays ignored. */
static void watch_signals(void)
{
    static bool done;
    struct sigaction action = {.sa_handler = on_signal}, before;

    if (done)
        return;
    done = true;
    signal(SIGXFSZ, SIG_IGN);
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++)
        if (!sigaction(signals[i], NULL, &before) &&
            before.sa_handler == SIG_DFL)
            sigaction(signals[i], &action, NULL);
}

static void hold_signals(sigset_t *before)
{
    sigset_t set;

    sigemptyset(&set);
    for (int i = 0; i < SIGNALS; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, before);
}

static void release_signals(const sigset_t *before)
{
    const int saved = errno;

    sigprocmask(SIG_SETMASK, before, NULL);
    errno = saved;
}

/* --------------------------------------------------------------- files -- */

/* A name of its own, however long the final one is. The file gets the
 * permissions of the one that it replaces. */
static int make_temporary(struct render_file *f, const struct stat *old)
{
    const char *slash = strrchr(f->name, '/'), *dot = strrchr(f->name, '.');
    const int folder = slash ? (int)(slash - f->name) + 1 : 0;
    const char *ending = dot && dot >= f->name + folder ? dot : "";
    const size_t size = (size_t)folder + strlen(ending) + 64;
    int fd = -1;

    f->path = malloc(size);
    if (!f->path)
        return -1;
    for (int i = 0; i < 1000 && fd < 0; i++) {
        snprintf(f->path, size, "%.*s.s2v-%ld-%d.tmp%s", folder, f->name,
                 (long)getpid(), i, ending);
        fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            return -1;
    }
    if (fd < 0)
        return -1;
    pending = f->path;
    if (old && fchmod(fd, old->st_mode & 0777))
        errno = 0; /* best effort */
    close(fd);
    return 0;
}

int render_file_open(struct render_file *f, const char *name)
{
    struct stat st;
    sigset_t before;
    int ret = -1;

    watch_signals();
    *f = (struct render_file){0};
    f->name = !lstat(name, &st) && S_ISLNK(st.st_mode) ? realpath(name, NULL)
                                                       : strdup(name);
    if (!f->name)
        return -errno;
    hold_signals(&before);
    const bool there = !stat(f->name, &st);
    if (there && !S_ISREG(st.st_mode))
        ret = (f->path = strdup(f->name)) ? 0 : -1;
    else
        ret = make_temporary(f, there ? &st : NULL);
    release_signals(&before);
    if (!ret)
        return 0;
    ret = -errno;
    render_file_drop(f);
    return ret;
}

static void forget(struct render_file *f)
{
    free(f->name);
    free(f->path);
    *f = (struct render_file){0};
}

int render_file_commit(struct render_file *f)
{
    sigset_t before;
    int ret = 0;

    hold_signals(&before);
    if (pending && rename(f->path, f->name) < 0) {
        ret = -errno;
        unlink(f->path);
    }
    pending = NULL;
    release_signals(&before);
    forget(f);
    return ret;
}

void render_file_drop(struct render_file *f)
{
    sigset_t before;

    hold_signals(&before);
    if (pending && pending == f->path)
        unlink(f->path);
    if (pending == f->path)
        pending = NULL;
    release_signals(&before);
    forget(f);
}
