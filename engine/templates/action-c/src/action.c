// What the engine calls. The types are those of wit/world.wit; the work is in greet.c.

#include <stdio.h>

#include "action.h"
#include "greet.h"

// Writes one line to the log of the attempt. The name goes in as JSON text.
static void log_greeting(unsigned times) {
    char number[12];
    snprintf(number, sizeof number, "%u", times);
    attune_action_log_field_t field;
    action_string_set(&field.name, "times");
    action_string_set(&field.value, number);
    action_string_t message;
    action_string_set(&message, "greeting");
    attune_action_log_list_field_t fields = {&field, 1};
    attune_action_log_write(ATTUNE_ACTION_LOG_LEVEL_INFO, &message, &fields);
}

// Returns whether it went well: `ret` is the result, `err` what the attempt fails with.
bool exports_action_run(action_string_t *name, uint8_t *maybe_times, action_greeting_t *ret,
                        action_string_t *err) {
    const unsigned times = maybe_times == NULL ? 1 : *maybe_times;
    if (name->len == 0) {
        action_string_dup(err, "`name` is empty");
        return false;
    }
    log_greeting(times);
    char *message = greet((const char *)name->ptr, name->len, times);
    action_string_free(name);
    if (message == NULL) {
        action_string_dup(err, "there is no memory left");
        return false;
    }
    // The caller frees what is returned.
    action_string_set(&ret->message, message);
    return true;
}
