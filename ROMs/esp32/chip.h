// ESP32: what the shared sources need to know of it.
#pragma once
#include "../espressif/windowed.h"
#include "../espressif/newlib.h"
#include "../espressif/uart.h"

#define DPORT 0x3FF00000
#define RTC_CNTL 0x3FF48000
#define RTC_RESET_STATE (RTC_CNTL + 0x34)
#define RTC_WAKEUP_CAUSE (RTC_CNTL + 0x38)
#define RTC_WAKEUP_CAUSES 0x7FF
#define RTC_STORE4 (RTC_CNTL + 0xB0)
#define RTC_FAST_MEMORY 0x3FF80000

#define GPIO 0x3FF44000
#define GPIO_COUNT 40
#define GPIO_HIGH_MASK 0xFF
#define GPIO_IN_SELECT(signal) (GPIO + 0x130 + 4 * (signal))
#define GPIO_OUT_SELECT(gpio) (GPIO + 0x530 + 4 * (gpio))
#define PAD_FUNCTION_GPIO 2
#define PAD(gpio) REG(0x3FF49000 + pad_offset(gpio))
static inline u32 pad_offset(u32 gpio) {
  static const u32 offsets[10] ROM_WORDS = {0x84408844, 0x68646C48, 0x5C585460, 0x3C303834, 0x7470504C, 0x8C807C78, 0x2C282490, 0x00000000, 0x1814201C, 0x100C0804};
  return offsets[gpio / 4] >> 8 * (gpio & 3) & 0xFF;
}
static inline int has_pad(u32 gpio) { return gpio < GPIO_COUNT && pad_offset(gpio); }

#define UART(n) ((n) == 0 ? 0x3FF40000 : (n) == 1 ? 0x3FF50000 : 0x3FF6E000)
#define UART_TX_FIFO(n) ((n) == 0 ? 0x60000000 : (n) == 1 ? 0x60010000 : 0x6002E000)
#define UART_COUNT 0xFF
#define UART_SENDING(n) (REG(UART(n) + 0x1C) & (0xFF << 16 | 15 << 24))
#define UART_CONF0 (1 << 27)
#define UART_SOURCE 34
#define UART_CLOCK ets_get_detected_xtal_freq()
u32 ets_get_detected_xtal_freq(void);
u32 rtc_get_reset_reason(u32 cpu);
u32 calc_rtc_memory_crc(u32 at, u32 length);

extern Syscalls *syscall_table_ptr_pro, *syscall_table_ptr_app;
static inline Syscalls *syscalls(void) { return this_core() ? syscall_table_ptr_app : syscall_table_ptr_pro; }

// SPI1, the controller for commands to the flash chip.
#define FLASH_SPI 0x3FF42000
#define FLASH_SPI_CLOCK 0x18
#define FLASH_SPI_USER 0x1C
#define FLASH_SPI_W0 0x80
#define FLASH_RD_STATUS REG(FLASH_SPI + 0x10)
#define FLASH_ADDRESS(a) ((a) << 8)
#define FLASH_DIVIDER(n) (((n) - 1) << 12 | ((n) / 2 - 1) << 6 | ((n) - 1))
// SPI0, the cache's.
#define CACHE_SPI 0x3FF43000
#define FLASH_WR_STATUS REG(FLASH_SPI + 0x30)

extern FlashChip g_rom_flashchip;
#define flashchip (&g_rom_flashchip)

static inline void flash_controller_wait(void) {
  while (REG(FLASH_SPI + 0xF8) & 7) {}
}
void flash_start_read(u32 address, u32 length);
int esp_rom_spiflash_config_param(u32 id, u32 size, u32 block, u32 sector, u32 page, u32 mask);
void flash_attach(void);
void flash_unlock(void);
int flash_erase(u32 address, u32 length);

#define IMAGE_HEADER 24
#define OTHER_IMAGE 0
#define OTHER_HINT "is this an ESP32-S3 or ESP8266 image, or one that was written 0x1000 too low?"
void print_flash_mode(const u32 *header);
void radio_start(void);
static inline void print_segment(u32 address, u32 length, u32 at) { (void)at, ets_printf("load:0x%08x,len:%d\n", address, length); }
static inline void print_segment_end(u32 length, u32 at, u32 sum) {
  (void)sum;
  u32 tail = (at + length) & 15;
  // The next segment's header does not fit into what is left of a row of 16 bytes.
  if (tail > 8) ets_printf("ho 0 tail %d room %d\n", tail, 16 - tail);
}
static inline void print_bad_sum(u32 sum, u32 kept) { ets_printf("csum err:0x%x!=0x%x\nthe image's bytes do not give the checksum at its end\n", kept, sum); }
static inline void print_entry(u32 entry, u32 sum) { (void)sum, ets_printf("entry 0x%08x\n", entry); }

#define HAS_SPI_ATTACH
// Beside the stacks of both cores and clear of where flasher programs load.
#define DOWNLOAD_BUFFER 0x3FFE4400
#define INFLATE_STATE 0x3FFE5E00
#define INFLATE_WINDOW 0x3FFE8000
#define STATUS_BYTES 4
#define SYNC_VALUE 0x20120707
_Noreturn void run_downloaded(u32 entry);
int tinfl_decompress(Inflate *s, const u8 *in, u32 *in_size, u8 *base, u8 *out, u32 *out_size, u32 flags);
