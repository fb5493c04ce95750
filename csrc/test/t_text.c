/* Text against a rule: lengths in characters, forms, UTF-8. */
#include "t.h"
#include "../core/text.h"

static cog_text_fault of(const void *text, size_t len, cog_form form, size_t min, size_t max) {
    unsigned char *tight = t_tight(text, len);
    cog_text_fault fault = cog_text_check((cog_slice){tight, len}, form, min, max);
    free(tight);
    return fault;
}

static cog_text_fault check(const char *text, cog_form form) {
    return of(text, strlen(text), form, 1, 100);
}

/* Exactly the ASCII characters of `taken`. */
static void takes_only(cog_form form, const char *taken) {
    for (int c = 1; c < 0x80; c++) {
        char text[2] = {(char)c, '\0'};
        CHECK(check(text, form) == (strchr(taken, c) ? COG_TEXT_FITS : COG_TEXT_FORM));
    }
}

#define DIGITS "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ALNUM DIGITS UPPER "abcdefghijklmnopqrstuvwxyz"
#define PUNCTUATION "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

static void forms(void) {
    takes_only(COG_FORM_NO_BLANKS, ALNUM PUNCTUATION);
    takes_only(COG_FORM_NAME, ALNUM PUNCTUATION " \t\n\r");
    takes_only(COG_FORM_WORD, ALNUM "_+");
    takes_only(COG_FORM_ID, ALNUM "_+-");
    takes_only(COG_FORM_BASE64, ALNUM "_+/=");
    takes_only(COG_FORM_TOKEN, ALNUM "-_=.");
    takes_only(COG_FORM_DIGITS, DIGITS);
    takes_only(COG_FORM_CONSTANT, UPPER DIGITS "_");
    for (int c = 1; c < 0x80; c++) {
        char text[2] = {(char)c, '\0'};
        CHECK(check(text, COG_FORM_NO_SPACES) == (strchr(" \t\n\v\f\r", c) ? COG_TEXT_FORM : COG_TEXT_FITS));
        CHECK(check(text, COG_FORM_ANY) == COG_TEXT_FITS);
    }
}

static void unicode(void) {
    CHECK(check("\xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80", COG_FORM_NO_BLANKS) == COG_TEXT_FITS);
    CHECK(check("\xc3\xa9", COG_FORM_WORD) == COG_TEXT_FORM);
    static const char *const blanks[] = {"\xc2\x80", "\xc2\xa0", "\xc2\xad", "\xe1\x9a\x80", "\xe2\x80\x8b",
                                         "\xe2\x80\xa8", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe2\x81\xa4",
                                         "\xe3\x80\x80", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        CHECK(check(blanks[i], COG_FORM_NO_BLANKS) == COG_TEXT_FORM);
        CHECK(check(blanks[i], COG_FORM_NAME) == COG_TEXT_FORM);
        CHECK(check(blanks[i], COG_FORM_NO_SPACES) == COG_TEXT_FITS);
    }
    CHECK(check("\xe2\x80\x90", COG_FORM_NO_BLANKS) == COG_TEXT_FITS);
    static const char *const broken[] = {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x98", "a\xc3", "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        CHECK(check(broken[i], COG_FORM_ANY) == COG_TEXT_NOT_UTF8);
        CHECK(check(broken[i], COG_FORM_DIGITS) == COG_TEXT_NOT_UTF8);
    }
}

static void lengths(void) {
    CHECK(of("", 0, COG_FORM_ANY, 0, 0) == COG_TEXT_FITS);
    CHECK(of("", 0, COG_FORM_ANY, 1, 2) == COG_TEXT_LENGTH);
    CHECK(of("ab", 2, COG_FORM_ANY, 0, 1) == COG_TEXT_LENGTH);
    CHECK(of("\xe2\x98\x83", 3, COG_FORM_ANY, 1, 1) == COG_TEXT_FITS);
    CHECK(of("a b c", 5, COG_FORM_NO_BLANKS, 1, 3) == COG_TEXT_LENGTH);
    CHECK(of("a\0b", 3, COG_FORM_ANY, 0, 9) == COG_TEXT_NUL);
    CHECK(of("a\0\xff", 3, COG_FORM_ANY, 0, 9) == COG_TEXT_NUL);
    /* so long that no encoding makes it short enough: its octets are not looked at */
    CHECK(of("\xff\xff\xff\xff\xff\xff\xff\xff", 8, COG_FORM_ANY, 0, 1) == COG_TEXT_LENGTH);
}

static size_t sound(const char *text) {
    unsigned char *tight = t_tight(text, strlen(text));
    size_t octets = cog_text_sound((cog_slice){tight, strlen(text)});
    free(tight);
    return octets;
}

int main(void) {
    forms();
    unicode();
    lengths();
    CHECK(sound("") == 0);
    CHECK(sound("ab\xc3\xa9") == 4);
    CHECK(sound("ab\xc3") == 2);
    CHECK(sound("\x80") == 0);
    return T_END();
}
