/* The names and sentences of errors.def, by number. */
#include "../cognito.h"

static const struct {
    const char *name, *text;
} errors[COG_ERROR_COUNT] = {
#define COG_ERROR(symbol, name, text) {name, text},
#include "errors.def"
#undef COG_ERROR
};

const char *cog_err_name(cog_err error) {
    return errors[error].name;
}

const char *cog_err_text(cog_err error) {
    return errors[error].text;
}
