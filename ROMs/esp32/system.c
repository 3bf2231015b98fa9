// ESP32: start, interrupts, clocks, UART, flash and cache, pins.
#include "chip.h"

#define DPORT 0x3FF00000
#define UART(n) ((n) == 0 ? 0x3FF40000 : (n) == 1 ? 0x3FF50000 : 0x3FF6E000)
#define UART_TX_FIFO(n) ((n) == 0 ? 0x60000000 : (n) == 1 ? 0x60010000 : 0x6002E000)
#define GPIO 0x3FF44000
#define RTC_CNTL 0x3FF48000
#define IO_MUX 0x3FF49000
#define EFUSE 0x3FF5A000
#define SPI0 0x3FF43000
#define MMU(cpu) ((cpu) ? 0x3FF12000 : 0x3FF10000)
#define CACHE_CTRL(cpu) REG(DPORT + ((cpu) ? 0x58 : 0x40))

#define RSR(name) ({ u32 v; __asm__ volatile("rsr %0, " #name : "=a"(v)); v; })
#define WSR(name, v) __asm__ volatile("wsr %0, " #name "\n rsync" ::"a"(v) : "memory")

static u32 this_core(void) {
  u32 v;
  __asm__("rsr %0, prid" : "=a"(v));
  return v >> 13 & 1;
}

// ---- exceptions and interrupts

typedef struct { u32 pc, ps, sar, unused, a[16], cause, lbeg, lend, lcount; } Frame;
typedef void ExceptionHandler(Frame *, u32 cause);
typedef void InterruptHandler(void *);
static ExceptionHandler *exception_handlers[64];
static struct { InterruptHandler *handler; void *argument; } interrupts[32];
static u32 enabled_interrupts[2];

static void fatal_exception(Frame *f, u32 cause) {
  ets_install_uart_printf();
  ets_printf("Fatal exception (%d): \nepc1=0x%08x, epc2=0x%08x, epc3=0x%08x, excvaddr=0x%08x, depc=0x%08x\n", cause, f->pc, RSR(epc2), RSR(epc3), RSR(excvaddr), RSR(depc));
  for (;;) {}
}

static void serve_interrupts(void) {
  u32 pending;
  while ((pending = RSR(interrupt) & RSR(intenable))) {
    u32 n = 0;
    while (!(pending & 1)) pending >>= 1, n++;
    WSR(intclear, 1u << n);
    if (interrupts[n].handler) interrupts[n].handler(interrupts[n].argument);
    else WSR(intenable, RSR(intenable) & ~(1u << n));
  }
}

void serve_exception(Frame *f, u32 cause) {
  if (cause == 4) serve_interrupts();
  else if (cause < 64 && exception_handlers[cause]) exception_handlers[cause](f, cause);
  else fatal_exception(f, cause);
}

ExceptionHandler *xtos_set_exception_handler(u32 cause, ExceptionHandler *handler) {
  if (cause > 63) return NULL;
  ExceptionHandler *old = exception_handlers[cause];
  exception_handlers[cause] = handler;
  return old;
}

void ets_isr_attach(u32 n, InterruptHandler *handler, void *argument) {
  if (n < 32) interrupts[n].handler = handler, interrupts[n].argument = argument;
}
void ets_isr_mask(u32 mask) { WSR(intenable, enabled_interrupts[this_core()] &= ~mask); }
void ets_isr_unmask(u32 mask) { WSR(intenable, enabled_interrupts[this_core()] |= mask); }
void ets_intr_lock(void) {
  u32 old;
  __asm__ volatile("rsil %0, 3" : "=a"(old)::"memory");
}
void ets_intr_unlock(void) {
  u32 old;
  __asm__ volatile("rsil %0, 0" : "=a"(old)::"memory");
}
void ets_waiti0(void) { __asm__ volatile("waiti 0"); }
u32 xthal_get_ccount(void) { return RSR(ccount); }
u32 xthal_get_interrupt(void) { return RSR(interrupt); }
void xthal_set_intclear(u32 mask) { WSR(intclear, mask); }

/// Source `source` of the interrupt matrix to the CPU's interrupt `n`.
void intr_matrix_set(u32 cpu, u32 source, u32 n) {
  if (source < 69) REG(DPORT + (cpu ? 0x218 : 0x104) + 4 * source) = n;
}

// ---- clocks and resets

extern u32 g_ticks_per_us_pro, g_ticks_per_us_app;

void ets_update_cpu_frequency(u32 mhz) { g_ticks_per_us_pro = g_ticks_per_us_app = mhz; }
u32 ets_get_cpu_frequency(void) { return this_core() ? g_ticks_per_us_app : g_ticks_per_us_pro; }

void ets_delay_us(u32 us) {
  u32 start = RSR(ccount), ticks = us * ets_get_cpu_frequency();
  while (RSR(ccount) - start < ticks) {}
}

/// The crystal: firmware leaves it in STORE4, twice, in MHz; 40 MHz until then.
u32 ets_get_detected_xtal_freq(void) {
  u32 v = REG(RTC_CNTL + 0xB0), mhz = v & 0x7FFF;
  return (v >> 16 & 0x7FFF) == mhz && mhz >= 20 && mhz <= 60 ? mhz * 1000000 : 40000000;
}
u32 ets_get_xtal_scale(void) { return 0; }

u32 rtc_get_reset_reason(u32 cpu) { return REG(RTC_CNTL + 0x34) >> (cpu ? 6 : 0) & 0x3F; }
u32 rtc_get_wakeup_cause(void) { return REG(RTC_CNTL + 0x38) & 0x7FF; }
void software_reset(void) { REG(RTC_CNTL) |= 1u << 31; }
void software_reset_cpu(u32 cpu) { REG(RTC_CNTL) |= cpu ? 1 << 4 : 1 << 5; }
_Noreturn void software_reset_chip(void) {
  uart_drain();
  software_reset();
  for (;;) {}
}

// Wake stubs: code in RTC fast memory, at STORE6, that runs after deep sleep when STORE7 fits the memory.
u32 calc_rtc_memory_crc(u32 at, u32 length) {
  u32 sum = 0xFFFFFFFF;
  const u32 *w = (const u32 *)(0x3FF80000 + 4 * (at & 0x7FF));
  for (u32 i = 0; i <= length && i < 0x800; i++) sum = (sum << 1 | sum >> 31) ^ w[i];
  return sum;
}
void set_rtc_memory_crc(void) { REG(RTC_CNTL + 0xBC) = calc_rtc_memory_crc(0, 0x7FF); }

// ---- UART

/// The driver's record, which firmware uses too.
typedef struct {
  u32 rate, bits, parity_on, parity, stop_bits, flow_control, port, receive_buffer[6];
} UartDevice;
extern UartDevice UartDev;

UartDevice *GetUartDevice(void) { return &UartDev; }
void uart_tx_switch(u32 port) { UartDev.port = port; }
void uart_buff_switch(u32 port) { (void)port; }

#define STATUS(n) REG(UART(n) + 0x1C)
static u32 tx_count(u32 n) { return STATUS(n) >> 16 & 0xFF; }

void uart_tx_flush(u32 n) {
  while (tx_count(n)) {}
}
void uart_tx_wait_idle(u32 n) {
  while (STATUS(n) & (0xFF << 16 | 15 << 24)) {}
}
/// `divider`: sixteenths.
void uart_div_modify(u32 n, u32 divider) {
  uart_tx_flush(n);
  REG(UART(n) + 0x14) = divider >> 4 | (divider & 15) << 20;
}
void uart_set_rate(u32 baud) {
  uart_tx_wait_idle(0);
  uart_div_modify(0, (ets_get_detected_xtal_freq() << 4) / baud);
}

void uartAttach(void) {
  memset(&UartDev, 0, sizeof UartDev);
  UartDev.rate = 115200, UartDev.bits = 3, UartDev.stop_bits = 1;
}
/// Eight bits, no parity, one stop bit; an interrupt for each byte once one is enabled.
void Uart_Init(u32 n, u32 clock) {
  REG(UART(n) + 0x20) = UartDev.bits << 2 | UartDev.stop_bits << 4 | 1 << 27;
  REG(UART(n) + 0x24) = 1;
  REG(UART(n) + 0x0C) = 0;
  REG(UART(n) + 0x10) = 0xFFFFFFFF;
  uart_div_modify(n, (clock << 4) / UartDev.rate);
  intr_matrix_set(0, 34 + n, 5);
}

int uart_tx_one_char(u32 c) {
  u32 n = UartDev.port;
  while (tx_count(n) >= 126) {}
  REG(UART_TX_FIFO(n)) = (u8)c;
  return 0;
}
int uart_tx_one_char2(u32 c) { return uart_tx_one_char(c); }
void uart_put(u8 c) { uart_tx_one_char(c); }
void uart_drain(void) { uart_tx_wait_idle(0); }
int uart_get(void) { return STATUS(0) & 0xFF ? (int)(REG(UART(0)) & 0xFF) : -1; }
int uart_rx_one_char(u8 *to) {
  int c = uart_get();
  if (c < 0) return 1;
  *to = c;
  return 0;
}
u32 uart_rx_one_char_block(void) {
  for (;;) {
    int c = uart_get();
    if (c >= 0) return c;
  }
}
/// A line, without its end; longer ones are cut.
int UartRxString(u8 *to, u32 size) {
  u32 n = 0;
  for (;;) {
    u32 c = uart_rx_one_char_block();
    if (c == '\r' || c == '\n') break;
    if (n + 1 < size) to[n++] = c;
  }
  to[n] = 0;
  return 0;
}

// ---- flash

extern u8 g_rom_spiflash_dummy_len_plus[3];
u32 flash_status(void);
void flash_write_enable(void);
void flash_write_status(u32 status);
int flash_erase_all(void);

#define SPI(at) REG(FLASH_SPI + (at))
enum { cmd = 0, addr = 4, ctrl = 8, clock = 0x18, user = 0x1C, user1 = 0x20, user2 = 0x24, mosi_length = 0x28, miso_length = 0x2C, w0 = 0x80 };

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
  SPI(addr) = address << 8;
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
  g_rom_flashchip = (FlashChip){id, size, block, sector, page, mask};
  return 0;
}
int esp_rom_spiflash_config_clk(u32 divider, u32 spi) {
  u32 at = spi == 0 ? SPI0 : FLASH_SPI;
  if (divider < 2) {
    REG(at + 0x18) = 1u << 31;
    return 0;
  }
  divider &= 0xFF;
  REG(at + 0x18) = (divider - 1) << 12 | ((divider / 2) - 1) << 6 | (divider - 1);
  return 0;
}
int esp_rom_spiflash_config_readmode(u32 mode) {
  // Bits of CTRL: 13 fast read, 14 two wires, 20 four wires, 23 two and 24 four with the address too
  static const u32 modes[6] ROM_WORDS = {1 << 13 | 1 << 24, 1 << 13 | 1 << 20, 1 << 13 | 1 << 23, 1 << 13 | 1 << 14, 1 << 13, 0};
  u32 bits = modes[mode < 6 ? mode : 5], all = 1 << 13 | 1 << 14 | 1 << 20 | 1 << 23 | 1 << 24;
  SPI(ctrl) = (SPI(ctrl) & ~all) | bits;
  REG(SPI0 + 8) = (REG(SPI0 + 8) & ~all) | bits;
  return 0;
}
int esp_rom_spiflash_erase_chip(void) { return flash_erase_all(); }
int esp_rom_spiflash_erase_block(u32 n) { return n >= g_rom_flashchip.chip_size / g_rom_flashchip.block_size ? 1 : flash_erase_block(n * g_rom_flashchip.block_size); }
int esp_rom_spiflash_erase_sector(u32 n) { return n >= g_rom_flashchip.chip_size / g_rom_flashchip.sector_size ? 1 : flash_erase_sector(n * g_rom_flashchip.sector_size); }
int esp_rom_spiflash_erase_area(u32 at, u32 length) {
  if (at > g_rom_flashchip.chip_size || length > g_rom_flashchip.chip_size - at || (at | length) & 0xFFF) return 1;
  return flash_erase(at, length);
}
int esp_rom_spiflash_write(u32 at, const u32 *from, s32 length) { return flash_write(at, from, length); }
int esp_rom_spiflash_read(u32 at, u32 *to, s32 length) {
  if (at > g_rom_flashchip.chip_size || (u32)length > g_rom_flashchip.chip_size - at) return 1;
  return flash_read(at, to, length);
}
// No flash of this machine is encrypted.
void esp_rom_spiflash_write_encrypted_enable(void) {}
int esp_rom_spiflash_prepare_encrypted_data(u32 at, u32 *data) {
  (void)at, (void)data;
  return 1;
}
void esp_rom_spiflash_write_encrypted_disable(void) {}

#define PAD(gpio) REG(IO_MUX + pad_offset(gpio))
static u32 pad_offset(u32 gpio) {
  static const u32 offsets[10] ROM_WORDS = {0x84408844, 0x68646C48, 0x5C585460, 0x3C303834, 0x7470504C, 0x8C807C78, 0x2C282490, 0x00000000, 0x1814201C, 0x100C0804};
  return offsets[gpio / 4] >> 8 * (gpio & 3) & 0xFF;
}
static int has_pad(u32 gpio) { return gpio < 40 && pad_offset(gpio); }

/// The pads SD_CLK, SD_DATA0 … 3 and SD_CMD to SPI, whose function is 1; and the controllers' plain mode.
void esp_rom_spiflash_attach(u32 pins, u32 legacy) {
  (void)legacy;
  if (pins == 0)
    for (u32 gpio = 6; gpio <= 11; gpio++) PAD(gpio) = (PAD(gpio) & ~(7 << 12)) | 1 << 12 | 1 << 9;
}
void flash_attach(void) { esp_rom_spiflash_attach(0, 0); }
void esp_rom_spiflash_select_qio_pins(u32 wp, u32 pins) {
  (void)wp;
  if (pins == 0) PAD(9) = (PAD(9) & ~(7 << 12)) | 1 << 12, PAD(10) = (PAD(10) & ~(7 << 12)) | 1 << 12;
}
/// The pins of the flash chip that eFuse names; 0: those of the pads SD_*.
u32 ets_efuse_get_spiconfig(void) { return REG(EFUSE + 0x14) & 0xFFFFF; }
void ets_efuse_read_op(void) {
  REG(EFUSE + 0xFC) = 0x5AA5;
  REG(EFUSE + 0x104) = 1;
  while (REG(EFUSE + 0x104)) {}
}
void ets_efuse_program_op(void) {
  REG(EFUSE + 0xFC) = 0x5A5A;
  REG(EFUSE + 0x104) = 2;
  while (REG(EFUSE + 0x104)) {}
}

// ---- cache

void mmu_init(u32 cpu) {
  for (u32 i = 0; i < 2048; i++) REG(MMU(cpu) + 4 * i) = 0;
}

/// `count` pages of `size` KiB from flash at `physical` to `virtual`. 0, or what is wrong with the arguments.
int cache_flash_mmu_set(u32 cpu, u32 process, u32 virtual, u32 physical, u32 size, u32 count) {
  if (process > 7 && size != 64) return 5;
  if (size != 64 && size != 32 && size != 16 && size != 8) return 3;
  u32 shift = size == 64 ? 16 : size == 32 ? 15 : size == 16 ? 14 : 13, mask = (1 << shift) - 1;
  if (virtual & mask) return 1;
  if (physical & mask) return 2;
  u32 index;
  if (virtual >= 0x3F400000 && virtual < 0x3F800000) index = (virtual - 0x3F400000) >> 16;
  else if (virtual >= 0x40000000 && virtual < 0x40C00000) index = 64 + ((virtual - 0x40000000) >> 16);
  else if (virtual >= 0x3F800000 && virtual < 0x3FC00000) index = 1152 + ((virtual - 0x3F800000) >> 15);
  else return 4;
  if (count > 256 || index + count > 2048) return 4;
  if (process > 1 && process < 8) index += 256 * (process - 1);
  for (u32 i = 0; i < count && index + i < 2048; i++) REG(MMU(cpu) + 4 * (index + i)) = (physical >> shift) + i;
  return 0;
}
int cache_sram_mmu_set(u32 cpu, u32 process, u32 virtual, u32 physical, u32 size, u32 count) {
  (void)process;
  if (size != 32 || (virtual & 0x7FFF) || virtual < 0x3F800000 || virtual >= 0x3FC00000) return 1;
  for (u32 i = 0; i < count; i++) REG(MMU(cpu) + 4 * (1152 + ((virtual - 0x3F800000) >> 15) + i)) = (physical >> 15) + i;
  return 0;
}
void Cache_Flush(u32 cpu) {
  CACHE_CTRL(cpu) &= ~(1 << 4);
  CACHE_CTRL(cpu) |= 1 << 4;
  while (!(CACHE_CTRL(cpu) & 1 << 5)) {}
  CACHE_CTRL(cpu) &= ~(1 << 4);
}
void Cache_Read_Enable(u32 cpu) { CACHE_CTRL(cpu) |= 1 << 3; }
void Cache_Read_Disable(u32 cpu) {
  CACHE_CTRL(cpu) &= ~(1 << 3);
  while (REG(SPI0 + 0xF8) & 7) {}
}
void Cache_Read_Init(u32 cpu) { Cache_Read_Disable(cpu), Cache_Flush(cpu); }

// ---- pins

void gpio_output_set(u32 set, u32 clear, u32 enable, u32 disable) {
  REG(GPIO + 0x08) = set, REG(GPIO + 0x0C) = clear, REG(GPIO + 0x24) = enable, REG(GPIO + 0x28) = disable;
}
void gpio_output_set_high(u32 set, u32 clear, u32 enable, u32 disable) {
  REG(GPIO + 0x14) = set, REG(GPIO + 0x18) = clear, REG(GPIO + 0x30) = enable, REG(GPIO + 0x34) = disable;
}
u32 gpio_input_get(void) { return REG(GPIO + 0x3C); }
u32 gpio_input_get_high(void) { return REG(GPIO + 0x40) & 0xFF; }
void gpio_matrix_in(u32 gpio, u32 signal, u32 invert) {
  if (signal < 256) REG(GPIO + 0x130 + 4 * signal) = (gpio & 0x3F) | (invert ? 1 << 6 : 0) | 1 << 7;
}
void gpio_matrix_out(u32 gpio, u32 signal, u32 invert, u32 invert_enable) {
  if (gpio > 39) return;
  REG(GPIO + (gpio < 32 ? 0x24 : 0x30)) = 1u << (gpio & 31);
  REG(GPIO + 0x530 + 4 * gpio) = (signal & 0x1FF) | (invert & 0xFF ? 1 << 9 : 0) | (invert_enable & 0xFF ? 1 << 11 : 0);
}
void gpio_pad_select_gpio(u32 gpio) {
  if (has_pad(gpio)) PAD(gpio) = (PAD(gpio) & ~(7 << 12)) | 2 << 12;
}
void gpio_pad_set_drv(u32 gpio, u32 strength) {
  if (has_pad(gpio)) PAD(gpio) = (PAD(gpio) & ~(3 << 10)) | (strength & 3) << 10;
}
void gpio_pad_pullup(u32 gpio) {
  if (has_pad(gpio)) PAD(gpio) = (PAD(gpio) & ~(1 << 7)) | 1 << 8;
}
void gpio_pad_pulldown(u32 gpio) {
  if (has_pad(gpio)) PAD(gpio) = (PAD(gpio) & ~(1 << 8)) | 1 << 7;
}

// ---- accelerators: clocks and resets of DPORT's PERI_CLK_EN and PERI_RST_EN

static void accelerator(u32 mask, int on) {
  if (on) REG(DPORT + 0x1C) |= mask, REG(DPORT + 0x20) &= ~mask;
  else REG(DPORT + 0x20) |= mask, REG(DPORT + 0x1C) &= ~mask;
}
void ets_aes_enable(void) { accelerator(1 << 0, 1), REG(DPORT + 0x20) &= ~(1 << 3 | 1 << 4); }
void ets_aes_disable(void) { accelerator(1 << 0, 0); }
void ets_sha_enable(void) { accelerator(1 << 1, 1), REG(DPORT + 0x20) &= ~(1 << 3 | 1 << 4); }
void ets_sha_disable(void) { accelerator(1 << 1, 0); }
void ets_bigint_enable(void) { accelerator(1 << 2, 1), REG(DPORT + 0x20) &= ~(1 << 3 | 1 << 4), REG(DPORT + 0x3C) &= ~1; }
void ets_bigint_disable(void) { accelerator(1 << 2, 0); }

// ---- start

/// RAM that an image may load to: not where this ROM keeps its variables and stack.
int is_ram(u32 at, u32 length) {
  static const u32 spans[][2] ROM_WORDS = {{0x3FFAE700, 0x3FFE0000}, {0x3FFE8000, 0x40000000}, {0x40070000, 0x400C2000}, {0x50000000, 0x50002000}, {0x3FF80000, 0x3FF82000}};
  for (u32 i = 0; i < 5; i++)
    if (!(at & 3) && at >= spans[i][0] && at < spans[i][1] && length <= spans[i][1] - at) return 1;
  return 0;
}

void print_flash_mode(const u32 *header) {
  static const char modes[6][10] = {"QIO", "QOUT", "DIO", "DOUT", "FAST READ", "SLOW READ"};
  u32 mode = header[0] >> 16 & 0xFF, speed = header[0] >> 24 & 15, size = header[0] >> 28;
  u32 drive = header[2] >> 8;
  u32 divider = speed == 15 ? 1 : speed == 0 ? 2 : speed == 1 ? 3 : 4;
  if (size < 6) g_rom_flashchip.chip_size = 0x100000u << size;
  ets_printf("configsip: %d, SPIWP:0x%02x\n", ets_efuse_get_spiconfig(), header[2] & 0xFF);
  ets_printf("clk_drv:0x%02x,q_drv:0x%02x,d_drv:0x%02x,cs0_drv:0x%02x,hd_drv:0x%02x,wp_drv:0x%02x\n", drive & 15, drive >> 4 & 15, drive >> 8 & 15, drive >> 12 & 15, drive >> 16 & 15, drive >> 20 & 15);
  ets_printf("mode:%s, clock div:%d\n", mode < 6 ? modes[mode] : "?", divider);
  u32 chip = header[3] & 0xFFFF;
  if (chip && chip != 0xFFFF) ets_printf("wrong chip id 0x%04x: an image for another chip of the family\n", chip);
}

static u32 user_start;
void ets_set_user_start(u32 entry) { user_start = entry; }
void ets_set_startup_callback(u32 callback) { (void)callback; }
/// Where the other core goes on; it waits for this.
#define APP_BOOT REG(DPORT + 0x38)
void ets_set_appcpu_boot_addr(u32 entry) { APP_BOOT = entry; }

_Noreturn void start_app(void) {
  while (!APP_BOOT) {}
  ((void (*)(void))APP_BOOT)();
  for (;;) {}
}

_Noreturn void run_image(u32 entry) {
  uart_drain();
  ((void (*)(void))entry)();
  ets_printf("user code done\n");
  for (;;) {}
}
/// After a download the code runs as an image would; it may name where to go on when it returns.
_Noreturn void run_downloaded(u32 entry) {
  ((void (*)(void))entry)();
  run_image(user_start ? user_start : entry);
}

static const char *reset_name(u32 cause) {
  static const char names[17][24] = {
      "NO_MEAN", "POWERON_RESET", "", "SW_RESET", "OWDT_RESET", "DEEPSLEEP_RESET", "SDIO_RESET", "TG0WDT_SYS_RESET", "TG1WDT_SYS_RESET", "RTCWDT_SYS_RESET",
      "INTRUSION_RESET", "TGWDT_CPU_RESET", "SW_CPU_RESET", "RTCWDT_CPU_RESET", "EXT_CPU_RESET", "RTCWDT_BROWN_OUT_RESET", "RTCWDT_RTC_RESET",
  };
  return cause < 17 ? names[cause] : "";
}

_Noreturn void start(void) {
  esp_rom_spiflash_config_param(0, 0x400000, 0x10000, 0x1000, 0x100, 0xFFFF);
  g_ticks_per_us_pro = g_ticks_per_us_app = ets_get_detected_xtal_freq() / 1000000;
  radio_start();
  uartAttach();
  Uart_Init(0, ets_get_detected_xtal_freq());
  ets_install_uart_printf();

  u32 cause = rtc_get_reset_reason(0), straps = REG(GPIO + 0x38) & 0x3F;
  if (cause == 5 && REG(RTC_CNTL + 0xBC) && REG(RTC_CNTL + 0xBC) == calc_rtc_memory_crc(0, 0x7FF)) {
    u32 stub = REG(RTC_CNTL + 0xB8);
    if (stub >= 0x400C0000 && stub < 0x400C2000) ((void (*)(void))stub)();
  }
  int fast = (straps & 0x10) != 0, download = !fast && !(straps & 8);
  const char *mode = fast ? "SPI_FAST_FLASH_BOOT" : !download ? "SPI_FLASH_BOOT"
      : (straps & 3) == 0 ? "DOWNLOAD_BOOT(UART0/UART1/SDIO_FEI_FEO_V1)" : (straps & 3) == 1 ? "DOWNLOAD_BOOT(UART0/UART1/SDIO_FEI_REO_V1)"
      : (straps & 3) == 2 ? "DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_FEO_V1)" : "DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2)";
  ets_printf("ets %s\n", "Jul 29 2019 12:21:46");
  ets_printf("\nrst:0x%x (%s),boot:0x%x (%s)\n", cause, reset_name(cause), straps, mode);
  if (download) {
    ets_printf("waiting for download\n");
    uart_drain();
    download_mode();
  }
  flash_attach();
  boot_from_flash(0x1000);
}
