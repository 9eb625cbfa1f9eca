/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_program S2V-IMPACTS: the program itself: what it writes, read back, and
 * what it says to mistakes. */
#define _POSIX_C_SOURCE 200809L

#include "impacts.h"
#include "media/media.h"
#include "media/media_stream.h"
#include "scratch.h"

#include <jansson.h>
#include <libavutil/log.h>
#include <math.h>

static char *program;

static int run(const char *arguments, char **said)
{
    return run_program(program, arguments, NULL, said);
}

/* The decoded pictures' number, size and checksum. */
static int64_t read_pictures(const char *name, int *size, uint32_t *sum)
{
    s2vi_media_stream m = {0};
    s2v_error err = {0};
    char *path = in_folder(name);
    int64_t frames = 0;
    int ret = s2vi_media_stream_open(&m, path, AVMEDIA_TYPE_VIDEO, &err);
    *sum = 0;
    while (!ret && !(ret = s2vi_media_stream_next(&m, &err))) {
        *size = m.frame->width == m.frame->height ? m.frame->width : -1;
        for (int y = 0; y < m.frame->height; y++)
            for (int x = 0; x < m.frame->width; x++)
                *sum =
                    *sum * 31 + m.frame->data[0][y * m.frame->linesize[0] + x];
        frames++;
    }
    CHECK(ret == S2V_ERR_EOF, "%s: %d %s", name, ret, err.message);
    s2vi_media_stream_close(&m);
    g_free(path);
    return frames;
}

static int64_t read_sound(const char *name, double *power)
{
    const s2vi_sound_form form = {.rate = 44100};
    float *samples = NULL;
    int64_t n = 0;
    s2v_error err = {0};
    char *path = in_folder(name);
    int ret = s2vi_sound_load(path, form, &samples, &n, &err);
    CHECK(!ret, "%s", err.message);
    *power = 0;
    for (int64_t i = 0; i < n; i++)
        *power += (double)samples[i] * samples[i];
    free(samples);
    g_free(path);
    return n;
}

static json_t *read_truth(const char *name)
{
    char *path = in_folder(name);
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    CHECK(root, "%s: %s", name, error.text);
    g_free(path);
    return root;
}

static bool same_bytes(const char *a, const char *b)
{
    char *text[2] = {NULL, NULL}, *path[2] = {in_folder(a), in_folder(b)};
    gsize n[2] = {0, 1};
    for (int i = 0; i < 2; i++) {
        g_file_get_contents(path[i], &text[i], &n[i], NULL);
        g_free(path[i]);
    }
    bool same =
        text[0] && text[1] && n[0] == n[1] && !memcmp(text[0], text[1], n[0]);
    g_free(text[0]);
    g_free(text[1]);
    return same;
}

/* --------------------------------------------------------------- cases -- */

static void test_rates(void)
{
    static const struct {
        const char *arguments, *name, *rate;
        int64_t frames, samples;
        int size;
    } cases[] = {
        {"-d 2 -s 32 -r 15 -o a.mkv", "a.mkv", "15/1", 30, 88200, 32},
        {"-d 2 -s 48 -r 21.5 -o b.mkv", "b.mkv", "43/2", 43, 88200, 48},
        {"-d 1.5 -s 32 -o c.mkv", "c.mkv", "25/1", 38, 66150, 32},
        {"-d 2 -s 16 -r 30000/1001 -o d.mkv", "d.mkv", "30000/1001", 60, 88200,
         16},
        {"-d 2 -s 32 -r 23.976 -o e.mkv", "e.mkv", "2997/125", 48, 88200, 32},
        {"-d 2 -s 32 -r 30 -o f.mp4", "f.mp4", "30/1", 60, 88200, 32},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *name = cases[i].name;
        int size = 0;
        uint32_t sum;
        double power;
        CHECK(run(cases[i].arguments, NULL) == 0, "%s", cases[i].arguments);
        CHECK(read_pictures(name, &size, &sum) == cases[i].frames, "%s: frames",
              name);
        CHECK(size == cases[i].size, "%s: size %d", name, size);
        const int64_t expected = cases[i].samples;
        const int64_t n = read_sound(name, &power);
        CHECK(n >= expected && n < expected + 2048, "%s: %lld samples", name,
              (long long)n);
        CHECK(strstr(name, ".mp4") || n == expected, "%s: %lld samples", name,
              (long long)n);
        char *truth = g_strndup(name, 1),
             *json = g_strconcat(truth, ".json", NULL);
        json_t *root = read_truth(json);
        const char *rate = json_string_value(json_object_get(root, "rate"));
        const char *clip = json_string_value(json_object_get(root, "clip"));
        CHECK(!g_strcmp0(rate, cases[i].rate), "%s: rate %s", name, rate);
        CHECK(!g_strcmp0(clip, name), "%s: clip %s", name, clip);
        json_decref(root);
        g_free(json);
        g_free(truth);
    }
}

static void check_swing(const json_t *swing, bool hit, double seconds)
{
    const json_t *at = json_object_get(swing, "position");
    const double time = json_real_value(json_object_get(swing, "time"));
    const double strength = json_real_value(json_object_get(swing, "strength"));
    CHECK(time > 0 && time < seconds, "time %g", time);
    CHECK(json_array_size(at) == 2, "position");
    for (size_t i = 0; i < 2; i++) {
        const double v = json_real_value(json_array_get(at, i));
        CHECK(v > 0 && v < 1, "position %g", v);
    }
    CHECK(json_is_string(json_object_get(swing, "material")), "material");
    CHECK(hit == (strength >= 0.3 && strength <= 1), "strength %g", strength);
}

static void test_truth(void)
{
    CHECK(run("-d 6 -s 16 --seed 3 --materials wood,glass --background -50 "
              "-o truth.wav",
              NULL) == 0,
          "status");
    json_t *root = read_truth("truth.json"), *one;
    size_t i;
    CHECK(json_array_size(json_object_get(root, "objects")) >= 2, "objects");
    json_array_foreach(json_object_get(root, "objects"), i, one)
    {
        const char *m = json_string_value(json_object_get(one, "material"));
        CHECK(!g_strcmp0(m, "wood") || !g_strcmp0(m, "glass"), "%s", m);
    }
    CHECK(json_array_size(json_object_get(root, "impacts")) > 3, "impacts");
    json_array_foreach(json_object_get(root, "impacts"), i, one)
        check_swing(one, true, 6);
    json_array_foreach(json_object_get(root, "misses"), i, one)
        check_swing(one, false, 6);
    json_decref(root);
}

/* A folder of clips, each the same as one by itself. */
static void test_folder(void)
{
    CHECK(run("-n 3 -d 1 -s 16 --seed 8 -o many", NULL) == 0, "many");
    CHECK(run("-d 1 -s 16 --seed 9 -o 9.mkv", NULL) == 0, "one");
    CHECK(same_bytes("many/9.mkv", "9.mkv"), "another clip");
    CHECK(same_bytes("many/9.json", "9.json"), "another truth");
    CHECK(!same_bytes("many/8.mkv", "many/9.mkv"), "seeds 8 and 9");
    CHECK(same_bytes("many/10.json", "many/10.json"), "the last is missing");
    CHECK(run("-n 1 -d 1 --format wav --seed 9 -o many", NULL) == 0, "again");
    CHECK(same_bytes("many/9.wav", "many/9.wav"), "no wav");
}

/* The same motion in another material: the picture's bytes are the same. */
static void test_other_sound(void)
{
    int size;
    uint32_t sum[2];
    double power[2];
    CHECK(!run("-d 3 -s 32 --seed 4 -o own.mkv", NULL) &&
              !run("-d 3 -s 32 --seed 4 --sound stone -o other.mkv", NULL),
          "status");
    read_pictures("own.mkv", &size, &sum[0]);
    read_pictures("other.mkv", &size, &sum[1]);
    read_sound("own.mkv", &power[0]);
    read_sound("other.mkv", &power[1]);
    CHECK(sum[0] == sum[1], "pictures %08x, %08x", sum[0], sum[1]);
    CHECK(fabs(power[0] - power[1]) > 0.01 * power[0], "power %g, %g", power[0],
          power[1]);
    json_t *own = read_truth("own.json"), *other = read_truth("other.json");
    json_t *a = json_array_get(json_object_get(own, "impacts"), 0);
    json_t *b = json_array_get(json_object_get(other, "impacts"), 0);
    CHECK(json_equal(json_object_get(a, "time"), json_object_get(b, "time")),
          "times");
    CHECK(!g_strcmp0(json_string_value(json_object_get(b, "sound")), "stone"),
          "sound");
    CHECK(json_equal(json_object_get(a, "material"),
                     json_object_get(b, "material")),
          "materials");
    json_decref(own);
    json_decref(other);
}

/* No sound track, the same picture, the same truth. */
static void test_silent(void)
{
    static const char *const names[] = {"mute.mkv", "mute.mp4"};
    uint32_t sum[2];
    int size;
    CHECK(!run("-d 2 -s 32 --seed 5 -o heard.mkv", NULL), "status");
    read_pictures("heard.mkv", &size, &sum[0]);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *line =
            g_strdup_printf("-d 2 -s 32 --seed 5 --silent -o %s", names[i]);
        char *path = in_folder(names[i]);
        s2vi_media_stream m = {0};
        s2v_error err = {0};
        CHECK(!run(line, NULL), "%s: status", names[i]);
        CHECK(read_pictures(names[i], &size, &sum[1]) == 50, "%s: frames",
              names[i]);
        CHECK(s2vi_media_stream_open(&m, path, AVMEDIA_TYPE_AUDIO, &err) < 0,
              "%s: has sound", names[i]);
        CHECK(i || sum[0] == sum[1], "pictures %08x, %08x", sum[0], sum[1]);
        s2vi_media_stream_close(&m);
        g_free(path);
        g_free(line);
    }
    json_t *heard = read_truth("heard.json"), *mute = read_truth("mute.json");
    CHECK(json_equal(json_object_get(heard, "impacts"),
                     json_object_get(mute, "impacts")),
          "impacts");
    json_decref(heard);
    json_decref(mute);
}

/* Each clip sounds of one material, which differ from clip to clip. */
static void test_any_sound(void)
{
    unsigned seen = 0;
    CHECK(!run("-n 6 -d 2 --format wav --sound any -o any", NULL), "status");
    for (int seed = 1; seed <= 6; seed++) {
        char path[32];
        snprintf(path, sizeof(path), "any/%d.json", seed);
        json_t *truth = read_truth(path), *object;
        json_t *objects = json_object_get(truth, "objects");
        const char *first = NULL;
        size_t i;
        json_array_foreach(objects, i, object)
        {
            const char *sound =
                json_string_value(json_object_get(object, "sound"));
            first = first ? first : sound;
            CHECK(!g_strcmp0(sound, first), "%s: %s, %s", path, sound, first);
        }
        CHECK(first, "%s: no sound", path);
        for (int m = 0; first && m < IMPACTS_MATERIALS; m++)
            if (!strcmp(first, impacts_material_name(m)))
                seen |= 1u << m;
        json_decref(truth);
    }
    CHECK(seen & (seen - 1), "all of one material");
}

/* The world film: equal options, equal bytes; the truth is one for s2v-eval,
 * and a sheet has a row for each kind. */
static void test_film(void)
{
    CHECK(run("--world film -n 2 -d 2 -s 32 --seed 8 -o films", NULL) == 0,
          "film");
    CHECK(run("--world film -d 2 -s 32 --seed 9 -o film9.mkv", NULL) == 0,
          "one film");
    CHECK(same_bytes("films/9.mkv", "film9.mkv"), "another film");
    CHECK(!same_bytes("films/8.mkv", "films/9.mkv"), "seeds 8 and 9");
    CHECK(run("--world film -d 3 -r 25 -s 32 --kinds ball --codec libx264 "
              "--sound glass -o ball.mkv",
              NULL) == 0,
          "ball");
    json_t *root = read_truth("ball.json"), *one;
    CHECK(!g_strcmp0(json_string_value(json_object_get(root, "rate")), "25/1"),
          "rate");
    json_t *film = json_object_get(root, "film");
    CHECK(!g_strcmp0(json_string_value(json_object_get(film, "codec")),
                     "libx264"),
          "codec");
    size_t i;
    json_array_foreach(json_object_get(root, "impacts"), i, one)
    {
        const json_t *region = json_object_get(one, "region");
        const double time = json_real_value(json_object_get(one, "time"));
        CHECK(time > 0 && time < 3, "time %g", time);
        CHECK(!g_strcmp0(json_string_value(json_object_get(one, "kind")),
                         "ball") &&
                  !g_strcmp0(json_string_value(json_object_get(one, "sound")),
                             "glass"),
              "impact %zu", i);
        CHECK(json_array_size(region) == 4, "region");
        for (size_t k = 0; k < 4; k++) {
            const double v = json_real_value(json_array_get(region, k));
            CHECK(v >= 0 && v <= 1, "region %g", v);
        }
    }
    CHECK(i > 1, "%zu impacts", i);
    CHECK(json_array_size(json_object_get(root, "sounding")) == 1, "sounding");
    json_decref(root);
    CHECK(run("--world film -d 2 -s 32 --kinds car -o car.wav", NULL) == 0,
          "car");
    root = read_truth("car.json");
    CHECK(!json_array_size(json_object_get(root, "impacts")) &&
              json_array_size(json_object_get(root, "silent")) >= 1,
          "a car that sounds");
    json_decref(root);
    CHECK(run("--world film --kinds ball,car --sheet kinds.png", NULL) == 0 &&
              same_bytes("kinds.png", "kinds.png"),
          "no sheet");
    CHECK(run("--world film -d 1 -s 32 --kinds car --sheet car.png -o more.wav",
              NULL) == 0 &&
              same_bytes("car.png", "car.png") &&
              same_bytes("more.wav", "more.wav"),
          "a sheet, no clip");
}

static void test_mistakes(void)
{
    static const struct {
        const char *arguments;
        int status;
        const char *says;
    } cases[] = {
        {"", 2, "no output given"},
        {"-o x.mov", 1, "must end in .mkv, .mp4 or .wav"},
        {"-o x", 1, "must end in .mkv, .mp4 or .wav"},
        {"-o nowhere/x.mkv", 1, "nowhere/x.mkv: cannot write the file"},
        {"-o x.mkv y", 2, "unexpected argument \"y\""},
        {"-o x.mkv -s 33", 2, "--size: expected an even number, found 33"},
        {"-o x.mkv -s 8", 2,
         "--size: expected a whole number from 16 to 4096, found '8'"},
        {"-o x.mkv -d 0", 2,
         "--seconds: expected a number from 1 to 3600, found '0'"},
        {"-o x.mkv -r 0.5", 2,
         "--rate: expected a number or a fraction from 1 to 120, found '0.5'"},
        {"-o x.mkv -r 30/0", 2, "from 1 to 120, found '30/0'"},
        {"-o x.mkv -r 25fps", 2, "from 1 to 120, found '25fps'"},
        {"-o x.mkv --seed -1", 2,
         "--seed: expected a whole number from 0 to 18446744073709551615, "
         "found '-1'"},
        {"-o x.mkv --materials wood,tin", 2,
         "--materials: expected some of wood,metal,glass,drum,plastic,stone, "
         "found 'wood,tin'"},
        {"-o x.mkv --materials wood,", 2, "found 'wood,'"},
        {"-o x.mkv --sound tin", 2,
         "--sound: expected wood, metal, glass, drum, plastic, stone or any, "
         "found 'tin'"},
        {"-o x.mkv --background 3", 2,
         "--background: expected a number from -90 to -20, found '3'"},
        {"-o x.mkv --format mkv", 2, "--format is for folders"},
        {"-o x.wav --silent", 2, "--silent cannot be used with .wav"},
        {"-o x -n 2 --format wav --silent", 2, "--silent cannot be used"},
        {"-o x -n 2 --format avi", 2,
         "--format: expected mkv, mp4 or wav, found 'avi'"},
        {"-o x -n 0", 2,
         "--count: expected a whole number from 1 to 1000000, found '0'"},
        {"-o a.mkv -n 2 -s 16", 1, "a.mkv"},
        {"-o x.mkv --kinds ball", 2,
         "--kinds is for --world film, not mallets"},
        {"-o x.mkv --codec mjpeg", 2, "--codec is for --world film"},
        {"--sheet x.png", 2, "--sheet is for --world film"},
        {"--world film --sheet x.jpg", 2,
         "--sheet: expected a file name that ends in .png, found 'x.jpg'"},
        {"-o x.mkv --world film --materials wood", 2,
         "--materials is for --world mallets, not film"},
        {"-o x.mkv --world film --background -40", 2, "--background is for"},
        {"-o x.mkv --world film --kinds ball,bat", 2, "found 'ball,bat'"},
        {"--world film --sheet nowhere/x.png", 1, "cannot write the sheet"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *said = NULL;
        const int status = run(cases[i].arguments, &said);
        CHECK(status == cases[i].status && said &&
                  strstr(said, cases[i].says) &&
                  g_str_has_prefix(said, "s2v-impacts: "),
              "%s: %d %s", cases[i].arguments, status, said);
        g_free(said);
    }
    CHECK(run("--help", NULL) == 0, "help");
    CHECK(run("--version", NULL) == 0, "version");
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    program = g_canonicalize_filename(argv[1], NULL);
    av_log_set_level(AV_LOG_QUIET);
    make_folder();
    test_rates();
    test_truth();
    test_folder();
    test_other_sound();
    test_any_sound();
    test_silent();
    test_film();
    test_mistakes();
    remove_folder();
    g_free(program);
    return check_done();
}
