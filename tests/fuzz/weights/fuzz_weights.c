/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz the weight file reader: open arbitrary bytes, then do all that may be
 * done with what opened. */
#include "fuzz.h"

#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

static void walk_tensor(const s2v_weights *w, size_t i, size_t file_size)
{
    s2v_error err = {0};
    s2v_tensor_info info = {.size = sizeof(info)};
    REQUIRE(s2v_weights_get_tensor(w, i, &info) == S2V_OK);
    const s2vi_tensor *t = s2vi_weights_find(w, info.name);
    REQUIRE(t == s2vi_weights_at(w, i));
    REQUIRE(info.byte_offset + info.byte_size <= file_size);
    float *values = malloc((t->count + 1) * sizeof(*values));
    REQUIRE(values != NULL);
    int ret = s2vi_weights_read_f32(w, t, values, &err);
    fuzz_require_sentence(ret, &err);
    for (size_t k = 0; k < t->count && ret >= 0; k++)
        REQUIRE(values[k] - values[k] == 0); /* finite */
    free(values);
}

/* A file has the tensors that it has; not so if one is changed. */
static void check_against_itself(const s2v_weights *w)
{
    static const char *const ignore[] = {"*.a*b", "__*", NULL};
    s2v_error err = {0};
    size_t n = s2v_weights_count(w);
    bool floats = true;
    s2vi_expect *expected = calloc(n + 1, sizeof(*expected));
    REQUIRE(expected != NULL);
    for (size_t i = 0; i < n; i++) {
        const s2vi_tensor *t = s2vi_weights_at(w, i);
        expected[i].name = t->name;
        expected[i].rank = t->rank;
        memcpy(expected[i].shape, t->shape, sizeof(t->shape));
        floats = floats && s2vi_stored_is_float(t->type);
    }
    int ret = s2vi_weights_check(w, expected, n, NULL, &err);
    REQUIRE((ret == S2V_OK) == floats);
    if (n) {
        expected[0].name = "no.such.tensor";
        expected[n - 1].rank = 1;
        expected[n - 1].shape[0] = INT64_MAX;
        ret = s2vi_weights_check(w, expected, n, ignore, &err);
        REQUIRE(ret == S2V_ERR_MODEL);
        fuzz_require_sentence(ret, &err);
    }
    free(expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    s2v_error err = {0};
    s2v_weights *w = NULL;
    int ret = s2vi_weights_open_memory(&w, data, size, "fuzz.bin", &err);
    REQUIRE((ret == S2V_OK) == (w != NULL));
    fuzz_require_sentence(ret, &err);
    if (!w)
        return 0;
    for (size_t i = 0; i < s2v_weights_count(w); i++)
        walk_tensor(w, i, size);
    const char *key;
    for (size_t i = 0; (key = s2v_weights_get_metadata_key(w, i)); i++)
        REQUIRE(s2v_weights_get_metadata(w, key) != NULL);
    fuzz_require_sentence(s2v_weights_verify(w, &err), &err);
    check_against_itself(w);
    s2v_weights_close(&w);
    return 0;
}
