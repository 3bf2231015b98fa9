// Cyclic redundancy checks as the ESP32's ROM offers them: the register is complemented before and after.
#include "rom.h"

u32 crc32_le(u32 crc, const u8 *data, u32 length) {
  for (crc = ~crc; length; length--) {
    crc ^= *data++;
    for (int i = 0; i < 8; i++) crc = crc >> 1 ^ (0xEDB88320 & -(crc & 1));
  }
  return ~crc;
}
u32 crc32_be(u32 crc, const u8 *data, u32 length) {
  for (crc = ~crc; length; length--) {
    crc ^= (u32)*data++ << 24;
    for (int i = 0; i < 8; i++) crc = crc << 1 ^ (0x04C11DB7 & -(crc >> 31));
  }
  return ~crc;
}
u16 crc16_le(u16 crc, const u8 *data, u32 length) {
  u32 c = (u16)~crc;
  for (; length; length--) {
    c ^= *data++;
    for (int i = 0; i < 8; i++) c = c >> 1 ^ (0x8408 & -(c & 1));
  }
  return ~c;
}
u16 crc16_be(u16 crc, const u8 *data, u32 length) {
  u32 c = (u16)~crc;
  for (; length; length--) {
    c ^= (u32)*data++ << 8;
    for (int i = 0; i < 8; i++) c = (c << 1 ^ (0x1021 & -(c >> 15 & 1))) & 0xFFFF;
  }
  return ~c;
}
u8 crc8_le(u8 crc, const u8 *data, u32 length) {
  u32 c = (u8)~crc;
  for (; length; length--) {
    c ^= *data++;
    for (int i = 0; i < 8; i++) c = c >> 1 ^ (0xE0 & -(c & 1));
  }
  return ~c;
}
u8 crc8_be(u8 crc, const u8 *data, u32 length) {
  u32 c = (u8)~crc;
  for (; length; length--) {
    c ^= *data++;
    for (int i = 0; i < 8; i++) c = (c << 1 ^ (0x07 & -(c >> 7 & 1))) & 0xFF;
  }
  return ~c;
}

/// The check byte of a MAC address in eFuse: polynomial 0x31, reflected.
u8 esp_crc8(const u8 *data, u32 length) {
  u32 c = 0;
  for (; length; length--) {
    c ^= *data++;
    for (int i = 0; i < 8; i++) c = c >> 1 ^ (0x8C & -(c & 1));
  }
  return c;
}
