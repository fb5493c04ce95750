#include "t.h"
#include "../core/buf.h"

static void test_growth(void) {
    cog_buf buf;
    cog_buf_init(&buf, 1000);
    CHECK_ERR(cog_buf_add(&buf, NULL, 0), COG_OK);
    CHECK(buf.data == NULL && buf.len == 0);
    for (int i = 0; i < 1000; i++) {
        unsigned char octet = (unsigned char)i;
        CHECK_ERR(cog_buf_add(&buf, &octet, 1), COG_OK);
    }
    for (int i = 0; i < 1000; i++) CHECK(buf.data[i] == (unsigned char)i);
    CHECK(buf.size <= 1000);
    CHECK_ERR(cog_buf_add(&buf, "x", 1), COG_TOO_LARGE);
    CHECK(buf.len == 1000);
    cog_buf_clear(&buf);
    CHECK(buf.len == 0 && buf.data && buf.data[0] == 0 && buf.data[999] == 0);
    cog_buf_free(&buf);
    cog_buf_free(&buf);
    CHECK(buf.data == NULL && buf.size == 0 && buf.cap == 1000);
}

static void test_limits(void) {
    cog_buf buf;
    cog_buf_init(&buf, SIZE_MAX);
    CHECK_ERR(cog_buf_add(&buf, "abc", 3), COG_OK);
    CHECK_ERR(cog_buf_reserve(&buf, SIZE_MAX), COG_TOO_LARGE);
    CHECK(buf.len == 3 && memcmp(buf.data, "abc", 3) == 0);
    cog_buf_free(&buf);
    cog_buf_init(&buf, 0);
    CHECK_ERR(cog_buf_reserve(&buf, 0), COG_OK);
    CHECK_ERR(cog_buf_reserve(&buf, 1), COG_TOO_LARGE);
    cog_buf_init(&buf, 300);
    CHECK_ERR(cog_buf_reserve(&buf, 257), COG_OK);
    CHECK(buf.size == 300);
    cog_buf_free(&buf);
}

int main(void) {
    test_growth();
    test_limits();
    return T_END();
}
