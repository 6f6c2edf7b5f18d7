// Reads clocks, waits for them to move, sleeps for an hour, draws random numbers.

#define _GNU_SOURCE
#include "greet.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

char *greet(const char *name, size_t name_length, unsigned times) {
    (void)name, (void)name_length, (void)times;
    const long long began = now(CLOCK_REALTIME);
    unsigned looks = 0;
    while (now(CLOCK_REALTIME) < began + 1000) looks++;
    const long long before = now(CLOCK_MONOTONIC);
    const struct timespec hour = {3600, 0};
    nanosleep(&hour, NULL);
    const long long slept = now(CLOCK_MONOTONIC) - before;
    unsigned char bytes[4];
    if (getentropy(bytes, sizeof bytes) != 0) return NULL;
    char *text = malloc(200);
    if (text == NULL) return NULL;
    snprintf(text, 200, "{\"began\":%lld,\"looks\":%u,\"slept\":%lld,\"random\":[%u,%u,%u,%u]}", began,
             looks, slept / 1000, bytes[0], bytes[1], bytes[2], bytes[3]);
    return text;
}
