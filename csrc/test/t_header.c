/* Fields found in a header block. */
#include "t.h"
#include "../core/header.h"

static void finds(const char *block, const char *name, const char *wanted) {
    cog_slice value = {NULL, 0};
    unsigned char *tight = t_tight(block, strlen(block));
    bool found = cog_header_find((cog_slice){tight, strlen(block)}, t_slice(name), &value);
    CHECK(found == (wanted != NULL));
    if (found && wanted) CHECK(value.len == strlen(wanted) && memcmp(value.data, wanted, value.len) == 0);
    free(tight);
}

int main(void) {
    static const char block[] =
        "Content-Type: application/json\r\nX-Empty:\r\nx-amzn-RequestId:\t abc \t\r\nAge:1\r\nage: 2";
    finds(block, "content-type", "application/json");
    finds(block, "CONTENT-TYPE", "application/json");
    finds(block, "x-empty", "");
    finds(block, "X-Amzn-Requestid", "abc");
    finds(block, "Age", "1");
    finds(block, "Type", NULL);
    finds(block, "Content", NULL);
    finds(block, "Content-Type2", NULL);
    finds(block, "Content-Typ[", NULL);
    finds("a: 1\nb: 2\n", "b", "2");
    finds("a: 1\n\n\nb: 2", "b", "2");
    finds("", "a", NULL);
    finds("\r\n", "a", NULL);
    finds("a", "a", NULL);
    finds("a:", "a", "");
    finds("@: 1", "`", NULL);
    return T_END();
}
