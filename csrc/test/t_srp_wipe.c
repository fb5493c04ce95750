/* What SRP leaves in freed memory: nothing that leads to the password. All memory of OpenSSL and of the core goes
 * through a hook that looks at each block as it is freed for a, x, S and K, as octets and as the words of a number. */
#include "t.h"
#include "../core/srp_math.h"

#include <openssl/crypto.h>

enum { PATTERNS = 12, LENGTH = 16, HEADER = 32 };

static unsigned char patterns[PATTERNS][LENGTH];
static int pattern_count, found;
static bool watching;
static unsigned long looked_at;

static bool contains(const unsigned char *block, size_t n, const unsigned char *pattern) {
    for (size_t i = 0; i + LENGTH <= n; i++)
        if (block[i] == pattern[0] && memcmp(block + i, pattern, LENGTH) == 0) return true;
    return false;
}

static void look(const unsigned char *block, size_t n, const char *file, int line) {
    if (!watching) return;
    looked_at++;
    for (int i = 0; i < pattern_count; i++)
        if (contains(block, n, patterns[i]))
            found++, printf("pattern %d is left in a block of %zu octets freed at %s:%d\n", i, n, file, line);
}

/* The size lies before each block. */
static void *hook_malloc(size_t n, const char *file, int line) {
    (void)file, (void)line;
    unsigned char *p = calloc(1, n + HEADER);
    if (!p) return NULL;
    memcpy(p, &n, sizeof n);
    return p + HEADER;
}

static void hook_free(void *block, const char *file, int line) {
    if (!block) return;
    size_t n;
    unsigned char *p = (unsigned char *)block - HEADER;
    memcpy(&n, p, sizeof n);
    look(block, n, file, line);
    free(p);
}

static void *hook_realloc(void *old, size_t n, const char *file, int line) {
    size_t before = 0;
    if (old) memcpy(&before, (unsigned char *)old - HEADER, sizeof before);
    void *p = hook_malloc(n, file, line);
    if (p && old) memcpy(p, old, before < n ? before : n), hook_free(old, file, line);
    return p;
}

/* The middle of a number, in both orders. */
static void watch_for(const unsigned char *octets, size_t n) {
    const unsigned char *middle = octets + (n - LENGTH) / 2;
    memcpy(patterns[pattern_count++], middle, LENGTH);
    for (int i = 0; i < LENGTH; i++) patterns[pattern_count][i] = middle[LENGTH - 1 - i];
    pattern_count++;
}

static void watch_number(const BIGNUM *number) {
    unsigned char octets[COG_SRP_SIZE + SRP_FIXED_MAX];
    int n = BN_num_bytes(number);
    if (BN_bn2binpad(number, octets, n) != n) abort();
    watch_for(octets, (size_t)n);
}

static const char a_hex[] = "5c69de28a2b93bea3c8763bb058eda65e23b9fd2937eb7a9e52175934c7d0f1e2d3c4b5a69788796";
static cog_srp_challenge challenge_of(void) {
    return (cog_srp_challenge){t_slice("792ec146f4726797719027c266e79aec"), t_slice("e72ad7ea34a8b0eb9e062b4b19546d69"),
                               t_slice("Ch1Zkb9yJmtruaeo"), t_slice("Sat Nov 7 03:04:05 UTC 2026")};
}

/* Computes once in the open what must not be found later. */
static void learn(const cog_srp_group *group, const cog_srp_identity *who) {
    srp_work w;
    unsigned char key[SRP_KEY];
    cog_srp_challenge challenge = challenge_of();
    cog_srp *srp = cog_srp_fixed(group, t_slice(a_hex));
    if (!srp || srp_work_begin(&w)) abort();
    watch_number(srp->a);
    if (srp_read_hex(challenge.salt, COG_SRP_SALT_MAX, COG_BAD_HEX, w.salt)) abort();
    if (srp_read_hex(challenge.b, COG_SRP_SIZE, COG_BAD_HEX, w.b)) abort();
    if (srp_client_key(group, srp, who, &w, key)) abort();
    watch_number(w.x);
    watch_number(w.s);
    watch_for(key, sizeof key);
    srp_work_end(&w);
    cog_srp_free(srp);
}

static void test_claim(const cog_srp_group *group, const cog_srp_identity *who) {
    char signature[COG_SRP_SIGNATURE_SIZE];
    cog_srp_challenge challenge = challenge_of();
    watching = true;
    cog_srp *srp = cog_srp_fixed(group, t_slice(a_hex));
    CHECK_ERR(cog_srp_claim(group, srp, who, &challenge, signature), COG_OK);
    cog_srp_free(srp);
    srp = cog_srp_fixed(group, t_slice(a_hex)); /* given up before it was used */
    cog_srp_free(srp);
    watching = false;
    CHECK(found == 0 && looked_at > 20);
}

/* The hook sees what is there: a number that is freed without being cleared. */
static void test_hook(void) {
    BIGNUM *a = NULL;
    watching = true;
    if (!BN_hex2bn(&a, a_hex)) abort();
    BN_free(a);
    watching = false;
    CHECK(found > 0);
}

int main(void) {
    if (!CRYPTO_set_mem_functions(hook_malloc, hook_realloc, hook_free)) return puts("0 passed, 1 failed"), 1;
    cog_srp_group *group = cog_srp_group_new();
    const cog_srp_identity who = {t_slice("pool"), t_slice("user"), t_slice("correct horse battery")};
    if (!group) abort();
    learn(group, &who);
    test_claim(group, &who);
    printf("the next line is the hook's own test\n");
    test_hook();
    cog_srp_group_free(group);
    return T_END();
}
