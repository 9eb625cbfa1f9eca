/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Say what a file is that should have been a weight file but is not. */
#include "weights/private.h"

#include <string.h>

typedef struct magic {
    const char *bytes;
    uint16_t length, offset;
    const char *what;
} magic;

#define MAGIC(bytes, offset, what)                                             \
    {                                                                          \
        bytes, sizeof(bytes) - 1, offset, what                                 \
    }

static const magic magics[] = {
    MAGIC("version https://git-lfs", 0,
          "a Git LFS pointer, whose file \"git lfs pull\" fetches"),
    MAGIC("PK\3\4", 0,
          "a zip archive, as PyTorch's pickle checkpoints (.pt, .pth) are"),
    MAGIC("\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9", 0,
          "a legacy PyTorch pickle checkpoint"),
    MAGIC("\x80\2", 0, "a Python pickle"),
    MAGIC("\x80\3", 0, "a Python pickle"),
    MAGIC("\x80\4", 0, "a Python pickle"),
    MAGIC("\x80\5", 0, "a Python pickle"),
    MAGIC("GGUF", 0, "a GGUF file"),
    MAGIC("lmgg", 0, "a GGML file"),
    MAGIC("TFL3", 4, "a TensorFlow Lite model"),
    MAGIC("\x89HDF\r\n\x1a\n", 0, "an HDF5 file, as Keras checkpoints are"),
    MAGIC("\x93NUMPY", 0, "a NumPy array (.npy)"),
    MAGIC("ftyp", 4, "an MP4 or QuickTime file"),
    MAGIC("moov", 4, "an MP4 or QuickTime file"),
    MAGIC("\x1a\x45\xdf\xa3", 0, "a Matroska or WebM file"),
    MAGIC("AVI ", 8, "an AVI file"),
    MAGIC("WAVE", 8, "a WAVE sound file"),
    MAGIC("WEBP", 8, "a WebP picture"),
    MAGIC("OggS", 0, "an Ogg file"),
    MAGIC("fLaC", 0, "a FLAC sound file"),
    MAGIC("ID3", 0, "an MP3 file"),
    MAGIC("\xff\xfb", 0, "an MP3 file"),
    MAGIC("\x89PNG\r\n", 0, "a PNG picture"),
    MAGIC("\xff\xd8\xff", 0, "a JPEG picture"),
    MAGIC("GIF8", 0, "a GIF picture"),
    MAGIC("\x1f\x8b", 0, "a gzip file"),
    MAGIC("\x28\xb5\x2f\xfd", 0, "a Zstandard file"),
    MAGIC("\xfd\x37zXZ", 0, "an xz file"),
    MAGIC("BZh", 0, "a bzip2 file"),
    MAGIC("7z\xbc\xaf\x27\x1c", 0, "a 7-Zip archive"),
    MAGIC("ustar", 257, "a tar archive"),
    MAGIC("\x7f"
          "ELF",
          0, "a program or library (ELF)"),
    MAGIC("%PDF", 0, "a PDF document"),
    MAGIC("<!DOCTYPE", 0, "a web page, perhaps saved instead of a download"),
    MAGIC("<!doctype", 0, "a web page, perhaps saved instead of a download"),
    MAGIC("<html", 0, "a web page, perhaps saved instead of a download"),
    MAGIC("{", 0, "JSON text"),
};

static bool is_text(const uint8_t *data, size_t size)
{
    size_t n = size < 512 ? size : 512;
    for (size_t i = 0; i < n; i++)
        if ((data[i] < 0x20 && !strchr("\t\n\r\f", data[i])) || !data[i] ||
            data[i] == 0x7F)
            return false;
    return n > 0;
}

static bool is_zeros(const uint8_t *data, size_t size)
{
    size_t n = size < 512 ? size : 512;
    for (size_t i = 0; i < n; i++)
        if (data[i])
            return false;
    return n > 0;
}

/* ONNX has no magic: a protobuf whose field 1 is a small version number and
 * whose next one names the producer. */
static bool is_onnx(const uint8_t *data, size_t size)
{
    return size > 4 && data[0] == 0x08 && data[1] < 0x20 && data[2] == 0x12 &&
           data[3] < 0x40;
}

const char *s2vi_foreign_format(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        const magic *m = &magics[i];
        if (size >= (size_t)m->offset + m->length &&
            !memcmp(data + m->offset, m->bytes, m->length))
            return m->what;
    }
    if (is_onnx(data, size))
        return "an ONNX model";
    if (is_zeros(data, size))
        return "zero bytes, as left by an interrupted copy or download";
    if (is_text(data, size))
        return "text";
    return NULL;
}
