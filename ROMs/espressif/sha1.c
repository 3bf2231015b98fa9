// SHA-1 (FIPS 180), its HMAC, and the two derivations that WPA makes of it.
#include "rom.h"

static u32 left(u32 v, int n) { return v << n | v >> (32 - n); }

static void mix(SHA1 *s) {
  u32 w[80], h[5];
  for (int i = 0; i < 16; i++) {
    const u8 *b = s->block + 4 * i;
    w[i] = (u32)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
  }
  for (int i = 16; i < 80; i++) w[i] = left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  memcpy(h, s->state, 20);
  for (int i = 0; i < 80; i++) {
    u32 b = h[1], c = h[2], d = h[3], f, k;
    if (i < 20) f = (b & c) | (~b & d), k = 0x5A827999;
    else if (i < 40) f = b ^ c ^ d, k = 0x6ED9EBA1;
    else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
    else f = b ^ c ^ d, k = 0xCA62C1D6;
    u32 sum = left(h[0], 5) + f + h[4] + k + w[i];
    h[4] = d, h[3] = c, h[2] = left(b, 30), h[1] = h[0], h[0] = sum;
  }
  for (int i = 0; i < 5; i++) s->state[i] += h[i];
}

void SHA1Init(SHA1 *s) {
  s->state[0] = 0x67452301, s->state[1] = 0xEFCDAB89, s->state[2] = 0x98BADCFE, s->state[3] = 0x10325476, s->state[4] = 0xC3D2E1F0;
  s->count[0] = s->count[1] = 0;
}

void SHA1Update(SHA1 *s, const u8 *data, u32 length) {
  u32 used = s->count[0] >> 3 & 63, low = s->count[0] + (length << 3);
  s->count[1] += (length >> 29) + (low < s->count[0]);
  s->count[0] = low;
  while (length) {
    u32 n = length < 64 - used ? length : 64 - used;
    memcpy(s->block + used, data, n);
    data += n, length -= n, used += n;
    if (used == 64) mix(s), used = 0;
  }
}

void SHA1Final(u8 digest[20], SHA1 *s) {
  u8 bits[8], byte = 0x80;
  for (int i = 0; i < 8; i++) bits[i] = s->count[i < 4] >> (24 - 8 * (i & 3));
  SHA1Update(s, &byte, 1);
  for (byte = 0; (s->count[0] >> 3 & 63) != 56;) SHA1Update(s, &byte, 1);
  SHA1Update(s, bits, 8);
  for (int i = 0; i < 20; i++) digest[i] = s->state[i / 4] >> (24 - 8 * (i & 3));
  memset(s, 0, sizeof *s);
}

void SHA1Transform(u32 state[5], const u8 block[64]) {
  SHA1 s;
  memcpy(s.state, state, 20);
  memcpy(s.block, block, 64);
  mix(&s);
  memcpy(state, s.state, 20);
}

int sha1_vector(u32 count, const u8 *parts[], const u32 lengths[], u8 *digest) {
  SHA1 s;
  SHA1Init(&s);
  for (u32 i = 0; i < count; i++) SHA1Update(&s, parts[i], lengths[i]);
  SHA1Final(digest, &s);
  return 0;
}

/// HMAC (RFC 2104).
int hmac_sha1_vector(const u8 *key, u32 length, u32 count, const u8 *parts[], const u32 lengths[], u8 *mac) {
  u8 pad[64], short_key[20], digest[20];
  SHA1 s;
  if (length > 64) {
    sha1_vector(1, &key, &length, short_key);
    key = short_key, length = 20;
  }
  for (int outer = 0; outer < 2; outer++) {
    for (u32 i = 0; i < 64; i++) pad[i] = (i < length ? key[i] : 0) ^ (outer ? 0x5C : 0x36);
    SHA1Init(&s);
    SHA1Update(&s, pad, 64);
    if (outer) SHA1Update(&s, digest, 20);
    else
      for (u32 i = 0; i < count; i++) SHA1Update(&s, parts[i], lengths[i]);
    SHA1Final(digest, &s);
  }
  memcpy(mac, digest, 20);
  return 0;
}

int hmac_sha1(const u8 *key, u32 key_length, const u8 *data, u32 length, u8 *mac) { return hmac_sha1_vector(key, key_length, 1, &data, &length, mac); }

/// IEEE 802.11's pseudo-random function.
int sha1_prf(const u8 *key, u32 key_length, const char *label, const u8 *data, u32 length, u8 *to, u32 to_length) {
  u8 counter = 0, digest[20];
  const u8 *parts[3] = {(const u8 *)label, data, &counter};
  u32 lengths[3] = {strlen(label) + 1, length, 1};
  for (; to_length; counter++) {
    u32 n = to_length < 20 ? to_length : 20;
    hmac_sha1_vector(key, key_length, 3, parts, lengths, digest);
    memcpy(to, digest, n);
    to += n, to_length -= n;
  }
  return 0;
}

/// PBKDF2 (RFC 2898) with HMAC-SHA-1.
int pbkdf2_sha1(const char *passphrase, const u8 *salt, u32 salt_length, int iterations, u8 *to, u32 to_length) {
  u8 block[4] = {0, 0, 0, 0}, last[20], sum[20];
  const u8 *key = (const u8 *)passphrase, *parts[2] = {salt, block};
  u32 key_length = strlen(passphrase), lengths[2] = {salt_length, 4};
  while (to_length) {
    u32 n = to_length < 20 ? to_length : 20;
    block[3]++;
    hmac_sha1_vector(key, key_length, 2, parts, lengths, last);
    memcpy(sum, last, 20);
    for (int i = 1; i < iterations; i++) {
      hmac_sha1(key, key_length, last, 20, last);
      for (int j = 0; j < 20; j++) sum[j] ^= last[j];
    }
    memcpy(to, sum, n);
    to += n, to_length -= n;
  }
  return 0;
}
