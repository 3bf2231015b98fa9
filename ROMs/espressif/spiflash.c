// The flash's driver of the ESP32 series, by the names that firmware knows. Where the controllers' registers lie, chip.h says.
#include "chip.h"

u32 flash_status(void);
void flash_write_enable(void);
void flash_write_status(u32 status);
int flash_erase_all(void);

#define SPI(at) REG(FLASH_SPI + (at))
enum { cmd = 0, addr = 4, ctrl = 8, user = FLASH_SPI_USER, user1 = user + 4, user2 = user + 8, miso_length = user + 16, w0 = FLASH_SPI_W0 };

static void user_command(void) {
  SPI(cmd) = 1 << 18;
  while (SPI(cmd)) {}
}
/// The plain read, 0x03, of at most 64 bytes. What firmware set up for itself is kept.
void flash_start_read(u32 address, u32 length) {
  u32 kept[3] = {SPI(user), SPI(user1), SPI(user2)}, mode = SPI(ctrl);
  SPI(ctrl) = mode & ~(1 << 13 | 1 << 14 | 1 << 20 | 1 << 23 | 1 << 24);
  SPI(user) = 1u << 31 | 1 << 30 | 1 << 28;
  SPI(user1) = 23 << 26;
  SPI(user2) = 7u << 28 | 0x03;
  SPI(addr) = FLASH_ADDRESS(address);
  SPI(miso_length) = 8 * length - 1;
  user_command();
  SPI(user) = kept[0], SPI(user1) = kept[1], SPI(user2) = kept[2], SPI(ctrl) = mode;
}

/// Answers with one byte (two for the second status) to a command of one byte.
int esp_rom_spiflash_read_user_cmd(u32 *status, u32 command) {
  u32 kept[3] = {SPI(user), SPI(user1), SPI(user2)};
  flash_controller_wait();
  SPI(user) = 1u << 31 | 1 << 28;
  SPI(user2) = 7u << 28 | (command & 0xFF);
  SPI(miso_length) = 7;
  SPI(w0) = 0;
  user_command();
  *status = SPI(w0) & 0xFF;
  SPI(user) = kept[0], SPI(user1) = kept[1], SPI(user2) = kept[2];
  return 0;
}
int esp_rom_spiflash_wait_idle(FlashChip *c) {
  (void)c;
  return flash_wait();
}
int esp_rom_spiflash_read_status(FlashChip *c, u32 *status) {
  (void)c;
  *status = flash_status();
  return 0;
}
int esp_rom_spiflash_read_statushigh(FlashChip *c, u32 *status) {
  u32 low, high;
  (void)c;
  esp_rom_spiflash_read_user_cmd(&low, 0x05);
  esp_rom_spiflash_read_user_cmd(&high, 0x35);
  *status = low | high << 8;
  return 0;
}
int esp_rom_spiflash_write_status(FlashChip *c, u32 status) {
  (void)c;
  flash_wait();
  flash_write_status(status);
  return 0;
}
int esp_rom_spiflash_write_enable(FlashChip *c) {
  (void)c;
  flash_write_enable();
  return 0;
}
void flash_unlock(void) {
  u32 status;
  esp_rom_spiflash_read_statushigh(flashchip, &status);
  if (!(status & 0x7C)) return;
  flash_write_enable();
  SPI(ctrl) |= 1 << 22;  // two bytes
  flash_write_status(status & 0x200);
}
int esp_rom_spiflash_unlock(void) {
  flash_unlock();
  return 0;
}
int esp_rom_spiflash_lock(void) {
  u32 status;
  esp_rom_spiflash_read_statushigh(flashchip, &status);
  flash_write_enable();
  SPI(ctrl) |= 1 << 22;
  flash_write_status(status | 0x1C);
  return 0;
}
int esp_rom_spiflash_config_param(u32 id, u32 size, u32 block, u32 sector, u32 page, u32 mask) {
  *flashchip = (FlashChip){id, size, block, sector, page, mask};
  return 0;
}
int esp_rom_spiflash_config_clk(u32 divider, u32 spi) {
  u32 at = spi == 0 ? CACHE_SPI : FLASH_SPI;
  if (divider < 2) {
    REG(at + FLASH_SPI_CLOCK) = 1u << 31;
    return 0;
  }
  divider &= 0xFF;
  REG(at + FLASH_SPI_CLOCK) = FLASH_DIVIDER(divider);
  return 0;
}
/// The command by which the cache reads, as CTRL's bits say: its address's bits and the clocks after it too.
static void set_cache_command(u32 bits) {
  // By modes: command, clocks
  u32 quad_io = bits >> 24 & 1, dual_io = bits >> 23 & 1, quad = bits >> 20 & 1, dual = bits >> 14 & 1, fast = bits >> 13 & 1;
  u32 command = quad_io ? 0xEB : dual_io ? 0xBB : quad ? 0x6B : dual ? 0x3B : fast ? 0x0B : 0x03, clocks = quad_io ? 6 : dual_io ? 4 : fast ? 8 : 0;
  REG(CACHE_SPI + user) = (REG(CACHE_SPI + user) & ~(1 << 27 | 1 << 29)) | 1 << 28 | 1 << 30 | (clocks ? 1 << 29 : 0);
  REG(CACHE_SPI + user1) = 23 << 26 | (clocks ? clocks - 1 : 0);
  REG(CACHE_SPI + user2) = (REG(CACHE_SPI + user2) & ~0xFFFF) | command;
}
int esp_rom_spiflash_config_readmode(u32 mode) {
  // Bits of CTRL: 13 fast read, 14 two wires, 20 four wires, 23 two and 24 four with the address too
  static const u32 modes[6] ROM_WORDS = {1 << 13 | 1 << 24, 1 << 13 | 1 << 20, 1 << 13 | 1 << 23, 1 << 13 | 1 << 14, 1 << 13, 0};
  u32 bits = modes[mode < 6 ? mode : 5], all = 1 << 13 | 1 << 14 | 1 << 20 | 1 << 23 | 1 << 24;
  SPI(ctrl) = (SPI(ctrl) & ~all) | bits;
  REG(CACHE_SPI + 8) = (REG(CACHE_SPI + 8) & ~all) | bits;
  set_cache_command(bits);
  return 0;
}
int esp_rom_spiflash_erase_chip(void) { return flash_erase_all(); }
int esp_rom_spiflash_erase_block(u32 n) { return n >= flashchip->chip_size / flashchip->block_size ? 1 : flash_erase_block(n * flashchip->block_size); }
int esp_rom_spiflash_erase_sector(u32 n) { return n >= flashchip->chip_size / flashchip->sector_size ? 1 : flash_erase_sector(n * flashchip->sector_size); }
int esp_rom_spiflash_erase_area(u32 at, u32 length) {
  if (at > flashchip->chip_size || length > flashchip->chip_size - at || (at | length) & 0xFFF) return 1;
  return flash_erase(at, length);
}
int esp_rom_spiflash_write(u32 at, const u32 *from, s32 length) { return flash_write(at, from, length); }
int esp_rom_spiflash_read(u32 at, u32 *to, s32 length) {
  if (at > flashchip->chip_size || (u32)length > flashchip->chip_size - at) return 1;
  return flash_read(at, to, length);
}
