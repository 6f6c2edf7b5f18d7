#include "greet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(const char *name, unsigned times, const char *expected) {
    char *found = greet(name, strlen(name), times);
    if (found == NULL || strcmp(found, expected) != 0) {
        fprintf(stderr, "greet(%s, %u): found %s, expected %s\n", name, times, found, expected);
        exit(1);
    }
    free(found);
}

int main(void) {
    check("Ada", 1, "Hello, Ada!");
    check("Ada", 2, "Hello, Ada! Hello, Ada!");
    check("Ada", 0, "");
    puts("ok");
}
