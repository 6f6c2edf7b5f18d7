// The action itself: ordinary C, tested on this machine by `make test`.
#pragma once

#include <stddef.h>

// Repeats the greeting of somebody. Returns text to free, or NULL if there is no memory.
char *greet(const char *name, size_t name_length, unsigned times);
