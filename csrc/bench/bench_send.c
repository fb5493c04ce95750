/*
 * Sends one request of the API over and over on a kept connection, with libcurl's easy interface: what a plain C
 * program pays for a request that somebody else has built.
 *
 *   bench_send N URL TARGET BODY
 *
 * Prints the CPU time of a request in microseconds, after a warm-up, and the wall time.
 */
#include "clocks.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER = 65536, WARM_UP = 50 };

static char answer[ANSWER];
static size_t length;

static void die(const char *message) {
    fprintf(stderr, "bench_send: %s\n", message);
    exit(1);
}

static size_t keep(char *data, size_t size, size_t count, void *self) {
    (void)self;
    size_t n = size * count;
    if (length + n > sizeof answer) return 0;
    memcpy(answer + length, data, n);
    length += n;
    return n;
}

static struct curl_slist *headers(const char *target) {
    static const char *const plain[] = {"Content-Type: application/x-amz-json-1.1", "Cache-Control: no-store",
                                        "amz-sdk-invocation-id: 0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d",
                                        "amz-sdk-request: attempt=1; max=3", "User-Agent: bench"};
    char name[256];
    snprintf(name, sizeof name, "X-Amz-Target: %s", target);
    struct curl_slist *list = curl_slist_append(NULL, name);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) list = curl_slist_append(list, plain[i]);
    return list;
}

static void post(CURL *easy) {
    long status = 0;
    length = 0;
    if (curl_easy_perform(easy) != CURLE_OK) die("the request failed");
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 || length == 0 || answer[0] != '{') die("not the answer that was expected");
}

static void run(CURL *easy, long count) {
    for (int i = 0; i < WARM_UP; i++) post(easy);
    double cpu_start = cpu(), wall_start = wall();
    for (long i = 0; i < count; i++) post(easy);
    printf("%.3f %.3f\n", (cpu() - cpu_start) / (double)count, (wall() - wall_start) / (double)count);
}

int main(int argc, char **argv) {
    if (argc != 5) die("usage: bench_send N URL TARGET BODY");
    CURL *easy = curl_easy_init();
    struct curl_slist *list = headers(argv[3]);
    if (!easy || !list) die("out of memory");
    curl_easy_setopt(easy, CURLOPT_URL, argv[2]);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, argv[4]);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    run(easy, atol(argv[1]));
    curl_slist_free_all(list);
    curl_easy_cleanup(easy);
    return 0;
}
