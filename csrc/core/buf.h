/* A growable buffer that is born with its cap. What it held is wiped, also when it moves in memory. */
#ifndef COG_BUF_H
#define COG_BUF_H

#include "../cognito.h"

typedef struct {
    unsigned char *data;
    size_t len;  /* octets in use */
    size_t size; /* octets allocated */
    size_t cap;  /* len never exceeds it */
} cog_buf;

/* An empty buffer owns nothing: init cannot fail, and free may follow it at once or twice. */
void cog_buf_init(cog_buf *buf, size_t cap);
void cog_buf_free(cog_buf *buf);

/* Forget the content (wiped), keep the memory. */
void cog_buf_clear(cog_buf *buf);

/* Make room for `more` octets behind the content: COG_TOO_LARGE beyond the cap, COG_MEMORY. The content stays. */
cog_err cog_buf_reserve(cog_buf *buf, size_t more);
cog_err cog_buf_add(cog_buf *buf, const void *data, size_t len);

#endif
