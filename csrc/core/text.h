/* Text that a person may have typed, held against one of the service's rules: a length in characters, and a form. */
#ifndef COG_TEXT_H
#define COG_TEXT_H

#include "../cognito.h"

typedef enum {
    COG_FORM_ANY,
    COG_FORM_NO_BLANKS, /* letters, marks, symbols, numbers, punctuation: as far as it goes without Unicode's tables */
    COG_FORM_NO_SPACES, /* no octet of Java's \s */
    COG_FORM_NAME,      /* as NO_BLANKS, but with the space, tab, line feed and carriage return */
    COG_FORM_WORD,      /* ASCII letters, digits, _ + */
    COG_FORM_ID,        /* ASCII letters, digits, _ + - */
    COG_FORM_BASE64,    /* ASCII letters, digits, _ + / = */
    COG_FORM_TOKEN,     /* ASCII letters, digits, - _ = . */
    COG_FORM_DIGITS,
    COG_FORM_CONSTANT,  /* capital letters, digits, _ */
    COG_FORM_COUNT
} cog_form;

typedef enum {
    COG_TEXT_FITS,
    COG_TEXT_NUL,
    COG_TEXT_NOT_UTF8,
    COG_TEXT_LENGTH,
    COG_TEXT_FORM,
} cog_text_fault;

/* The first of the faults, in the order above, that the text has; of a text that no encoding could make short enough
 * LENGTH alone is looked for. */
cog_text_fault cog_text_check(cog_slice text, cog_form form, size_t min, size_t max);

/* The octets at its start that are sound UTF-8, up to the whole text. */
size_t cog_text_sound(cog_slice text);

#endif
