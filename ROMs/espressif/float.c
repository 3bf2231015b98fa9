// Arithmetic of floating-point numbers (IEEE 754, to nearest even) in integers, under the names that compilers call.
#include "rom.h"

// A number under way is m × 2^(e - 63) for double, 2^(e - 31) for float: the leading one of m is its highest bit, and its
// lowest bit also stands for all that was shifted out.

typedef union { double f; u64 i; } Double;
typedef union { float f; u32 i; } Float;
#define D(bits) ((Double){.i = bits}.f)
#define F(bits) ((Float){.i = bits}.f)
static u64 double_bits(double v) { return (Double){.f = v}.i; }
static u32 float_bits(float v) { return (Float){.f = v}.i; }
#define SIGN64 (1ull << 63)
#define INF64 (0x7FFull << 52)
#define QUIET64 (1ull << 51)
#define SIGN32 (1u << 31)
#define INF32 (0xFFu << 23)
#define QUIET32 (1u << 22)

static int zeros32(u32 v) {
  int n = 0;
  if (!v) return 32;
  for (int step = 16; step; step >>= 1)
    if (!(v >> (32 - step))) n += step, v <<= step;
  return n;
}
static int zeros64(u64 v) { return v >> 32 ? zeros32(v >> 32) : 32 + zeros32(v); }
static u64 shift_out64(u64 v, int n) { return n > 63 ? v != 0 : n ? v >> n | (v << (64 - n) != 0) : v; }
static u32 shift_out32(u32 v, int n) { return n > 31 ? v != 0 : n ? v >> n | (v << (32 - n) != 0) : v; }

static u64 pack64(u64 sign, int e, u64 m) {
  if (!m) return sign;
  int n = zeros64(m), biased;
  m <<= n, biased = e - n + 1023;
  if (biased >= 2047) return sign | INF64;
  if (biased < 1) m = shift_out64(m, 1 - biased);
  u32 low = m & 0x7FF;
  m >>= 11;
  m += low > 0x400 || (low == 0x400 && m & 1);
  return sign | ((biased < 1 ? 0 : (u64)(biased - 1) << 52) + m);
}
static u32 pack32(u32 sign, int e, u32 m) {
  if (!m) return sign;
  int n = zeros32(m), biased;
  m <<= n, biased = e - n + 127;
  if (biased >= 255) return sign | INF32;
  if (biased < 1) m = shift_out32(m, 1 - biased);
  u32 low = m & 0xFF;
  m >>= 8;
  m += low > 0x80 || (low == 0x80 && m & 1);
  return sign | ((biased < 1 ? 0 : (u32)(biased - 1) << 23) + m);
}

/// Mantissa and exponent of a finite number that is not zero.
static u64 unpack64(u64 v, int *e) {
  int biased = v >> 52 & 0x7FF;
  if (biased) {
    *e = biased - 1023;
    return v << 11 | SIGN64;
  }
  u64 m = v << 11;
  int n = zeros64(m);
  *e = -1022 - n;
  return m << n;
}
static u32 unpack32(u32 v, int *e) {
  int biased = v >> 23 & 0xFF;
  if (biased) {
    *e = biased - 127;
    return v << 8 | SIGN32;
  }
  u32 m = v << 8;
  int n = zeros32(m);
  *e = -126 - n;
  return m << n;
}

static int nan64(u64 v) { return (v & ~SIGN64) > INF64; }
static int nan32(u32 v) { return (v & ~SIGN32) > INF32; }

static u64 add64(u64 a, u64 b) {
  if (nan64(a)) return a | QUIET64;
  if (nan64(b)) return b | QUIET64;
  u64 x = a & ~SIGN64, y = b & ~SIGN64;
  if (x == INF64) return y == INF64 && (a ^ b) & SIGN64 ? a | QUIET64 : a;
  if (y == INF64) return b;
  if (x < y) {
    u64 t = a;
    a = b, b = t;
    t = x, x = y, y = t;
  }
  if (!y) return x ? a : a & b;
  int e, eb;
  u64 m = unpack64(x, &e) >> 1, n = unpack64(y, &eb) >> 1;
  n = shift_out64(n, e - eb);
  if (!((a ^ b) & SIGN64)) return pack64(a & SIGN64, e + 1, m + n);
  return m == n ? 0 : pack64(a & SIGN64, e + 1, m - n);
}
static u32 add32(u32 a, u32 b) {
  if (nan32(a)) return a | QUIET32;
  if (nan32(b)) return b | QUIET32;
  u32 x = a & ~SIGN32, y = b & ~SIGN32;
  if (x == INF32) return y == INF32 && (a ^ b) & SIGN32 ? a | QUIET32 : a;
  if (y == INF32) return b;
  if (x < y) {
    u32 t = a;
    a = b, b = t;
    t = x, x = y, y = t;
  }
  if (!y) return x ? a : a & b;
  int e, eb;
  u32 m = unpack32(x, &e) >> 1, n = unpack32(y, &eb) >> 1;
  n = shift_out32(n, e - eb);
  if (!((a ^ b) & SIGN32)) return pack32(a & SIGN32, e + 1, m + n);
  return m == n ? 0 : pack32(a & SIGN32, e + 1, m - n);
}

double __adddf3(double a, double b) { return D(add64(double_bits(a), double_bits(b))); }
double __subdf3(double a, double b) {
  u64 v = double_bits(b);
  return D(add64(double_bits(a), nan64(v) ? v : v ^ SIGN64));
}
float __addsf3(float a, float b) { return F(add32(float_bits(a), float_bits(b))); }
float __subsf3(float a, float b) {
  u32 v = float_bits(b);
  return F(add32(float_bits(a), nan32(v) ? v : v ^ SIGN32));
}
double __negdf2(double a) { return D(double_bits(a) ^ SIGN64); }
float __negsf2(float a) { return F(float_bits(a) ^ SIGN32); }

u64 __umulsidi3(u32 a, u32 b);

double __muldf3(double fa, double fb) {
  u64 a = double_bits(fa), b = double_bits(fb), x = a & ~SIGN64, y = b & ~SIGN64, sign = (a ^ b) & SIGN64;
  if (nan64(a)) return D(a | QUIET64);
  if (nan64(b)) return D(b | QUIET64);
  if (x == INF64 || y == INF64) return D(!x || !y ? (x ? a : b) | QUIET64 : sign | INF64);
  if (!x || !y) return D(sign);
  int ea, eb;
  u64 m = unpack64(x, &ea), n = unpack64(y, &eb);
  u64 low = __umulsidi3(m, n), mid = __umulsidi3(m >> 32, n), mid2 = __umulsidi3(m, n >> 32), high = __umulsidi3(m >> 32, n >> 32);
  mid += low >> 32;
  u64 carry = mid + mid2 < mid;
  mid += mid2;
  high += mid >> 32 | carry << 32;
  return D(pack64(sign, ea + eb + 1, high | ((u32)low || (u32)mid)));
}
float __mulsf3(float fa, float fb) {
  u32 a = float_bits(fa), b = float_bits(fb), x = a & ~SIGN32, y = b & ~SIGN32, sign = (a ^ b) & SIGN32;
  if (nan32(a)) return F(a | QUIET32);
  if (nan32(b)) return F(b | QUIET32);
  if (x == INF32 || y == INF32) return F(!x || !y ? (x ? a : b) | QUIET32 : sign | INF32);
  if (!x || !y) return F(sign);
  int ea, eb;
  u32 m = unpack32(x, &ea), n = unpack32(y, &eb);
  u64 product = __umulsidi3(m, n);
  return F(pack32(sign, ea + eb + 1, product >> 32 | ((u32)product != 0)));
}

double __divdf3(double fa, double fb) {
  u64 a = double_bits(fa), b = double_bits(fb), x = a & ~SIGN64, y = b & ~SIGN64, sign = (a ^ b) & SIGN64;
  if (nan64(a)) return D(a | QUIET64);
  if (nan64(b)) return D(b | QUIET64);
  if (x == INF64) return D(sign | INF64 | (y == INF64 ? QUIET64 : 0));
  if (y == INF64) return D(sign);
  if (!y) return D(sign | INF64 | (x ? 0 : QUIET64));
  if (!x) return D(sign);
  int ea, eb;
  u64 m = unpack64(x, &ea) >> 1, n = unpack64(y, &eb) >> 1, q = 0;
  for (int i = 0; i < 57; i++) {
    q <<= 1;
    if (m >= n) m -= n, q |= 1;
    m <<= 1;
  }
  return D(pack64(sign, ea - eb, q << 7 | (m != 0)));
}
float __divsf3(float fa, float fb) {
  u32 a = float_bits(fa), b = float_bits(fb), x = a & ~SIGN32, y = b & ~SIGN32, sign = (a ^ b) & SIGN32;
  if (nan32(a)) return F(a | QUIET32);
  if (nan32(b)) return F(b | QUIET32);
  if (x == INF32) return F(sign | INF32 | (y == INF32 ? QUIET32 : 0));
  if (y == INF32) return F(sign);
  if (!y) return F(sign | INF32 | (x ? 0 : QUIET32));
  if (!x) return F(sign);
  int ea, eb;
  u32 m = unpack32(x, &ea) >> 1, n = unpack32(y, &eb) >> 1, q = 0;
  for (int i = 0; i < 27; i++) {
    q <<= 1;
    if (m >= n) m -= n, q |= 1;
    m <<= 1;
  }
  return F(pack32(sign, ea - eb, q << 5 | (m != 0)));
}

// Comparisons: below zero, zero or above like a - b; numbers that do not compare answer `unordered`.
static int compare64(u64 a, u64 b, int unordered) {
  if (nan64(a) || nan64(b)) return unordered;
  if (!((a | b) & ~SIGN64)) return 0;
  int64_t x = a & SIGN64 ? -(int64_t)(a & ~SIGN64) : (int64_t)a, y = b & SIGN64 ? -(int64_t)(b & ~SIGN64) : (int64_t)b;
  return x < y ? -1 : x > y;
}
static int compare32(u32 a, u32 b, int unordered) {
  if (nan32(a) || nan32(b)) return unordered;
  if (!((a | b) & ~SIGN32)) return 0;
  s32 x = a & SIGN32 ? -(s32)(a & ~SIGN32) : (s32)a, y = b & SIGN32 ? -(s32)(b & ~SIGN32) : (s32)b;
  return x < y ? -1 : x > y;
}
int __eqdf2(double a, double b) { return compare64(double_bits(a), double_bits(b), 1); }
int __gtdf2(double a, double b) { return compare64(double_bits(a), double_bits(b), 0); }
int __gedf2(double a, double b) { return compare64(double_bits(a), double_bits(b), -1); }
int __ltdf2(double a, double b) { return compare64(double_bits(a), double_bits(b), 0); }
int __ledf2(double a, double b) { return compare64(double_bits(a), double_bits(b), 1); }
int __unorddf2(double a, double b) { return nan64(double_bits(a)) || nan64(double_bits(b)); }
int __eqsf2(float a, float b) { return compare32(float_bits(a), float_bits(b), 1); }
int __gtsf2(float a, float b) { return compare32(float_bits(a), float_bits(b), 0); }
int __gesf2(float a, float b) { return compare32(float_bits(a), float_bits(b), -1); }
int __ltsf2(float a, float b) { return compare32(float_bits(a), float_bits(b), 0); }
int __lesf2(float a, float b) { return compare32(float_bits(a), float_bits(b), 1); }
int __unordsf2(float a, float b) { return nan32(float_bits(a)) || nan32(float_bits(b)); }

double __extendsfdf2(float f) {
  u32 v = float_bits(f);
  u64 sign = (u64)(v & SIGN32) << 32;
  if ((v & ~SIGN32) >= INF32) return D(sign | INF64 | (u64)(v & 0x7FFFFF) << 29 | (nan32(v) ? QUIET64 : 0));
  if (!(v & ~SIGN32)) return D(sign);
  int e;
  u32 m = unpack32(v & ~SIGN32, &e);
  return D(pack64(sign, e, (u64)m << 32));
}
float __truncdfsf2(double f) {
  u64 v = double_bits(f);
  u32 sign = v >> 32 & SIGN32;
  if ((v & ~SIGN64) >= INF64) return F(sign | INF32 | (nan64(v) ? QUIET32 | (v >> 29 & 0x3FFFFF) : 0));
  if (!(v & ~SIGN64)) return F(sign);
  int e;
  u64 m = unpack64(v & ~SIGN64, &e);
  return F(pack32(sign, e, m >> 32 | ((u32)m != 0)));
}

float __floatunsisf(u32 v) { return F(pack32(0, 31, v)); }
float __floatsisf(s32 v) { return F(v < 0 ? pack32(SIGN32, 31, -(u32)v) : pack32(0, 31, v)); }
double __floatunsidf(u32 v) { return D(pack64(0, 31, (u64)v << 32)); }
double __floatsidf(s32 v) { return D(pack64(v < 0 ? SIGN64 : 0, 31, (u64)(v < 0 ? -(u32)v : (u32)v) << 32)); }
static u32 float_of(u32 sign, u64 v) {
  int n = v ? zeros64(v) : 0;
  v <<= n;
  return pack32(sign, 63 - n, v >> 32 | ((u32)v != 0));
}
float __floatundisf(u64 v) { return F(float_of(0, v)); }
float __floatdisf(int64_t v) { return F(float_of(v < 0 ? SIGN32 : 0, v < 0 ? -(u64)v : (u64)v)); }
double __floatundidf(u64 v) { return D(pack64(0, 63, v)); }
double __floatdidf(int64_t v) { return D(pack64(v < 0 ? SIGN64 : 0, 63, v < 0 ? -(u64)v : (u64)v)); }

/// The integer part of m × 2^(e - 63), for e to 63.
static u64 whole(u64 m, int e) { return e < 0 ? 0 : m >> (63 - e); }

// Numbers too large, and those that are none, become the nearest integer of the type by their sign.
static s32 to_int(u64 negative, int e, u64 m, int special) {
  if (special || e > 30) return negative ? (s32)0x80000000 : 0x7FFFFFFF;
  s32 v = whole(m, e);
  return negative ? -v : v;
}
static u32 to_unsigned(u64 negative, int e, u64 m, int special) {
  if (special == 2) return 0xFFFFFFFF;  // not a number
  if (special || e > (negative ? 30 : 31)) return negative ? 0x80000000 : 0xFFFFFFFF;
  u32 v = whole(m, e);
  return negative ? -v : v;
}
static int64_t to_long(u64 negative, int e, u64 m, int special) {
  if (special || e > 62) return negative ? (int64_t)SIGN64 : (int64_t)~SIGN64;
  int64_t v = whole(m, e);
  return negative ? -v : v;
}
static u64 to_unsigned_long(u64 negative, int e, u64 m, int special) {
  if (special == 2) return ~0ull;
  if (special || e > (negative ? 62 : 63)) return negative ? SIGN64 : ~0ull;
  u64 v = whole(m, e);
  return negative ? -v : v;
}
#define FROM_DOUBLE(name, type, convert) \
  type name(double f) { \
    u64 v = double_bits(f), x = v & ~SIGN64; \
    int e = -1; \
    u64 m = x && x < INF64 ? unpack64(x, &e) : 0; \
    return convert(nan64(v) ? 0 : v & SIGN64, e, m, x > INF64 ? 2 : x == INF64); \
  }
#define FROM_FLOAT(name, type, convert) \
  type name(float f) { \
    u32 v = float_bits(f), x = v & ~SIGN32; \
    int e = -1; \
    u64 m = x && x < INF32 ? (u64)unpack32(x, &e) << 32 : 0; \
    return convert(nan32(v) ? 0 : v & SIGN32, e, m, x > INF32 ? 2 : x == INF32); \
  }
FROM_DOUBLE(__fixdfsi, s32, to_int)
FROM_DOUBLE(__fixunsdfsi, u32, to_unsigned)
FROM_DOUBLE(__fixdfdi, int64_t, to_long)
FROM_DOUBLE(__fixunsdfdi, u64, to_unsigned_long)
FROM_FLOAT(__fixsfsi, s32, to_int)
FROM_FLOAT(__fixunssfsi, u32, to_unsigned)
FROM_FLOAT(__fixsfdi, int64_t, to_long)
FROM_FLOAT(__fixunssfdi, u64, to_unsigned_long)
