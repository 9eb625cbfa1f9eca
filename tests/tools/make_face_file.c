/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* make_face_file OUT.bin DATA: face.bin from the folder of S2V_TEST_DATA. */
#include "face_file.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    s2v_error err = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: make_face_file OUT.bin DATA\n");
        return 2;
    }
    if (face_file_write(argv[1], argv[2], "face", &err) < 0) {
        fprintf(stderr, "make_face_file: %s\n", err.message);
        return 1;
    }
    return 0;
}
