/* Faults at the boundary of the operating system, for tests/chaos: preloaded, it stands between a process and libc.
 *
 * Counted are the calls that change what is below one folder: write, pwrite, fsync, fdatasync, ftruncate, rename, unlink.
 * An armed process does one of two things at the n-th of them:
 *   kill   wait some microseconds, do half of a write or nothing at all, and die by SIGKILL
 *   fail   let this call and some more fail with an errno
 * faults_arm() arms; or the environment, when the process starts: FAULTS="kill|fail n errno count microseconds",
 * FAULTS_BELOW=folder. FAULTS_CLOCK names a file that holds seconds to add to the wall clock (a stepped clock).
 * FAULTS_HANG names a file that holds process ids, each followed by a space: such a process hangs for ever in C, with
 * Python's GIL held, as soon as it asks for the time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { OFF, KILL, FAIL };

static int mode = OFF;
static atomic_long calls;
static long first, failing, delay_us;
static int error;
static char below[PATH_MAX];
static char clock_file[PATH_MAX];
static char hang_file[PATH_MAX];

#define REAL(name)                                                                                                      \
    ({                                                                                                                  \
        static __typeof__(&name) real;                                                                                  \
        if (!real)                                                                                                      \
            real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                                          \
        real;                                                                                                           \
    })

void faults_arm(int new_mode, long at, int with_errno, long count, long microseconds, const char *folder)
{
    atomic_store(&calls, 0);
    first = at, error = with_errno, failing = count, delay_us = microseconds;
    snprintf(below, sizeof below, "%s", folder);
    mode = new_mode;
}

long faults_counted(void) { return atomic_load(&calls); }

__attribute__((constructor)) static void arm_from_environment(void)
{
    const char *spec = getenv("FAULTS"), *folder = getenv("FAULTS_BELOW");
    const char *clock = getenv("FAULTS_CLOCK"), *hang = getenv("FAULTS_HANG");
    char word[8];
    long at, with_errno, count, microseconds;
    if (clock)
        snprintf(clock_file, sizeof clock_file, "%s", clock);
    if (hang)
        snprintf(hang_file, sizeof hang_file, "%s", hang);
    if (spec && folder && sscanf(spec, "%7s %ld %ld %ld %ld", word, &at, &with_errno, &count, &microseconds) == 5)
        faults_arm(strcmp(word, "kill") ? FAIL : KILL, at, (int)with_errno, count, microseconds, folder);
}

static int is_below(const char *path) { return !strncmp(path, below, strlen(below)); }

static int fd_is_below(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return is_below(path);
}

/* 1: the call is to fail with errno set; 2: do half of it and call die(); 0: go on. */
static int strike(int concerned)
{
    if (mode == OFF || !concerned)
        return 0;
    long call = atomic_fetch_add(&calls, 1) + 1;
    if (mode == KILL && call == first)
        return 2;
    if (mode == FAIL && call >= first && call < first + failing) {
        errno = error;
        return 1;
    }
    return 0;
}

static void die(void)
{
    usleep((useconds_t)delay_us);
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

ssize_t write(int fd, const void *data, size_t size)
{
    int blow = strike(mode != OFF && fd_is_below(fd));
    if (blow == 1)
        return -1;
    if (blow == 2) {
        REAL(write)(fd, data, size / 2);
        die();
    }
    return REAL(write)(fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    int blow = strike(mode != OFF && fd_is_below(fd));
    if (blow == 1)
        return -1;
    if (blow == 2) {
        REAL(pwrite64)(fd, data, size / 2, offset);
        die();
    }
    return REAL(pwrite64)(fd, data, size, offset);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return pwrite64(fd, data, size, offset); }

#define BY_FD(name, parameters, arguments, fd)                                                                          \
    int name parameters                                                                                                 \
    {                                                                                                                   \
        int blow = strike(mode != OFF && fd_is_below(fd));                                                              \
        if (blow == 2)                                                                                                  \
            die();                                                                                                      \
        return blow ? -1 : REAL(name) arguments;                                                                        \
    }

BY_FD(fsync, (int fd), (fd), fd)
BY_FD(fdatasync, (int fd), (fd), fd)
BY_FD(ftruncate64, (int fd, off64_t size), (fd, size), fd)

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int rename(const char *from, const char *to)
{
    int blow = strike(mode != OFF && is_below(to));
    if (blow == 2)
        die();
    return blow ? -1 : REAL(rename)(from, to);
}

int unlink(const char *path)
{
    int blow = strike(mode != OFF && is_below(path));
    if (blow == 2)
        die();
    return blow ? -1 : REAL(unlink)(path);
}

static void read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, text, size - 1);
    if (fd >= 0)
        close(fd);
    text[length > 0 ? length : 0] = 0;
}

/* CPython's time functions are called with the GIL held; other threads of the process ask for the time as well. */
static void hang_if_told(void)
{
    static int (*has_gil)(void);
    char text[64], pids[256], *word, *rest = pids;
    if (!has_gil)
        has_gil = (int (*)(void))dlsym(RTLD_DEFAULT, "PyGILState_Check");
    if (!has_gil || !has_gil())
        return;
    read_file(hang_file, pids, sizeof pids);
    snprintf(text, sizeof text, "%d", getpid());
    while ((word = strsep(&rest, " ")))
        while (!strcmp(word, text))
            pause();
}

int clock_gettime(clockid_t which, struct timespec *now)
{
    if (*hang_file)
        hang_if_told();
    int result = REAL(clock_gettime)(which, now);
    if (!result && which == CLOCK_REALTIME && *clock_file) {
        char text[32];
        read_file(clock_file, text, sizeof text);
        now->tv_sec += atol(text);
    }
    return result;
}
