// The flash chip behind the SPI controller that chip.h names.
#include "chip.h"

#define CMD REG(FLASH_SPI + 0x00)
#define ADDR REG(FLASH_SPI + 0x04)
#define W(n) REG(FLASH_SPI + FLASH_SPI_W0 + 4 * (n))

enum { read_data = 1u << 31, write_enable = 1 << 30, read_status = 1 << 27, write_status = 1 << 26, program = 1 << 25, erase_sector = 1 << 24, erase_block = 1 << 23, erase_chip = 1 << 22, release = 1 << 20 };

static void command(u32 bit) {
  CMD = bit;
  while (CMD) {}
}

u32 flash_status(void) {
  FLASH_RD_STATUS = 0;
  command(read_status);
  return FLASH_RD_STATUS & flashchip->status_mask;
}

/// Out of the power-down that firmware puts the chip into before it sleeps.
void flash_wake(void) { command(release); }

/// Waits until the chip has finished writing or erasing.
int flash_wait(void) {
  flash_controller_wait();
  while (flash_status() & 1) {}
  return 0;
}

static void enable_writing(void) {
  flash_wait();
  do command(write_enable);
  while (!(flash_status() & 2));
}

void flash_write_enable(void) { enable_writing(); }

void flash_write_status(u32 status) {
  FLASH_WR_STATUS = status;
  command(write_status);
  flash_wait();
}

int flash_read(u32 address, void *to, u32 length) {
  u8 *d = to;
  flash_wait();
  while (length) {
    u32 n = length < 64 ? length : 64;
    flash_start_read(address, n);
    if (((u32)d & 3) == 0)
      for (u32 i = 0; i + 4 <= n; i += 4) *(u32 *)(d + i) = W(i / 4);
    for (u32 i = ((u32)d & 3) == 0 ? n & ~3 : 0; i < n; i++) d[i] = W(i / 4) >> 8 * (i & 3);
    address += n, d += n, length -= n;
  }
  return 0;
}

int flash_write(u32 address, const void *from, u32 length) {
  const u8 *s = from;
  if (address > flashchip->chip_size || length > flashchip->chip_size - address) return 1;
  while (length) {
    // At most 32 bytes, within a page.
    u32 n = flashchip->page_size - (address & (flashchip->page_size - 1));
    if (n > 32) n = 32;
    if (n > length) n = length;
    enable_writing();
    for (u32 i = 0; i < n; i += 4) {
      if (((u32)s & 3) == 0 && i + 4 <= n) W(i / 4) = *(const u32 *)(s + i);
      else {
        u32 v = 0xFFFFFFFF;
        for (u32 j = 0; j < 4 && i + j < n; j++) v = (v & ~(0xFFu << 8 * j)) | (u32)s[i + j] << 8 * j;
        W(i / 4) = v;
      }
    }
    ADDR = (address & 0xFFFFFF) | n << 24;
    command(program);
    address += n, s += n, length -= n;
  }
  return flash_wait();
}

static int erase(u32 address, u32 bit) {
  enable_writing();
  ADDR = address & 0xFFFFFF;
  command(bit);
  return flash_wait();
}
int flash_erase_sector(u32 address) { return erase(address, erase_sector); }
int flash_erase_block(u32 address) { return erase(address, erase_block); }
int flash_erase_all(void) { return erase(0, erase_chip); }

/// Erases whole sectors, by blocks where they lie so.
int flash_erase(u32 address, u32 length) {
  while (length) {
    int block = (address & 0xFFFF) == 0 && length >= 0x10000;
    u32 n = block ? 0x10000 : 0x1000;
    if (erase(address, block ? erase_block : erase_sector)) return 1;
    address += n, length = length > n ? length - n : 0;
  }
  return 0;
}
