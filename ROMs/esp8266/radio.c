// The radio's part of the ROM: a table of functions that the SDK fetches with phy_get_romfuncs and partly replaces.
// The machine has no radio. Functions that move data between the CPU and the radio's blocks do so; those that tune or
// measure the analog parts do nothing and measure zero.
#include "chip.h"

#define BASEBAND 0x60000500
#define I2C(host) REG(0x60000D00 + 4 * (host))

extern void *phy_functions[];
typedef u32 ReadRegister(u32 block, u32 host, u32 at);
typedef void WriteRegister(u32 block, u32 host, u32 at, u32 value);
enum { read_register = 36, write_register = 38, pbus_read = 44 };

// The bus to the analog blocks: block, register, value, bit 24 write, bit 25 busy.
u32 rom_i2c_readReg(u32 block, u32 host, u32 at) {
  I2C(host) = block | at << 8;
  while (I2C(host) & 1 << 25) {}
  return I2C(host) >> 16 & 0xFF;
}
void rom_i2c_writeReg(u32 block, u32 host, u32 at, u32 value) {
  I2C(host) = block | at << 8 | value << 16 | 1 << 24;
  while (I2C(host) & 1 << 25) {}
}
u32 rom_i2c_readReg_Mask(u32 block, u32 host, u32 at, u32 high, u32 low) {
  u32 v = ((ReadRegister *)phy_functions[read_register])(block, host, at);
  return v >> low & ((1 << (high - low + 1)) - 1);
}
void rom_i2c_writeReg_Mask(u32 block, u32 host, u32 at, u32 high, u32 low, u32 value) {
  u32 mask = ((1 << (high - low + 1)) - 1) << low;
  u32 v = ((ReadRegister *)phy_functions[read_register])(block, host, at);
  ((WriteRegister *)phy_functions[write_register])(block, host, at, ((v & ~mask) | value << low) & 0xFF);
}

// The bus to the receive and transmit chains.
#define PBUS_TEST REG(BASEBAND + 0x94)
#define PBUS_BUSY REG(BASEBAND + 0xA0)
#define PBUS_MODE REG(0x60009B08)
u32 rom_pbus_force_test(u32 chain, u32 at, u32 value) {
  PBUS_TEST = (PBUS_TEST & 0xFFFF0001) | at << 14 | value << 5 | chain << 2 | 2;
  while (PBUS_BUSY >> 31) {}
  PBUS_TEST &= ~2;
  return 0;
}
// Registers of the chains lie side by side, three of nine bits in a word.
u32 rom_pbus_rd(u32 chain, u32 at) {
  static const u32 first[8] ROM_WORDS = {0, 2, 4, 5, 7, 9, 11, 12};
  u32 index = at == 4 ? first[chain & 7] + 2 : first[chain & 7] + at - 1;
  if (index == 12) return REG(BASEBAND + 0xA4 + 16) & 0x1FF;
  return REG(BASEBAND + 0xA4 + 4 * (index / 3)) >> (18 - 9 * (index % 3)) & 0x1FF;
}
void rom_pbus_debugmode(void) { PBUS_MODE |= 1 << 27, PBUS_TEST |= 1; }
void rom_pbus_workmode(void) { PBUS_TEST &= ~1, PBUS_MODE &= ~(1 << 27); }

void rom_chip_v5_disable_cca(void) { REG(0x60009B00) |= 1 << 28; }
void rom_chip_v5_enable_cca(void) { REG(0x60009B00) &= ~(1 << 28); }

s32 rom_abs_temp(s32 v) { return v < 0 ? -v : v; }

/// The Wi-Fi channel of a frequency in MHz.
s32 rom_mhz2ieee(u32 mhz, u32 flags) {
  if (!(flags & 1 << 7)) return 0;
  if (mhz == 2484) return 14;
  return mhz < 2484 ? ((s32)mhz - 2407) / 5 : 15 + ((s32)mhz - 2512) / 20;
}

/// 16 dB of amplitude are 128: a number with `fraction` bits behind the point in eighths of a decibel, near enough.
s32 rom_linear_to_db(s32 v, u32 fraction) {
  static const u32 logarithms[4] ROM_WORDS = {0x0C080400, 0x19161310, 0x24221F1C, 0x2E2C2927};  // 48 log2(1 + i/16)
  v = fraction < 3 ? v << (3 - fraction) : v >> (fraction - 3);
  s32 octaves = 0;
  while (v >= 0 && v >> octaves >= 32) octaves++;
  u32 index = v >> octaves & 15;
  return (v >> octaves >= 16 ? octaves + 1 : 0) * 48 + (logarithms[index / 4] >> 8 * (index & 3) & 0xFF);
}

static u32 nothing(void) { return 0; }
#define T4 nothing, nothing, nothing, nothing
void *const first_phy_functions[72] ROM_WORDS = {
    [0] = rom_abs_temp, rom_chip_v5_disable_cca, rom_chip_v5_enable_cca, nothing, nothing, nothing, nothing, nothing,
    [8] = T4, nothing, nothing, rom_linear_to_db, nothing, nothing, rom_mhz2ieee, nothing, nothing, nothing, nothing, nothing, nothing,
    [24] = T4, T4, T4,
    [36] = rom_i2c_readReg, rom_i2c_readReg_Mask, rom_i2c_writeReg, rom_i2c_writeReg_Mask, rom_pbus_debugmode, nothing, nothing, rom_pbus_force_test,
    [44] = rom_pbus_rd, nothing, nothing, rom_pbus_workmode,
    [48] = T4, T4, T4, T4, T4, T4,
};
