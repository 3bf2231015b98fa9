// The SHA accelerator of ESP32-S2 and ESP32-S3 (rom/sha.h of ESP-IDF).
#include "chip.h"

enum { sha1, sha224, sha256, sha384, sha512, sha512_224, sha512_256, sha512_t, types };
typedef struct {
  u8 start, in_hardware;
  u32 type, state[16];
  u8 buffer[128];
  u32 total_bits[4];
} Context;
_Static_assert(offsetof(Context, state) == 8 && sizeof(Context) == 216, "SHA_CTX");

#define MODE REG(SHA)
#define START REG(SHA + 0x10)
#define CONTINUE REG(SHA + 0x14)
#define BUSY REG(SHA + 0x18)
#define H(n) REG(SHA + 0x40 + 4 * (n))
#define M(n) REG(SHA + 0x80 + 4 * (n))

void ets_sha_enable(void) { sha_power(1); }
void ets_sha_disable(void) { sha_power(0); }

static u32 block_of(const Context *c) { return c->type < sha384 ? 64 : 128; }

int ets_sha_init(Context *c, u32 type) {
  if (type >= types) return 1;
  memset(c, 0, sizeof *c);
  c->start = 1, c->type = type;
  return 0;
}
/// Which of the SHA-512/t is for hardware that this function does not drive.
int ets_sha_starts(Context *c, u16 t) {
  (void)t;
  if (c->type >= sha512_224) return 1;
  c->start = 1, c->in_hardware = 0;
  memset(c->total_bits, 0, sizeof c->total_bits);
  return 0;
}
void ets_sha_get_state(Context *c) {
  if (!c->in_hardware) return;
  for (u32 i = 0; i < 16; i++) c->state[i] = H(i);
}
void ets_sha_process(Context *c, const u8 *block) {
  MODE = c->type;
  if (!c->start && !c->in_hardware)
    for (u32 i = 0; i < (c->type < sha384 ? 8 : 16); i++) H(i) = c->state[i];
  u32 words = block_of(c) / 4;
  if (((u32)block & 3) == 0)
    for (u32 i = 0; i < words; i++) M(i) = ((const u32 *)block)[i];
  else
    for (u32 i = 0; i < words; i++) M(i) = byte(block + 4 * i) | byte(block + 4 * i + 1) << 8 | byte(block + 4 * i + 2) << 16 | (u32)byte(block + 4 * i + 3) << 24;
  if (c->start) START = 1;
  else CONTINUE = 1;
  while (BUSY) {}
  c->start = 0, c->in_hardware = 1;
}
/// `keep`: the hash so far comes into the context, for another to have its turn.
void ets_sha_update(Context *c, const u8 *input, u32 n, int keep) {
  u32 block = block_of(c), used = c->total_bits[0] / 8 % block, bits = n << 3;
  c->total_bits[0] += bits;
  u32 carry = (c->total_bits[0] < bits) + (n >> 29);
  for (int i = 1; i < 4; i++) c->total_bits[i] += carry, carry = c->total_bits[i] < carry;
  while (n) {
    if (used == 0 && n >= block) {
      ets_sha_process(c, input);
      input += block, n -= block;
      continue;
    }
    u32 part = n < block - used ? n : block - used;
    for (u32 i = 0; i < part; i++) c->buffer[used + i] = byte(input + i);
    used += part, input += part, n -= part;
    if (used == block) ets_sha_process(c, c->buffer), used = 0;
  }
  if (keep) ets_sha_get_state(c), c->in_hardware = 0;
}
int ets_sha_finish(Context *c, u8 *output) {
  u32 lengths[3] = {20, 28, 32}, block = block_of(c), used = c->total_bits[0] / 8 % block, length = c->type < sha384 ? 8 : 16;
  c->buffer[used++] = 0x80;
  if (used > block - length) {
    memset(c->buffer + used, 0, block - used);
    ets_sha_process(c, c->buffer);
    used = 0;
  }
  memset(c->buffer + used, 0, block - used);
  for (u32 i = 0; i < length; i++) c->buffer[block - 1 - i] = c->total_bits[i / 4] >> 8 * (i & 3);
  ets_sha_process(c, c->buffer);
  ets_sha_get_state(c);
  memcpy(output, c->state, c->type < 3 ? lengths[c->type] : c->type == sha384 ? 48 : 64);
  return 0;
}
void ets_sha_clone(Context *to, Context *from) {
  ets_sha_get_state(from), from->in_hardware = 0;
  memcpy(to, from, sizeof *to);
}
