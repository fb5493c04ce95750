/* A growable array of octets, wiped when it is emptied. */
#ifndef COGNITO_HTTP_BYTES_H
#define COGNITO_HTTP_BYTES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *data;
    size_t length;
    size_t size;
} http_bytes;

/* Room for so many more octets behind the last. False: out of memory. */
bool http_bytes_reserve(http_bytes *bytes, size_t more);
bool http_bytes_add(http_bytes *bytes, const char *data, size_t length);
/* Wipes; large memory is given back. */
void http_bytes_clear(http_bytes *bytes);
void http_bytes_free(http_bytes *bytes);

#endif
