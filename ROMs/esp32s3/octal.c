// ESP32-S3: commands to chips on the flash's bus in any mode, and the driver of octal flash, by the names of ESP-IDF's rom/opi_flash.h.
#include "chip.h"

#define SPI(n, at) REG(((n) ? FLASH_SPI : CACHE_SPI) + (at))
enum { cmd = 0, addr = 4, ctrl = 8, user = 0x18, user1 = 0x1C, user2 = 0x20, mosi_length = 0x24, miso_length = 0x28, misc = 0x34, cache_ctrl = 0x3C, w0 = 0x58, ddr = 0xE0 };

/// esp_rom_spi_cmd_t: lengths in bits
typedef struct { u16 command, command_bits; u32 *address, address_bits, *out, out_bits, *in, in_bits, dummy_bits; } Command;

void esp_rom_spi_cmd_config(u32 n, Command *c) {
  u32 u = SPI(n, user) & ~(31u << 27 | 3 << 24);
  if (c->command_bits) u |= 1u << 31, SPI(n, user2) = (u32)(c->command_bits - 1) << 28 | c->command;
  if (c->address_bits) u |= 1 << 30, SPI(n, addr) = *c->address;
  if (c->dummy_bits) u |= 1 << 29;
  SPI(n, user1) = (c->address_bits ? c->address_bits - 1 : 0) << 26 | (c->dummy_bits ? c->dummy_bits - 1 : 0);
  if (c->in_bits) u |= 1 << 28, SPI(n, miso_length) = c->in_bits - 1;
  if (c->out_bits) {
    u |= 1 << 27;
    SPI(n, mosi_length) = c->out_bits - 1;
    const u8 *from = (const u8 *)c->out;
    for (u32 i = 0; i < (c->out_bits + 7) / 8 && i < 64; i += 4) SPI(n, w0 + i) = from[i] | (u32)from[i + 1] << 8 | (u32)from[i + 2] << 16 | (u32)from[i + 3] << 24;
  }
  SPI(n, user) = u;
}
/// `select`: bit 0 for the flash, 1 for the PSRAM.
void esp_rom_spi_cmd_start(u32 n, u8 *in, u32 length, u32 select, u32 writes) {
  u32 kept = SPI(n, misc);
  SPI(n, misc) = (kept & ~3) | (~select & 3);
  SPI(n, cmd) = 1 << 18 | (writes & 0xFF ? 1 << 17 : 0);
  while (SPI(n, cmd) & 1 << 18) {}
  for (u32 i = 0; i < (length & 0xFFFF) && i < 64; i++) in[i] = SPI(n, w0 + (i & ~3)) >> 8 * (i & 3);
  SPI(n, misc) = kept;
}

/// esp_rom_spiflash_read_mode_t: QIO, QOUT, DIO, DOUT, fast, slow, OPI at single and at double rate, data on eight lines, address too, that at double rate, QPI
enum { octal_single = 6, octal_double, octal_out, octal_io, octal_io_double, quad };
void esp_rom_spi_set_op_mode(u32 n, u32 mode) {
  static const u32 modes[12] ROM_WORDS = {
      1 << 13 | 1 << 24, 1 << 13 | 1 << 20, 1 << 13 | 1 << 23, 1 << 13 | 1 << 14, 1 << 13, 0, 1 << 9 | 1 << 6 | 3 << 4, 1 << 9 | 1 << 6 | 3 << 4, 3 << 4, 1 << 6 | 3 << 4, 1 << 6 | 3 << 4, 1 << 8,
  };
  if (mode > quad) mode = 5;
  u32 all = 1 << 13 | 1 << 14 | 1 << 20 | 1 << 23 | 1 << 24 | 0x3F << 4;
  SPI(n, ctrl) = (SPI(n, ctrl) & ~all) | modes[mode];
  SPI(n, cache_ctrl) = (SPI(n, cache_ctrl) & ~(0x3F << 3)) | (mode == quad ? 7 << 6 : 0);
  SPI(n, ddr) = (SPI(n, ddr) & ~1) | (mode == octal_double || mode == octal_io_double);
}
void esp_rom_spi_set_dtr_swap_mode(u32 n, u32 out, u32 in) { SPI(n, ddr) = (SPI(n, ddr) & ~12) | (out & 0xFF ? 8 : 0) | (in & 0xFF ? 4 : 0); }
void esp_rom_spi_set_address_bit_len(u32 n, u32 bits) { SPI(n, user1) = (SPI(n, user1) & ~(63u << 26)) | (bits - 1) << 26; }

void esp_rom_opiflash_exec_cmd(u32 n, u32 mode, u32 command, u32 command_bits, u32 address, u32 address_bits, u32 dummy_bits, u8 *out, u32 out_bits, u8 *in, u32 in_bits, u32 select, u32 writes) {
  Command c = {command, command_bits, &address, address_bits, (u32 *)out, out_bits, (u32 *)in, in_bits, dummy_bits};
  esp_rom_spi_set_op_mode(n, mode);
  esp_rom_spi_cmd_config(n, &c);
  esp_rom_spi_cmd_start(n, in, in_bits / 8, select, writes);
}

/// esp_rom_opiflash_def_t: the commands of a chip, which firmware names
typedef struct { u8 mode, command_bits; u16 command; u32 address; u8 address_bits, dummy_bits, data_bits, select : 4, writes : 4; } ChipCommand;
typedef struct { ChipCommand read_id, read_status, write_enable, erase_sector, erase_block, read, program; } ChipCommands;
extern const ChipCommands *rom_opiflash_cmd_def;

static void run(const ChipCommand *c, u32 address, u8 *out, u32 out_bits, u8 *in, u32 in_bits) {
  esp_rom_opiflash_exec_cmd(1, c->mode, c->command, c->command_bits, address, c->address_bits, c->dummy_bits, out, out_bits, in, in_bits, c->select, c->writes);
}
int esp_rom_opiflash_read_id(u8 *to) {
  const ChipCommand *c = &rom_opiflash_cmd_def->read_id;
  run(c, c->address, NULL, 0, to, c->data_bits);
  return 0;
}
u8 esp_rom_opiflash_rdsr(void) {
  const ChipCommand *c = &rom_opiflash_cmd_def->read_status;
  u8 status[4] = {0, 0, 0, 0};
  run(c, c->address, NULL, 0, status, c->data_bits);
  return status[0];
}
int esp_rom_opiflash_wait_idle(void) {
  while (esp_rom_opiflash_rdsr() & 1) {}
  return 0;
}
int esp_rom_opiflash_wren(void *unused) {
  (void)unused;
  esp_rom_opiflash_wait_idle();
  do run(&rom_opiflash_cmd_def->write_enable, 0, NULL, 0, NULL, 0);
  while (!(esp_rom_opiflash_rdsr() & 2));
  return 0;
}
static int erase(const ChipCommand *c, u32 address) {
  esp_rom_opiflash_wren(NULL);
  run(c, address, NULL, 0, NULL, 0);
  return esp_rom_opiflash_wait_idle();
}
int esp_rom_opiflash_erase_sector(u32 n) { return erase(&rom_opiflash_cmd_def->erase_sector, n << 12); }
int esp_rom_opiflash_erase_block_64k(u32 n) { return erase(&rom_opiflash_cmd_def->erase_block, n << 16); }
int esp_rom_opiflash_erase_area(u32 at, u32 length) {
  if ((at | length) & 0xFFF || at > flashchip->chip_size || length > flashchip->chip_size - at) return 1;
  while (length) {
    u32 n = (at & 0xFFFF) == 0 && length >= 0x10000 ? 0x10000 : 0x1000;
    if (n == 0x10000 ? esp_rom_opiflash_erase_block_64k(at >> 16) : esp_rom_opiflash_erase_sector(at >> 12)) return 1;
    at += n, length -= n;
  }
  return 0;
}
int esp_rom_opiflash_read(u32 at, u8 *to, u32 length) {
  esp_rom_opiflash_wait_idle();
  for (u32 n; length; at += n, to += n, length -= n) {
    n = length < 64 ? length : 64;
    run(&rom_opiflash_cmd_def->read, at, NULL, 0, to, 8 * n);
  }
  return 0;
}
int esp_rom_opiflash_write(u32 at, u8 *from, u32 length) {
  for (u32 n; length; at += n, from += n, length -= n) {
    n = 256 - (at & 255);
    if (n > 32) n = 32;
    if (n > length) n = length;
    esp_rom_opiflash_wren(NULL);
    run(&rom_opiflash_cmd_def->program, at, from, 8 * n, NULL, 0);
    if (esp_rom_opiflash_wait_idle()) return 1;
  }
  return 0;
}

// The flash's functions go by a table, spiflash_legacy_funcs_t: that of the plain driver until firmware chooses octal flash.
struct SPIFlashFunctions {
  u8 program_address_bits, sector_address_bits, block_address_bits, read_address_bits;
  u32 read_piece, write_piece;
  int (*unlock)(void), (*erase_sector)(u32), (*erase_block)(u32), (*read)(u32, u8 *, u32), (*write)(u32, u8 *, u32), (*write_encrypted)(u32, const void *, u32);
  void (*check_suspension)(void);
  int (*write_enable)(void *), (*wait_idle)(void), (*erase_area)(u32, u32);
};
int esp_rom_spiflash_unlock(void);
int esp_rom_spiflash_erase_sector(u32 n);
int esp_rom_spiflash_erase_block(u32 n);
int esp_rom_spiflash_erase_area(u32 at, u32 length);
int esp_rom_spiflash_write(u32 at, const u32 *from, s32 length);
int esp_rom_spiflash_read(u32 at, u32 *to, s32 length);
int esp_rom_spiflash_write_enable(FlashChip *c);
/// No flash of this machine is encrypted.
int esp_rom_spiflash_write_encrypted(u32 at, const void *from, u32 length) {
  (void)at, (void)from, (void)length;
  return 1;
}
void esp_rom_spiflash_write_encrypted_enable(void) {}
void esp_rom_spiflash_write_encrypted_disable(void) {}
static void nothing(void) {}
static int done(void) { return 0; }

const SPIFlashFunctions plain_flash = {
    24, 24, 24, 24, 64, 32, esp_rom_spiflash_unlock, esp_rom_spiflash_erase_sector, esp_rom_spiflash_erase_block, (void *)esp_rom_spiflash_read, (void *)esp_rom_spiflash_write,
    esp_rom_spiflash_write_encrypted, nothing, (void *)esp_rom_spiflash_write_enable, flash_wait, esp_rom_spiflash_erase_area,
};
static const SPIFlashFunctions octal_flash = {
    32, 32, 32, 32, 64, 32, done, esp_rom_opiflash_erase_sector, esp_rom_opiflash_erase_block_64k, esp_rom_opiflash_read, esp_rom_opiflash_write,
    esp_rom_spiflash_write_encrypted, nothing, esp_rom_opiflash_wren, esp_rom_opiflash_wait_idle, esp_rom_opiflash_erase_area,
};
void esp_rom_opiflash_legacy_driver_init(const ChipCommands *commands) { rom_opiflash_cmd_def = commands, rom_spiflash_legacy_funcs = &octal_flash; }

int flash_unlock_by_table(void) { return rom_spiflash_legacy_funcs->unlock(); }
int flash_erase_sector_by_table(u32 n) { return rom_spiflash_legacy_funcs->erase_sector(n); }
int flash_erase_block_by_table(u32 n) { return rom_spiflash_legacy_funcs->erase_block(n); }
int flash_erase_area_by_table(u32 at, u32 length) { return rom_spiflash_legacy_funcs->erase_area(at, length); }
int flash_write_by_table(u32 at, u8 *from, u32 length) { return rom_spiflash_legacy_funcs->write(at, from, length); }
int flash_read_by_table(u32 at, u8 *to, u32 length) { return rom_spiflash_legacy_funcs->read(at, to, length); }
int flash_write_enable_by_table(void *chip) { return rom_spiflash_legacy_funcs->write_enable(chip); }
int flash_wait_idle_by_table(void) { return rom_spiflash_legacy_funcs->wait_idle(); }

/// The chip's identity into the driver's record, its first byte highest.
void esp_rom_spi_flash_update_id(void) {
  u8 id[4] = {0, 0, 0, 0};
  esp_rom_opiflash_exec_cmd(1, 5, 0x9F, 8, 0, 0, 0, NULL, 0, id, 24, 1, 0);
  flashchip->device_id = id[0] << 16 | id[1] << 8 | id[2];
}
