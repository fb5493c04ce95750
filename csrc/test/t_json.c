/* The strict JSON reader: grammar, strings, numbers, names, limits. */
#include "t.h"
#include "../core/json.h"
#include "../core/number.h"

#include <math.h>

static const unsigned char seed[COG_SEED_SIZE + 1] = "0123456789abcdef";

struct text {
    cog_json json;
    unsigned char *copy;
    uint32_t *work;
};

static void open_text(struct text *t, const char *data, size_t len) {
    uint32_t names = cog_json_names((cog_slice){(const unsigned char *)data, len});
    size_t need = cog_json_work(names);
    t->copy = t_tight(data, len);
    t->work = malloc(need ? need : 1);
    if (!t->work) abort();
    cog_json_init(&t->json, t->copy, len, names, t->work, seed);
}

static void close_text(struct text *t) {
    free(t->copy);
    free(t->work);
}

/* What is read, one character an event: { } [ ] t f 0 (null) i r, strings as 'text', names as text: */
static char *put(char *out, const struct text *t, cog_json_event event) {
    static const char marks[] = {[COG_JSON_OBJECT] = '{', [COG_JSON_OBJECT_END] = '}', [COG_JSON_ARRAY] = '[',
                                 [COG_JSON_ARRAY_END] = ']', [COG_JSON_INTEGER] = 'i', [COG_JSON_REAL] = 'r',
                                 [COG_JSON_TRUE] = 't', [COG_JSON_FALSE] = 'f', [COG_JSON_NULL] = '0'};
    if (event != COG_JSON_NAME && event != COG_JSON_STRING) {
        *out++ = marks[event];
        return out;
    }
    if (event == COG_JSON_STRING) *out++ = '\'';
    memcpy(out, t->json.string.data, t->json.string.len);
    out += t->json.string.len;
    *out++ = event == COG_JSON_STRING ? '\'' : ':';
    return out;
}

static void reads_n(int line, const char *data, size_t len, const char *wanted) {
    struct text t;
    char trace[512], *out = trace;
    cog_json_event event;
    open_text(&t, data, len);
    while ((event = cog_json_next(&t.json)) > COG_JSON_END) out = put(out, &t, event);
    *out = '\0';
    bool good = event == COG_JSON_END && strcmp(trace, wanted) == 0 && cog_json_next(&t.json) == COG_JSON_END;
    if (!good) printf("line %d: %s gives %s (%s)\n", line, data, trace, cog_err_name(t.json.error));
    CHECK(good);
    close_text(&t);
}

static cog_err verdict(const char *data, size_t len) {
    struct text t;
    cog_json_event event;
    open_text(&t, data, len);
    while ((event = cog_json_next(&t.json)) > COG_JSON_END) {
    }
    CHECK(cog_json_next(&t.json) == event);
    cog_err error = t.json.error;
    CHECK((event == COG_JSON_FAIL) == (error != COG_OK));
    close_text(&t);
    return error;
}

#define READS(text, wanted) reads_n(__LINE__, text, sizeof text - 1, wanted)
#define FAILS(text, wanted) CHECK_ERR(verdict(text, sizeof text - 1), wanted)

static void test_grammar(void) {
    READS("{}", "{}");
    READS("[]", "[]");
    READS(" [ ] ", "[]");
    READS("\t\n\r {\"a\" :\t1 ,\"b\":[ true,false , null]}\n", "{a:ib:[tf0]}");
    READS("[[[]],{\"\":{}}]", "[[[]]{:{}}]");
    READS("1", "i");
    READS("\"x\"", "'x'");
    READS("true", "t");
    READS("[1.5,-2,3e1]", "[rir]");
    static const char *const bad[] = {
        "", " ", "{", "}", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1:2]", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,", "{\"a\":1,}", "{\"a\",1}", "{\"a\" 1}", "{1:2}", "{a:1}", "{,}", "{\"a\":1 \"b\":2}", "{\"a\":1]",
        "[1}", "tru", "truE", "t", "fals", "falsf", "nul", "nulL", "True", "1 1", "{}{}", "[]x", "'a'", "-", "--1",
        "+1", "01", "00", "-01", "1.", ".1", "1.e1", "1e", "1e+", "1e-", "1eE1", "0x1", "1a", "NaN", "Infinity",
        "\xef\xbb\xbf{}", "\"", "\"a", "\"\\", "\"\\\"", "\"\\x\"", "\"\\u\"", "\"\\u123\"", "\"\\u", "\"\\u1",
        "\"\\u12", "\"\\u123", "\"\\u1234", "\"\\uDFFF\"", "\"\\uDC00\\uDC00\"", "\"\xc3\xa9", "\"\xf0\x9f\x98\x80",
        "\"\\u12g4\"", "\"\\u12@4\"", "\"\\u:234\"", "\"\\u/234\"", "\"\\u`234\"", "\"\\uD800\"", "\"\\uDBFF\\u\"",
        "\"\\uD800\\uD800\"", "\"\\uD800\\uDBFF\"", "\"\\uD800\\uE000\"", "\"\\uDC00\"", "\"\\uDFFF\\uD800\"",
        "\"\\uD800\\n0000\"", "\"\\uD800xuDC00\"", "\"\\uD800\\uDC0", "\"\\uD800\\uDC0g\"", "\"\n\"", "\"\x1f\"",
        "\"a\tb\"", "/**/1", "[1]//", "\x80",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cog_err got = verdict(bad[i], strlen(bad[i]));
        if (got != COG_BAD_JSON) printf("%s\n", bad[i]);
        CHECK_ERR(got, COG_BAD_JSON);
    }
    FAILS("\"\\\0\"", COG_BAD_JSON);
    FAILS("\"a\0b\"", COG_BAD_JSON);
    FAILS("{xa\":1}", COG_BAD_JSON);
    FAILS("{\"\x80\":1}", COG_BAD_UTF8);
    FAILS("1\0", COG_BAD_JSON);
    FAILS("\0", COG_BAD_JSON);
}

static void test_strings(void) {
    READS("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "'\"\\/\b\f\n\r\t'");
    READS("\"\\u0041\\u007f\\u0080\\u07ff\\u0800\\uffff\"", "'A\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf'");
    READS("\"\\u9999\"", "'\xe9\xa6\x99'");
    READS("\"\\uD7FF\\uE000\\uaBcD\"", "'\xed\x9f\xbf\xee\x80\x80\xea\xaf\x8d'");
    READS("\"\\ud800\\udc00\\uDBFF\\uDFFF\"", "'\xf0\x90\x80\x80\xf4\x8f\xbf\xbf'");
    READS("\"\\u0061bcdefghijklmnop\\u0071rst\xc3\xa9uvwxyz\\n\"", "'abcdefghijklmnopqrst\xc3\xa9uvwxyz\n'");
    READS("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
          "'\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf'");
    static const char *const bad[] = {
        "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xc2\xc0", "\xdf\x20", "\xe0\x80\x80",
        "\xe0\x9f\xbf", "\xe0\xa0", "\xe0\xa0\x7f", "\xe1\x80\xc0", "\xed\xa0\x80", "\xed\xbf\xbf", "\xef\xbf",
        "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf0\x90\x80\x7f", "\xf0\x90\x7f\x80", "\xf0\x90\xc0\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe\xff", "\xe1\x7f\x80", "\xe1\xc0\x80", "\xf1\x7f\x80\x80",
        "\xf1\xc0\x80\x80", "\xf1\x80\x80\xc0",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[16] = "\"";
        strcat(strcat(text, bad[i]), "\"");
        cog_err got = verdict(text, strlen(text));
        if (got != COG_BAD_UTF8) printf("UTF-8 case %zu\n", i);
        CHECK_ERR(got, COG_BAD_UTF8);
        CHECK_ERR(verdict(text, strlen(text) - 1), COG_BAD_UTF8);
    }
}

/* Each octet at each place of a run around the eight that are looked at together. */
static void test_runs(void) {
    for (int c = 0; c < 256; c++) {
        for (size_t at = 0; at < 20; at++) {
            char text[24];
            memset(text, 'x', sizeof text);
            text[0] = text[22] = '"';
            text[1 + at] = (char)c;
            cog_err wanted = c < 0x20 ? COG_BAD_JSON : c >= 0x80 ? COG_BAD_UTF8 : COG_OK;
            if (c == '"' || c == '\\') wanted = COG_BAD_JSON;
            CHECK_ERR(verdict(text, 23), wanted);
        }
    }
}

static void number_is(const char *text, bool integer, double wanted) {
    cog_number number = {0};
    unsigned char *tight = t_tight(text, strlen(text));
    const unsigned char *end = cog_number_read(tight, tight + strlen(text), &number);
    bool good = end == tight + strlen(text) && number.is_integer == integer && number.real == wanted;
    if (!good) printf("%s: %.17g\n", text, number.real);
    CHECK(good);
    free(tight);
}

static void test_numbers(void) {
    number_is("0", true, 0);
    number_is("-0", true, 0);
    number_is("9223372036854775807", true, 9223372036854775807.0);
    number_is("-9223372036854775808", true, -9223372036854775808.0);
    number_is("9223372036854775808", false, 9223372036854775808.0);
    number_is("-9223372036854775809", false, -9223372036854775809.0);
    number_is("18446744073709551616", false, 18446744073709551616.0);
    number_is("99999999999999999999", false, 99999999999999999999.0);
    number_is("0.0", false, 0);
    number_is("1.75e9", false, 1.75e9);
    number_is("1.75E+9", false, 1.75e9);
    number_is("175000e-5", false, 1.75);
    number_is("0.1", false, 0.1);
    number_is("5e-324", false, 5e-324);
    number_is("2.4703282292062327e-324", false, 0);
    number_is("2.4703282292062328e-324", false, 5e-324);
    number_is("1.7976931348623157e308", false, 1.7976931348623157e308);
    number_is("1.7976931348623159e308", false, INFINITY);
    number_is("-1e400", false, -INFINITY);
    number_is("1e-400", false, 0);
    number_is("1e99999999999999999999999", false, INFINITY);
    number_is("1e-99999999999999999999999", false, 0);
    number_is("0e99999999999999999999999", false, 0);
    number_is("1e100000", false, INFINITY);
    number_is("1e-100000", false, 0);
    CHECK(cog_number_read(NULL, NULL, &(cog_number){0}) == NULL);
    cog_slice minus = t_slice("-0.0");
    cog_number zero = {0};
    CHECK(cog_number_read(minus.data, minus.data + minus.len, &zero) == minus.data + minus.len);
    CHECK(zero.real == 0 && signbit(zero.real));
}

/* Long texts: 1 followed by zeros and undone by the exponent, on both sides of the point, and the digit that decides
 * how 2^53 + 1 is rounded, far behind what can be kept. */
static void test_long_numbers(void) {
    static char text[4096];
    for (size_t zeros = 790; zeros < 812; zeros++) {
        snprintf(text, sizeof text, "1%0*d.5e-%zu", (int)zeros, 0, zeros);
        number_is(text, false, 1);
        snprintf(text, sizeof text, "0.%0*d1e%zu", (int)zeros, 0, zeros + 1);
        number_is(text, false, 1);
        snprintf(text, sizeof text, "9007199254740993.%0*d", (int)zeros, 0);
        number_is(text, false, 9007199254740992.0);
        snprintf(text, sizeof text, "9007199254740993.%0*d1", (int)zeros, 0);
        number_is(text, false, 9007199254740994.0);
        snprintf(text, sizeof text, "9007199254740993%0*d1e-%zu", (int)zeros, 0, zeros + 1);
        number_is(text, false, 9007199254740994.0);
    }
}

static void test_integers(void) {
    struct text t;
    open_text(&t, "[-12,34.5,1e999]", 16);
    CHECK(cog_json_next(&t.json) == COG_JSON_ARRAY && t.json.depth == 1);
    CHECK(cog_json_next(&t.json) == COG_JSON_INTEGER && t.json.integer == -12 && t.json.real == -12);
    CHECK(cog_json_next(&t.json) == COG_JSON_REAL && t.json.real == 34.5);
    CHECK(cog_json_next(&t.json) == COG_JSON_FAIL && t.json.error == COG_NUMBER_RANGE);
    CHECK(cog_json_next(&t.json) == COG_JSON_FAIL && t.json.error == COG_NUMBER_RANGE);
    close_text(&t);
}

static void test_duplicates(void) {
    FAILS("{\"a\":1,\"a\":1}", COG_DUPLICATE_KEY);
    FAILS("{\"a\":1,\"\\u0061\":1}", COG_DUPLICATE_KEY);
    FAILS("{\"\":1,\"\":1}", COG_DUPLICATE_KEY);
    FAILS("{\"a\":{\"b\":1,\"c\":2,\"b\":3}}", COG_DUPLICATE_KEY);
    FAILS("{\"a\":[{\"x\":1},{\"y\":1}],\"a\":1}", COG_DUPLICATE_KEY);
    FAILS("{\"a\":1,\"a\\u0000\":1,\"a\\u0000\":1}", COG_DUPLICATE_KEY);
    READS("{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":1}],\"aa\":1,\"A\":2,\"a \":3}",
          "{a:{a:i}b:[{a:i}{a:i}]aa:iA:ia :i}");
}

/* Objects of every size around the change to the hash table, nested so that two of them share it. */
static void test_many_names(void) {
    static char text[200000];
    for (int n = 1; n < 70; n++) {
        for (int again = -1; again < n; again += n / 7 + 1) {
            char *out = text + sprintf(text, "{\"in\":{");
            for (int i = 0; i < n; i++) out += sprintf(out, "%s\"n%d\":0", i ? "," : "", i);
            *out++ = '}';
            for (int i = 0; i < n; i++) out += sprintf(out, ",\"n%d\":0", i);
            if (again >= 0) out += sprintf(out, ",\"n%d\":0", again);
            *out++ = '}';
            CHECK_ERR(verdict(text, (size_t)(out - text)), again < 0 ? COG_OK : COG_DUPLICATE_KEY);
        }
    }
    char *out = text + sprintf(text, "{\"long name that fills two blocks of the hash\":0");
    for (int i = 0; i < 9000; i++) out += sprintf(out, ",\"%d\":0", i);
    *out++ = '}';
    CHECK_ERR(verdict(text, (size_t)(out - text)), COG_OK);
    out += sprintf(out - 1, ",\"4711\":0}") - 1;
    CHECK_ERR(verdict(text, (size_t)(out - text)), COG_DUPLICATE_KEY);
}

/* An object that has moved to the table stays in it while another one does the same inside it. */
static void test_table_is_shared(void) {
    for (int again = -1; again < 20; again++) {
        char text[2000], *out = text;
        *out++ = '{';
        for (int i = 0; i < 20; i++) out += sprintf(out, "\"n%d\":0,", i);
        out += sprintf(out, "\"in\":{");
        for (int i = 0; i < 20; i++) out += sprintf(out, "%s\"n%d\":0", i ? "," : "", i);
        out += sprintf(out, "},\"n%d\":0}", again);
        CHECK_ERR(verdict(text, (size_t)(out - text)), again < 0 ? COG_OK : COG_DUPLICATE_KEY);
    }
}

static void test_depth(void) {
    static char text[4096];
    for (size_t n = 60; n < 70; n++) {
        memset(text, '[', n);
        memset(text + n, ']', n);
        CHECK_ERR(verdict(text, 2 * n), n <= 64 ? COG_OK : COG_TOO_DEEP);
        char *out = text;
        for (size_t i = 0; i < n; i++) out += sprintf(out, "{\"a\":");
        *out++ = '0';
        memset(out, '}', n);
        CHECK_ERR(verdict(text, (size_t)(out - text) + n), n <= 64 ? COG_OK : COG_TOO_DEEP);
    }
}

static void test_skip(void) {
    static const char text[] = "[{\"a\":[1,{}],\"b\":2},[[]],\"s\",7,[1,}]";
    struct text t;
    open_text(&t, text, sizeof text - 1);
    CHECK(cog_json_next(&t.json) == COG_JSON_ARRAY);
    CHECK(cog_json_skip(&t.json, cog_json_next(&t.json)) && t.json.depth == 1);
    CHECK(cog_json_skip(&t.json, cog_json_next(&t.json)) && t.json.depth == 1);
    CHECK(cog_json_skip(&t.json, cog_json_next(&t.json)) && COG_IS(t.json.string, "s"));
    CHECK(cog_json_skip(&t.json, cog_json_next(&t.json)) && t.json.integer == 7);
    CHECK(!cog_json_skip(&t.json, cog_json_next(&t.json)) && t.json.error == COG_BAD_JSON);
    CHECK(!cog_json_skip(&t.json, cog_json_next(&t.json)));
    close_text(&t);
}

/* Quotation marks are counted by words and the rest by octets. */
static void test_name_count(void) {
    char text[40];
    for (size_t len = 0; len <= sizeof text; len++) {
        for (int c = 0; c < 256; c++) {
            memset(text, c, sizeof text);
            CHECK(cog_json_names((cog_slice){(unsigned char *)text, len}) == (c == '"' ? len / 2 : 0));
        }
        for (size_t i = 0; i < len; i++) text[i] = i % 3 ? '"' : (char)(i * 31);
        size_t marks = len - (len + 2) / 3;
        CHECK(cog_json_names((cog_slice){(unsigned char *)text, len}) == marks / 2);
    }
    static unsigned char marks[10007];
    memset(marks, '"', sizeof marks);
    CHECK(cog_json_names((cog_slice){marks, sizeof marks}) == sizeof marks / 2);
}

static void test_size(void) {
    size_t len = COG_JSON_MAX + 1;
    unsigned char *text = malloc(len);
    if (!text) abort();
    memset(text, ' ', len);
    memcpy(text, "\"\"", 2);
    cog_json json;
    CHECK(cog_json_names((cog_slice){text, len}) == 0);
    CHECK(cog_json_names((cog_slice){text, len - 1}) == 1);
    memcpy(text, "1 ", 2);
    cog_json_init(&json, text, len, 0, NULL, seed);
    CHECK(cog_json_next(&json) == COG_JSON_FAIL && json.error == COG_TOO_LARGE);
    cog_json_init(&json, text, len - 1, 0, NULL, seed);
    CHECK(cog_json_next(&json) == COG_JSON_INTEGER && cog_json_next(&json) == COG_JSON_END);
    free(text);
}

int main(void) {
    test_grammar();
    test_strings();
    test_runs();
    test_numbers();
    test_long_numbers();
    test_integers();
    test_duplicates();
    test_many_names();
    test_table_is_shared();
    test_depth();
    test_skip();
    test_name_count();
    test_size();
    return T_END();
}
