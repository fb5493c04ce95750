/*
 * The plain C programs beside which the verifier is measured, on the same OpenSSL.
 *
 *   bench_verify verify N TOKENFILE PEMFILE   N signatures: base64url of the signature, SHA-256 of the input,
 *                                             EVP_PKEY_verify with one kept context; no header and no claim is read
 *   bench_verify decode N TOKENFILE           N times: base64url of the payload, the number behind "exp":
 *
 * Prints microseconds of CPU and of wall time for one.
 */
#include "clocks.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char token[65536];

static void must(int ok) {
    if (ok) return;
    fprintf(stderr, "bench_verify: failed\n");
    exit(1);
}

static void prepare(const char *path) {
    FILE *file = fopen(path, "rb");
    must(file != NULL && fgets(token, sizeof token, file) != NULL);
    fclose(file);
    token[strcspn(token, "\n")] = '\0';
}

/* As libcrypto can do it: in its own alphabet, with padding. */
static size_t decode(const char *in, size_t n, unsigned char *out) {
    static unsigned char plain[65536];
    size_t padded = (n + 3) / 4 * 4;
    for (size_t i = 0; i < n; i++) plain[i] = in[i] == '-' ? '+' : in[i] == '_' ? '/' : (unsigned char)in[i];
    for (size_t i = n; i < padded; i++) plain[i] = '=';
    int len = EVP_DecodeBlock(out, plain, (int)padded);
    return len < 0 ? 0 : (size_t)len - (padded - n);
}

static EVP_PKEY_CTX *read_key(const char *path) {
    FILE *file = fopen(path, "rb");
    must(file != NULL);
    EVP_PKEY *key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
    fclose(file);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    must(EVP_PKEY_verify_init(context) > 0 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0 &&
         EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0);
    return context;
}

static void verify(EVP_PKEY_CTX *context) {
    unsigned char digest[32], signature[1024];
    const char *dot = strrchr(token, '.');
    must(dot != NULL);
    size_t len = decode(dot + 1, strlen(dot + 1), signature);
    SHA256((const unsigned char *)token, (size_t)(dot - token), digest);
    must(EVP_PKEY_verify(context, signature, len, digest, sizeof digest) > 0);
}

static long read_exp(void) {
    unsigned char payload[65536];
    const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    must(second != NULL);
    payload[decode(first + 1, (size_t)(second - first - 1), payload)] = '\0';
    const char *exp = strstr((const char *)payload, "\"exp\":");
    must(exp != NULL);
    return strtol(exp + 6, NULL, 10);
}

int main(int argc, char **argv) {
    must(argc >= 4);
    long count = atol(argv[2]);
    int verifies = strcmp(argv[1], "verify") == 0;
    prepare(argv[3]);
    EVP_PKEY_CTX *context = verifies ? read_key(argv[4]) : NULL;
    long sum = 0;
    double c = cpu(), w = wall();
    for (long i = 0; i < count; i++) {
        if (verifies) verify(context);
        else sum += read_exp();
    }
    c = cpu() - c;
    w = wall() - w;
    must(verifies || sum != 0);
    printf("%.4f %.4f\n", c / (double)count, w / (double)count);
    return 0;
}
