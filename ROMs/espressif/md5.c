// MD5 (RFC 1321).
#include "rom.h"

static const u32 sines[64] ROM_WORDS = {
  0xD76AA478, 0xE8C7B756, 0x242070DB, 0xC1BDCEEE, 0xF57C0FAF, 0x4787C62A, 0xA8304613, 0xFD469501,
  0x698098D8, 0x8B44F7AF, 0xFFFF5BB1, 0x895CD7BE, 0x6B901122, 0xFD987193, 0xA679438E, 0x49B40821,
  0xF61E2562, 0xC040B340, 0x265E5A51, 0xE9B6C7AA, 0xD62F105D, 0x02441453, 0xD8A1E681, 0xE7D3FBC8,
  0x21E1CDE6, 0xC33707D6, 0xF4D50D87, 0x455A14ED, 0xA9E3E905, 0xFCEFA3F8, 0x676F02D9, 0x8D2A4C8A,
  0xFFFA3942, 0x8771F681, 0x6D9D6122, 0xFDE5380C, 0xA4BEEA44, 0x4BDECFA9, 0xF6BB4B60, 0xBEBFBC70,
  0x289B7EC6, 0xEAA127FA, 0xD4EF3085, 0x04881D05, 0xD9D4D039, 0xE6DB99E5, 0x1FA27CF8, 0xC4AC5665,
  0xF4292244, 0x432AFF97, 0xAB9423A7, 0xFC93A039, 0x655B59C3, 0x8F0CCC92, 0xFFEFF47D, 0x85845DD1,
  0x6FA87E4F, 0xFE2CE6E0, 0xA3014314, 0x4E0811A1, 0xF7537E82, 0xBD3AF235, 0x2AD7D2BB, 0xEB86D391,
};
static const u32 turns[4] ROM_WORDS = {0x16110C07, 0x140E0905, 0x17100B04, 0x150F0A06};  // by round: four rotations, lowest byte first

static void mix(MD5 *m) {
  u32 x[16], a = m->state[0], b = m->state[1], c = m->state[2], d = m->state[3];
  memcpy(x, m->block, 64);
  for (int i = 0; i < 64; i++) {
    u32 f, word;
    switch (i >> 4) {
      case 0: f = (b & c) | (~b & d), word = i; break;
      case 1: f = (d & b) | (~d & c), word = 5 * i + 1; break;
      case 2: f = b ^ c ^ d, word = 3 * i + 5; break;
      default: f = c ^ (b | ~d), word = 7 * i; break;
    }
    u32 sum = a + f + sines[i] + x[word & 15], turn = turns[i >> 4] >> 8 * (i & 3) & 31;
    a = d, d = c, c = b, b += sum << turn | sum >> (32 - turn);
  }
  m->state[0] += a, m->state[1] += b, m->state[2] += c, m->state[3] += d;
}

void MD5Init(MD5 *m) {
  m->state[0] = 0x67452301, m->state[1] = 0xEFCDAB89, m->state[2] = 0x98BADCFE, m->state[3] = 0x10325476;
  m->bits[0] = m->bits[1] = 0;
}

void MD5Update(MD5 *m, const u8 *data, u32 length) {
  u32 used = m->bits[0] >> 3 & 63, low = m->bits[0] + (length << 3);
  m->bits[1] += (length >> 29) + (low < m->bits[0]);
  m->bits[0] = low;
  while (length) {
    u32 n = length < 64 - used ? length : 64 - used;
    memcpy(m->block + used, data, n);
    data += n, length -= n, used += n;
    if (used == 64) mix(m), used = 0;
  }
}

void MD5Final(u8 digest[16], MD5 *m) {
  u32 used = m->bits[0] >> 3 & 63, bits[2] = {m->bits[0], m->bits[1]};
  m->block[used++] = 0x80;
  if (used > 56) memset(m->block + used, 0, 64 - used), mix(m), used = 0;
  memset(m->block + used, 0, 56 - used);
  memcpy(m->block + 56, bits, 8);
  mix(m);
  memcpy(digest, m->state, 16);
  memset(m, 0, sizeof *m);
}

static void vector(u32 count, const u8 *parts[], const u32 lengths[], u8 *digest) {
  MD5 m;
  MD5Init(&m);
  for (u32 i = 0; i < count; i++) MD5Update(&m, parts[i], lengths[i]);
  MD5Final(digest, &m);
}
int md5_vector(u32 count, const u8 *parts[], const u32 lengths[], u8 *digest) {
  vector(count, parts, lengths, digest);
  return 0;
}

/// HMAC (RFC 2104).
int hmac_md5_vector(const u8 *key, u32 length, u32 count, const u8 *parts[], const u32 lengths[], u8 *mac) {
  u8 pad[64], short_key[16], digest[16];
  MD5 m;
  if (length > 64) {
    vector(1, &key, &length, short_key);
    key = short_key, length = 16;
  }
  for (int outer = 0; outer < 2; outer++) {
    for (u32 i = 0; i < 64; i++) pad[i] = (i < length ? key[i] : 0) ^ (outer ? 0x5C : 0x36);
    MD5Init(&m);
    MD5Update(&m, pad, 64);
    if (outer) MD5Update(&m, digest, 16);
    else
      for (u32 i = 0; i < count; i++) MD5Update(&m, parts[i], lengths[i]);
    MD5Final(digest, &m);
  }
  memcpy(mac, digest, 16);
  return 0;
}
int hmac_md5(const u8 *key, u32 key_length, const u8 *data, u32 length, u8 *mac) { return hmac_md5_vector(key, key_length, 1, &data, &length, mac); }
