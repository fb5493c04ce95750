#include "buf.h"

#include <openssl/crypto.h>
#include <string.h>

enum { FIRST_SIZE = 256 };

void cog_buf_init(cog_buf *buf, size_t cap) {
    *buf = (cog_buf){.cap = cap};
}

void cog_buf_free(cog_buf *buf) {
    OPENSSL_clear_free(buf->data, buf->size);
    cog_buf_init(buf, buf->cap);
}

void cog_buf_clear(cog_buf *buf) {
    if (buf->len) OPENSSL_cleanse(buf->data, buf->len);
    buf->len = 0;
}

/* At least `need`, at most the cap, else twice what there was: appending stays linear. */
static size_t next_size(const cog_buf *buf, size_t need) {
    size_t size = buf->size ? buf->size : FIRST_SIZE;
    while (size < need) size = size > buf->cap / 2 ? buf->cap : size * 2;
    return size < buf->cap ? size : buf->cap;
}

cog_err cog_buf_reserve(cog_buf *buf, size_t more) {
    if (more > buf->cap - buf->len) return COG_TOO_LARGE;
    if (more <= buf->size - buf->len) return COG_OK;
    size_t size = next_size(buf, buf->len + more);
    unsigned char *data = OPENSSL_malloc(size);
    if (!data) return COG_MEMORY;
    if (buf->len) memcpy(data, buf->data, buf->len);
    OPENSSL_clear_free(buf->data, buf->size);
    buf->data = data;
    buf->size = size;
    return COG_OK;
}

cog_err cog_buf_add(cog_buf *buf, const void *data, size_t len) {
    cog_err error = cog_buf_reserve(buf, len);
    if (error) return error;
    if (len) memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    return COG_OK;
}
