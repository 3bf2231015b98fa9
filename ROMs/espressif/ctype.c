// newlib's table of the classes of characters: upper 1, lower 2, digit 4, space 8, punctuation 16, control 32, hexadecimal 64, blank 128.
#include "chip.h"

extern const u8 _ctype_[257];
const u8 *const __ctype_ptr__ __attribute__((section(".ctype_pointer"))) = _ctype_;
#define C(c) [(c) + 1]
#define R(a, b) [(a) + 1 ...(b) + 1]
const u8 _ctype_[257] __attribute__((section(".ctype"))) = {
    R(0, 8) = 32, R('\t', '\r') = 32 | 8, R(14, 31) = 32, C(' ') = 8 | 128, R('!', '/') = 16, R('0', '9') = 4, R(':', '@') = 16, R('A', 'F') = 1 | 64,
    R('G', 'Z') = 1, R('[', '`') = 16, R('a', 'f') = 2 | 64, R('g', 'z') = 2, R('{', '~') = 16, C(127) = 32,
};
