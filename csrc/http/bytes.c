#include "bytes.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 4096, KEPT_SIZE = 64 * 1024 };

/* Called through a pointer that the compiler must read, so that it cannot leave the call out; a few
 * times faster than OPENSSL_cleanse, which matters for two buffers a request. */
static void *(*const volatile fill)(void *, int, size_t) = memset;

static void wipe(http_bytes *bytes) {
    if (bytes->length > 0) fill(bytes->data, 0, bytes->length);
}

/* Not realloc: the old block must be wiped before it goes. */
bool http_bytes_reserve(http_bytes *bytes, size_t more) {
    size_t size = bytes->size ? bytes->size : FIRST_SIZE;
    if (more <= bytes->size - bytes->length) return true;
    while (size - bytes->length < more) size *= 2;
    char *data = malloc(size);
    if (data == NULL) return false;
    if (bytes->length > 0) memcpy(data, bytes->data, bytes->length);
    wipe(bytes);
    free(bytes->data);
    bytes->data = data;
    bytes->size = size;
    return true;
}

bool http_bytes_add(http_bytes *bytes, const char *data, size_t length) {
    if (!http_bytes_reserve(bytes, length)) return false;
    if (length > 0) memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
    return true;
}

void http_bytes_clear(http_bytes *bytes) {
    wipe(bytes);
    bytes->length = 0;
    if (bytes->size > KEPT_SIZE) http_bytes_free(bytes);
}

void http_bytes_free(http_bytes *bytes) {
    wipe(bytes);
    free(bytes->data);
    *bytes = (http_bytes){0};
}
