#include "text.h"
#include "utf8.h"

#include <string.h>

enum { UTF8_MAX = 4 };

static bool is_digit(uint32_t c) {
    return c >= '0' && c <= '9';
}

static bool is_upper(uint32_t c) {
    return c >= 'A' && c <= 'Z';
}

static bool is_alnum(uint32_t c) {
    return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z');
}

static bool is_space(uint32_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_blank(uint32_t c) {
    return c <= 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad || c == 0x1680 || (c >= 0x2000 && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202f) || (c >= 0x205f && c <= 0x2064) || c == 0x3000 || c == 0xfeff;
}

static bool takes(cog_form form, uint32_t c) {
    switch (form) {
    case COG_FORM_NO_BLANKS: return !is_blank(c);
    case COG_FORM_NO_SPACES: return !is_space(c);
    case COG_FORM_NAME: return !is_blank(c) || c == ' ' || c == '\t' || c == '\n' || c == '\r';
    case COG_FORM_WORD: return is_alnum(c) || c == '_' || c == '+';
    case COG_FORM_ID: return is_alnum(c) || c == '_' || c == '+' || c == '-';
    case COG_FORM_BASE64: return is_alnum(c) || c == '_' || c == '+' || c == '/' || c == '=';
    case COG_FORM_TOKEN: return is_alnum(c) || c == '-' || c == '_' || c == '=' || c == '.';
    case COG_FORM_DIGITS: return is_digit(c);
    case COG_FORM_CONSTANT: return is_upper(c) || is_digit(c) || c == '_';
    default: return true;
    }
}

/* The octets of the character at `p`, 0 when it is not sound. */
static size_t length_of(const unsigned char *p, const unsigned char *end) {
    return *p < 0x80 ? 1 : cog_utf8_length(p, (size_t)(end - p));
}

cog_text_fault cog_text_check(cog_slice text, cog_form form, size_t min, size_t max) {
    if (text.len / UTF8_MAX > max) return COG_TEXT_LENGTH;
    if (text.len && memchr(text.data, 0, text.len)) return COG_TEXT_NUL;
    const unsigned char *p = text.data, *end = text.data + text.len;
    size_t count = 0;
    bool fits = true;
    for (size_t length; p < end; p += length, count++) {
        length = length_of(p, end);
        if (length == 0) return COG_TEXT_NOT_UTF8;
        if (form != COG_FORM_ANY && !takes(form, length == 1 ? *p : cog_utf8_character(p, length))) fits = false;
    }
    if (count < min || count > max) return COG_TEXT_LENGTH;
    return fits ? COG_TEXT_FITS : COG_TEXT_FORM;
}

size_t cog_text_sound(cog_slice text) {
    const unsigned char *p = text.data, *end = text.data + text.len;
    for (size_t length; p < end && (length = length_of(p, end)) > 0;) p += length;
    return (size_t)(p - text.data);
}
