#include "greet.h"

#include <stdio.h>
#include <stdlib.h>

char *greet(const char *name, size_t name_length, unsigned times) {
    const size_t each = sizeof "Hello, ! " - 1 + name_length;
    char *text = malloc(times * each + 1);
    if (text == NULL) return NULL;
    char *end = text;
    for (unsigned i = 0; i < times; i++) {
        end += sprintf(end, "%sHello, %.*s!", i == 0 ? "" : " ", (int)name_length, name);
    }
    *end = '\0';
    return text;
}
