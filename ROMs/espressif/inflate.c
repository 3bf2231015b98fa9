// Deflate and zlib streams (RFC 1950, 1951), decompressed piece by piece; the interface is that of miniz's tinfl.
#include "rom.h"

enum { has_more_input = 2, zlib_header = 1, no_wrap = 4, compute_adler = 8 };
enum { bad_parameter = -3, adler_mismatch = -2, failed = -1, done = 0, needs_input = 1, has_output = 2 };

// Codes of one length are consecutive: `count` by length, symbols in order of code. `fast` has what the next bits are, symbol << 4 | length
// of its code, or 0 where the code is longer than those bits.
#define FAST_BITS 9
typedef struct { u16 count[16], fast[1 << FAST_BITS], symbol[288]; } Lengths;
typedef struct { u16 count[16], fast[1 << FAST_BITS], symbol[32]; } Distances;

/// What lasts between calls. miniz's own is larger; its users clear only the first word.
struct Inflate {
  u32 step, bits, bit_count, final, length, distance, adler_kept, adler, literals, distances, index, type, adler_low, adler_high;
  u8 lengths[320];
  Lengths literal;
  Distances far;
};

enum Step { start, header, block, stored, stored_copy, table, code_lengths, lengths_of, symbols, copy, trailer, finished, broken };

static const u32 orders[5] ROM_WORDS = {0x00121110, 0x06090708, 0x040B050A, 0x020D030C, 0x000F010E};
static u32 order(u32 i) { return orders[i / 4] >> 8 * (i & 3) & 0xFF; }

/// A canonical code from the lengths of `n` symbols. False when the lengths make no code; an incomplete one is allowed.
static int build(u16 *count, u16 *fast, u16 *symbol, const u8 *lengths, u32 n) {
  u16 next[16], code[16];
  int left = 1;
  memset(count, 0, 32);
  memset(fast, 0, 2 << FAST_BITS);
  for (u32 i = 0; i < n; i++) count[lengths[i]]++;
  count[0] = 0;
  for (u32 i = 1, sum = 0, first = 0; i < 16; i++) {
    left = left * 2 - count[i];
    if (left < 0) return 0;
    next[i] = sum, sum += count[i];
    code[i] = first, first = (first + count[i]) << 1;
  }
  for (u32 i = 0; i < n; i++) {
    u32 length = lengths[i], reversed = 0;
    if (!length) continue;
    symbol[next[length]++] = i;
    u32 c = code[length]++;
    if (length > FAST_BITS) continue;
    for (u32 j = 0; j < length; j++) reversed = reversed << 1 | (c >> j & 1);
    for (; reversed < 1 << FAST_BITS; reversed += 1 << length) fast[reversed] = i << 4 | length;
  }
  return 1;
}

/// The symbol at the head of the bits, or -1 when more bits are needed, -2 when there is no such code. `used` tells its length.
static int decode(const Inflate *s, const u16 *count, const u16 *fast, const u16 *symbol, u32 *used) {
  u32 known = fast[s->bits & ((1 << FAST_BITS) - 1)];
  if (known && (known & 15) <= s->bit_count) {
    *used = known & 15;
    return known >> 4;
  }
  u32 code = 0, first = 0, index = 0;
  for (u32 n = 1; n < 16; n++) {
    if (n > s->bit_count) return -1;
    code |= s->bits >> (n - 1) & 1;
    if (code - first < count[n]) {
      *used = n;
      return symbol[index + code - first];
    }
    index += count[n], first = (first + count[n]) << 1, code <<= 1;
  }
  return -2;
}

static void drop(Inflate *s, u32 n) { s->bits >>= n, s->bit_count -= n; }

static u32 length_bits(u32 i) { return i < 8 || i == 28 ? 0 : i / 4 - 1; }
static u32 length_base(u32 i) { return i == 28 ? 258 : i < 8 ? i + 3 : ((4 + i % 4) << (i / 4 - 1)) + 3; }
static u32 distance_bits(u32 i) { return i < 2 ? 0 : i / 2 - 1; }
static u32 distance_base(u32 i) { return i < 2 ? i + 1 : ((2 + i % 2) << (i / 2 - 1)) + 1; }

/// Decompresses from `in` to `out`, which lies in the buffer that begins at `base`: a ring of a power of two bytes, or all of the output.
int tinfl_decompress(Inflate *s, const u8 *in, u32 *in_size, u8 *base, u8 *out, u32 *out_size, u32 flags) {
  const u8 *p = in, *in_end = in + *in_size;
  u8 *q = out, *out_end = out + *out_size;
  u32 mask = flags & no_wrap ? 0xFFFFFFFF : (u32)(out_end - base) - 1;
  int result = failed;
  if (((mask + 1) & mask) || out < base) {
    *in_size = *out_size = 0;
    return bad_parameter;
  }
  if (s->step == start) memset(s, 0, sizeof *s), s->adler_low = 1, s->step = flags & zlib_header ? header : block;

#define NEED(n) \
  while (s->bit_count < (n)) { \
    if (p == in_end) goto starved; \
    s->bits |= (u32)*p++ << s->bit_count, s->bit_count += 8; \
  }
// A code may end before the bits are full: only ask for more when it does not decode.
#define SYMBOL(to, tree, used) \
  while ((to = decode(s, s->tree.count, s->tree.fast, s->tree.symbol, &used)) == -1) { \
    if (p == in_end) goto starved; \
    s->bits |= (u32)*p++ << s->bit_count, s->bit_count += 8; \
  } \
  if (to < 0) goto corrupt;

  for (;;) switch (s->step) {
      case header:
        NEED(16)
        if ((s->bits & 0xF) != 8 || ((s->bits & 0xFF) << 8 | (s->bits >> 8 & 0xFF)) % 31 || s->bits & 0x2000) goto corrupt;
        drop(s, 16);
        s->step = block;
        break;
      case block:
        if (s->final) {
          drop(s, s->bit_count & 7);
          s->step = flags & zlib_header ? trailer : finished;
          break;
        }
        NEED(3)
        s->final = s->bits & 1, s->type = s->bits >> 1 & 3;
        drop(s, 3);
        if (s->type == 3) goto corrupt;
        if (s->type == 0) drop(s, s->bit_count & 7), s->step = stored;
        else if (s->type == 2) s->step = table;
        else {
          memset(s->lengths, 8, 144), memset(s->lengths + 144, 9, 112), memset(s->lengths + 256, 7, 24), memset(s->lengths + 280, 8, 8);
          build(s->literal.count, s->literal.fast, s->literal.symbol, s->lengths, 288);
          memset(s->lengths, 5, 32);
          build(s->far.count, s->far.fast, s->far.symbol, s->lengths, 32);
          s->index = 0;
          s->step = symbols;
        }
        break;
      case stored: {
        NEED(32)
        u32 v = s->bits;
        s->bits = 0, s->bit_count = 0;
        if ((v ^ v >> 16 ^ 0xFFFF) & 0xFFFF) goto corrupt;
        s->length = v & 0xFFFF;
        s->step = stored_copy;
        break;
      }
      case stored_copy:
        while (s->length) {
          if (q == out_end) goto full;
          if (p == in_end) goto starved;
          *q++ = *p++, s->length--;
        }
        s->step = block;
        break;
      case table:
        NEED(14)
        s->literals = (s->bits & 31) + 257, s->distances = (s->bits >> 5 & 31) + 1, s->length = (s->bits >> 10 & 15) + 4;
        drop(s, 14);
        memset(s->lengths, 0, sizeof s->lengths);
        s->index = 0;
        s->step = code_lengths;
        break;
      case code_lengths:
        for (; s->index < s->length; s->index++) {
          NEED(3)
          s->lengths[order(s->index)] = s->bits & 7;
          drop(s, 3);
        }
        if (!build(s->far.count, s->far.fast, s->far.symbol, s->lengths, 19)) goto corrupt;
        memset(s->lengths, 0, sizeof s->lengths);
        s->index = 0;
        s->step = lengths_of;
        break;
      case lengths_of:
        while (s->index < s->literals + s->distances) {
          int symbol;
          u32 used;
          SYMBOL(symbol, far, used)
          if (symbol < 16) {
            drop(s, used);
            s->lengths[s->index++] = symbol;
            continue;
          }
          u32 extra = symbol == 16 ? 2 : symbol == 17 ? 3 : 7, value = 0;
          NEED(used + extra)
          u32 repeat = (s->bits >> used & ((1 << extra) - 1)) + (symbol == 18 ? 11 : 3);
          if (symbol == 16) {
            if (!s->index) goto corrupt;
            value = s->lengths[s->index - 1];
          }
          if (s->index + repeat > s->literals + s->distances) goto corrupt;
          drop(s, used + extra);
          while (repeat--) s->lengths[s->index++] = value;
        }
        if (s->literals > 286 || !build(s->far.count, s->far.fast, s->far.symbol, s->lengths + s->literals, s->distances)) goto corrupt;
        if (!build(s->literal.count, s->literal.fast, s->literal.symbol, s->lengths, s->literals)) goto corrupt;
        s->index = 0;
        s->step = symbols;
        break;
      case symbols:
        if (s->index == 1) {  // the length is known, the distance not yet
          int symbol;
          u32 used;
          SYMBOL(symbol, far, used)
          if (symbol > 29) goto corrupt;
          drop(s, used);
          s->distance = symbol;
          s->index = 2;
        } else if (s->index == 2) {
          u32 extra = distance_bits(s->distance);
          NEED(extra)
          s->distance = distance_base(s->distance) + (s->bits & ((1u << extra) - 1));
          drop(s, extra);
          if (flags & no_wrap && s->distance > (u32)(q - base)) goto corrupt;
          s->index = 0;
          s->step = copy;
        } else {
          int symbol;
          u32 used;
          for (;;) {
            SYMBOL(symbol, literal, used)
            if (symbol > 255) break;
            if (q == out_end) goto full;
            drop(s, used);
            *q++ = symbol;
          }
          if (symbol == 256) drop(s, used), s->step = block;
          else {
            if (symbol > 285) goto corrupt;
            u32 extra = length_bits(symbol - 257);
            NEED(used + extra)
            s->length = length_base(symbol - 257) + (s->bits >> used & ((1 << extra) - 1));
            drop(s, used + extra);
            s->index = 1;
          }
        }
        break;
      case copy: {
        u32 at = q - base;
        for (; s->length; s->length--, at++) {
          if (q == out_end) goto full;
          *q++ = base[(at - s->distance) & mask];
        }
        s->step = symbols;
        break;
      }
      case trailer:
        NEED(32)
        s->adler_kept = s->bits << 24 | (s->bits & 0xFF00) << 8 | (s->bits >> 8 & 0xFF00) | s->bits >> 24;
        s->bits = 0, s->bit_count = 0;
        s->step = finished;
        break;
      case finished: result = done; goto leave;
      default: goto corrupt;
    }
full:
  result = has_output;
  goto leave;
starved:
  result = flags & has_more_input ? needs_input : failed;
  if (result == failed) s->step = broken;
  goto leave;
corrupt:
  s->step = broken;
leave:
  // Whole bytes that were not needed go back.
  if (result == done || result == has_output)
    while (s->bit_count >= 8 && p > in) p--, s->bit_count -= 8;
  s->bits &= s->bit_count < 32 ? (1u << s->bit_count) - 1 : 0xFFFFFFFF;
  *in_size = p - in, *out_size = q - out;
  if (flags & (zlib_header | compute_adler) && result >= 0) {
    for (u8 *o = out; o < q;) {
      u8 *end = q - o > 4096 ? o + 4096 : q;
      for (; o < end; o++) s->adler_low += *o, s->adler_high += s->adler_low;
      s->adler_low %= 65521, s->adler_high %= 65521;
    }
    s->adler = s->adler_high << 16 | s->adler_low;
    if (result == done && flags & zlib_header && s->adler != s->adler_kept) result = adler_mismatch;
  }
  return result;
}

u32 tinfl_size(void) { return sizeof(Inflate); }
