// AES-128 (FIPS 197) with tables that firmware reads too, RC4, and the AES key unwrapping of RFC 3394.
#include "chip.h"

// At addresses that firmware knows: Te0[x] = S[x]·(2,1,1,3), Td0[x] = S⁻¹[x]·(e,9,d,b), highest byte first; S⁻¹; round constants.
extern u32 Te0[256], Td0[256];
extern u8 Td4s[256], rcons[16];

static u32 twice(u32 v) { return (v << 1 ^ (v & 0x80 ? 0x1B : 0)) & 0xFF; }
static u32 times(u32 a, u32 b) {
  u32 product = 0;
  for (; b; b >>= 1, a = twice(a))
    if (b & 1) product ^= a;
  return product;
}

void make_aes_tables(void) {
  // Powers of 3 and of its inverse run through the field together.
  u32 p = 1, q = 1;
  do {
    p = p ^ twice(p);
    q ^= q << 1, q ^= q << 2, q ^= q << 4, q &= 0xFF;
    if (q & 0x80) q ^= 9;
    u32 s = q;
    for (u32 turned = q, i = 0; i < 4; i++) turned = (turned << 1 | turned >> 7) & 0xFF, s ^= turned;
    Te0[p] = s ^ 0x63;
  } while (p != 1);
  Te0[0] = 0x63;
  for (u32 i = 0; i < 256; i++) {
    u32 s = Te0[i];
    Td4s[s] = i;
    Te0[i] = twice(s) << 24 | s << 16 | s << 8 | (twice(s) ^ s);
  }
  for (u32 i = 0; i < 256; i++) {
    u32 s = Td4s[i];
    Td0[i] = times(s, 14) << 24 | times(s, 9) << 16 | times(s, 13) << 8 | times(s, 11);
  }
  for (u32 i = 0, c = 1; i < 10; i++, c = twice(c)) rcons[i] = c;
}

static u32 sub(u32 byte) { return Te0[byte & 0xFF] >> 8 & 0xFF; }
static u32 turn(u32 v, int n) { return n ? v >> n | v << (32 - n) : v; }
static u32 load(const u8 *b) { return (u32)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3]; }
static void store(u8 *b, u32 v) { b[0] = v >> 24, b[1] = v >> 16, b[2] = v >> 8, b[3] = v; }

void rijndaelKeySetupEnc(u32 *k, const u8 *key) {
  for (int i = 0; i < 4; i++) k[i] = load(key + 4 * i);
  for (int i = 4; i < 44; i++) {
    u32 t = k[i - 1];
    if (i % 4 == 0) t = sub(t >> 16) << 24 ^ sub(t >> 8) << 16 ^ sub(t) << 8 ^ sub(t >> 24) ^ (u32)rcons[i / 4 - 1] << 24;
    k[i] = k[i - 4] ^ t;
  }
}

/// The keys in the order of use, those of the inner rounds through the inverse of MixColumns.
void rijndaelKeySetupDec(u32 *k, const u8 *key) {
  rijndaelKeySetupEnc(k, key);
  for (int i = 0, j = 40; i < j; i += 4, j -= 4)
    for (int n = 0; n < 4; n++) {
      u32 t = k[i + n];
      k[i + n] = k[j + n], k[j + n] = t;
    }
  for (int i = 4; i < 40; i++) {
    u32 t = k[i];
    k[i] = Td0[sub(t >> 24)] ^ turn(Td0[sub(t >> 16)], 8) ^ turn(Td0[sub(t >> 8)], 16) ^ turn(Td0[sub(t)], 24);
  }
}

static void decrypt(const u32 *k, const u8 *from, u8 *to) {
  u32 s[4], t[4];
  for (int i = 0; i < 4; i++) s[i] = load(from + 4 * i) ^ k[i];
  for (int round = 1; round < 10; round++) {
    k += 4;
    for (int i = 0; i < 4; i++)
      t[i] = Td0[s[i] >> 24] ^ turn(Td0[s[(i + 3) & 3] >> 16 & 0xFF], 8) ^ turn(Td0[s[(i + 2) & 3] >> 8 & 0xFF], 16) ^ turn(Td0[s[(i + 1) & 3] & 0xFF], 24) ^ k[i];
    memcpy(s, t, 16);
  }
  k += 4;
  for (int i = 0; i < 4; i++)
    store(to + 4 * i, ((u32)Td4s[s[i] >> 24] << 24 | Td4s[s[(i + 3) & 3] >> 16 & 0xFF] << 16 | Td4s[s[(i + 2) & 3] >> 8 & 0xFF] << 8 | Td4s[s[(i + 1) & 3] & 0xFF]) ^ k[i]);
}
void aes_decrypt(void *context, const u8 *from, u8 *to) { decrypt(context, from, to); }

/// `n` blocks of eight bytes and the check block; -1 when the key does not fit.
int aes_unwrap(const u8 *kek, int n, const u8 *cipher, u8 *plain) {
  u32 k[44];
  u8 a[8], b[16];
  memcpy(a, cipher, 8);
  memcpy(plain, cipher + 8, 8 * n);
  rijndaelKeySetupDec(k, kek);
  for (int j = 5; j >= 0; j--)
    for (int i = n; i >= 1; i--) {
      memcpy(b, a, 8);
      b[7] ^= n * j + i;
      memcpy(b + 8, plain + 8 * (i - 1), 8);
      decrypt(k, b, b);
      memcpy(a, b, 8);
      memcpy(plain + 8 * (i - 1), b + 8, 8);
    }
  for (int i = 0; i < 8; i++)
    if (a[i] != 0xA6) return -1;
  return 0;
}

/// RC4 with the first `skip` bytes of its stream left out.
int rc4_skip(const u8 *key, u32 length, u32 skip, u8 *data, u32 count) {
  u8 s[256];
  u32 i, j = 0;
  for (i = 0; i < 256; i++) s[i] = i;
  for (i = 0; i < 256; i++) {
    j = (j + s[i] + key[i % length]) & 255;
    u8 t = s[i];
    s[i] = s[j], s[j] = t;
  }
  i = j = 0;
  for (; skip + count; ) {
    i = (i + 1) & 255, j = (j + s[i]) & 255;
    u8 t = s[i];
    s[i] = s[j], s[j] = t;
    if (skip) skip--;
    else *data++ ^= s[(s[i] + s[j]) & 255], count--;
  }
  return 0;
}
