/* What the fuzz targets share. REQUIRE ends the process where a property does not hold. */
#ifndef FUZZ_H
#define FUZZ_H

#include "../cognito.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

static const unsigned char fuzz_seed[COG_SEED_SIZE + 1] = "0123456789abcdef";

/* A copy that may be changed, exactly as large as the input. */
static inline unsigned char *fuzz_copy(const uint8_t *data, size_t size) {
    unsigned char *copy = malloc(size ? size : 1);
    REQUIRE(copy);
    if (size) memcpy(copy, data, size);
    return copy;
}

#endif
