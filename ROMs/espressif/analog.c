// The bus to the analog blocks (PLLs) of the ESP32 series: one register per host; block, register, value, bit 24 write, bit 25 busy.
#include "rom.h"

#define ANALOG(host) REG(0x6000E000 + 4 * (host))
u32 rom_i2c_readReg(u32 block, u32 host, u32 at) {
  ANALOG(host & 0xFF) = (block & 0xFF) | (at & 0xFF) << 8;
  while (ANALOG(host & 0xFF) & 1 << 25) {}
  return ANALOG(host & 0xFF) >> 16 & 0xFF;
}
void rom_i2c_writeReg(u32 block, u32 host, u32 at, u32 value) {
  ANALOG(host & 0xFF) = (block & 0xFF) | (at & 0xFF) << 8 | (value & 0xFF) << 16 | 1 << 24;
  while (ANALOG(host & 0xFF) & 1 << 25) {}
}
u32 rom_i2c_readReg_Mask(u32 block, u32 host, u32 at, u32 high, u32 low) { return rom_i2c_readReg(block, host, at) >> (low & 7) & ((1 << ((high & 7) - (low & 7) + 1)) - 1); }
void rom_i2c_writeReg_Mask(u32 block, u32 host, u32 at, u32 high, u32 low, u32 value) {
  u32 mask = ((1 << ((high & 7) - (low & 7) + 1)) - 1) << (low & 7);
  rom_i2c_writeReg(block, host, at, (rom_i2c_readReg(block, host, at) & ~mask) | ((value << (low & 7)) & mask));
}
