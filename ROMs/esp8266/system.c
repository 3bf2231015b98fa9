// ESP8266: start, interrupts, clocks, UART, flash and cache, pins.
#include "chip.h"

#define DPORT 0x3FF00000
#define UART(n) (0x60000000 + 0xF00 * (n))
#define GPIO 0x60000300
#define RTC 0x60000700
#define IOMUX 0x60000800
#define RTC_MEMORY 0x60001000
#define UART_CONF1 0x24

// Registers of the core
#define RSR(name) ({ u32 v; __asm__ volatile("rsr %0, " #name : "=a"(v)); v; })
#define WSR(name, v) __asm__ volatile("wsr %0, " #name "\n rsync" ::"a"(v) : "memory")

// ---- exceptions and interrupts

typedef struct { u32 pc, ps, sar, unused, a[15], cause; } Frame;
typedef void ExceptionHandler(Frame *, u32 cause);
typedef void InterruptHandler(void *);
extern void *_xtos_exc_handler_table[64];
extern ExceptionHandler *_xtos_c_handler_table[64];
void _xtos_c_wrapper_handler(void), _xtos_l1int_handler(void), _xtos_unhandled_exception(void);

static struct { InterruptHandler *handler; void *argument; } interrupts[15];
u32 enabled_interrupts;

void fatal_exception(Frame *f, u32 cause) {
  ets_install_uart_printf();
  ets_printf("Fatal exception (%d): \nepc1=0x%08x, epc2=0x%08x, epc3=0x%08x, excvaddr=0x%08x, depc=0x%08x\n", cause, f->pc, RSR(epc2), RSR(epc3), RSR(excvaddr), RSR(depc));
  for (;;) {}
}
static void unhandled_cause(Frame *f, u32 cause) { fatal_exception(f, cause); }

ExceptionHandler *_xtos_set_exception_handler(u32 cause, ExceptionHandler *handler) {
  if (cause > 63) return NULL;
  ExceptionHandler *old = _xtos_c_handler_table[cause];
  _xtos_c_handler_table[cause] = handler ? handler : unhandled_cause;
  _xtos_exc_handler_table[cause] = handler ? _xtos_c_wrapper_handler : cause == 4 ? _xtos_l1int_handler : _xtos_unhandled_exception;
  return old == unhandled_cause ? NULL : old;
}

static void unhandled_interrupt(void *argument) { (void)argument; }

void serve_interrupts(Frame *f) {
  u32 pending;
  while ((pending = RSR(interrupt) & RSR(intenable) & 0x3FFF)) {
    u32 n = 0;
    while (!(pending & 1)) pending >>= 1, n++;
    __asm__ volatile("wsr %0, intclear\n rsync" ::"a"(1 << n));
    ((void (*)(void *, Frame *))interrupts[n].handler)(interrupts[n].argument, f);
  }
}

void ets_isr_attach(u32 n, InterruptHandler *handler, void *argument) {
  if (n > 14) return;
  interrupts[n].handler = handler ? handler : unhandled_interrupt;
  interrupts[n].argument = argument;
}
void ets_isr_mask(u32 mask) { WSR(intenable, enabled_interrupts &= ~mask); }
void ets_isr_unmask(u32 mask) { WSR(intenable, enabled_interrupts |= mask); }
u32 xtos_ints_off(u32 mask) {
  u32 old = enabled_interrupts;
  ets_isr_mask(mask);
  return old;
}
u32 xtos_ints_on(u32 mask) {
  u32 old = enabled_interrupts;
  ets_isr_unmask(mask);
  return old;
}
void ets_intr_lock(void) { __asm__ volatile("rsil a2, 3" ::: "a2", "memory"); }
void ets_intr_unlock(void) { __asm__ volatile("rsil a2, 0" ::: "a2", "memory"); }
void xthal_set_intclear(u32 mask) { WSR(intclear, mask); }
void xthal_set_intset(u32 mask) { WSR(intset, mask); }
void _xtos_restore_intlevel(u32 ps) { WSR(ps, ps); }
u32 xthal_get_ccount(void) { return RSR(ccount); }
u32 xthal_get_intenable(void) { return RSR(intenable); }

// ---- tasks of the ETS kernel

typedef struct { u32 signal, parameter; } Event;
typedef struct { void (*task)(Event *); Event *queue; u8 length, first, count, running; } Task;
static Task tasks[32];
static u32 ready;
static void (*idle)(void *);
static void *idle_argument;

void ets_set_idle_cb(void (*callback)(void *), void *argument) { idle = callback, idle_argument = argument; }

void ets_task(void (*task)(Event *), u32 priority, Event *queue, u32 length) {
  if (priority > 31) return;
  tasks[priority] = (Task){task, queue, length, 0, 0, 0};
}

int ets_post(u32 priority, u32 signal, u32 parameter) {
  Task *t = &tasks[priority & 31];
  u32 old;
  __asm__ volatile("rsil %0, 3" : "=a"(old)::"memory");
  int full = t->count >= t->length;
  if (!full) {
    u32 at = t->first + t->count++;
    t->queue[at >= t->length ? at - t->length : at] = (Event){signal, parameter};
    ready |= 1u << (priority & 31);
  }
  WSR(ps, old);
  return full;
}

/// The loop that hands events to tasks, of the highest priority first.
_Noreturn void ets_run(void) {
  for (;;) {
    u32 old;
    __asm__ volatile("rsil %0, 3" : "=a"(old)::"memory");
    if (!ready) {
      WSR(ps, old);
      if (idle) idle(idle_argument);
      else __asm__ volatile("waiti 0");
      continue;
    }
    u32 priority = 31;
    while (!(ready >> priority & 1)) priority--;
    Task *t = &tasks[priority];
    Event e = t->queue[t->first];
    if (++t->first == t->length) t->first = 0;
    if (!--t->count) ready &= ~(1u << priority);
    WSR(ps, old);
    t->task(&e);
  }
}

// ---- clocks, resets, watchdog

// Where firmware puts it too.
extern u32 ticks_per_us;

void ets_update_cpu_frequency(u32 mhz) { ticks_per_us = mhz; }
u32 ets_get_cpu_frequency(void) { return ticks_per_us; }

void ets_delay_us(u32 us) {
  u32 start = RSR(ccount), ticks = us * ticks_per_us;
  while (RSR(ccount) - start < ticks) {}
}

/// 1 power, 2 the reset pin, 3 software, 4 watchdog, 5 deep sleep's timer
u32 rtc_get_reset_reason(void) {
  u32 cause = REG(RTC + 0x14) & 7;
  return cause;
}

void software_reset(void) { REG(RTC) |= 1u << 31; }
_Noreturn void software_reset_chip(void) {
  uart_drain();
  software_reset();
  for (;;) {}
}

#define WDT 0x60000900
u32 ets_wdt_get_mode(void) { return REG(WDT) & 1; }
void ets_wdt_enable(u32 mode, u32 a, u32 b) {
  (void)mode, (void)a, (void)b;
  REG(WDT) |= 1;
  REG(WDT + 0x14) = 0x73;
}
u32 ets_wdt_disable(void) {
  u32 old = REG(WDT) & 1;
  REG(WDT) &= ~1;
  REG(WDT + 0x14) = 0x73;
  return old;
}
void ets_wdt_restore(u32 mode) { REG(WDT) = (REG(WDT) & ~1) | (mode & 1); }
void ets_wdt_init(void) { ets_wdt_disable(); }

// ---- UART

/// The driver's record, which firmware uses too.
typedef struct {
  u32 rate, bits, parity_on, parity, stop_bits, flow_control;
  struct { u32 size; u8 *start, *write, *read; u8 trigger; u32 state; } receive;
  struct { u32 size; u8 *buffer; } send;
  u32 receive_state, received, port;
} UartDevice;
extern UartDevice UartDev;

UartDevice *GetUartDevice(void) { return &UartDev; }
void uart_buff_switch(u32 port) { UartDev.port = port; }
void uart_tx_switch(u32 port) { UartDev.port = port; }

void rom_uart_div_modify(u32 port, u32 divider) {
  u32 uart = UART(port & 1);
  REG(uart + 0x14) = divider;
  REG(uart + 0x20) |= 3 << 17;
  REG(uart + 0x20) &= ~(3 << 17);
}

void uartAttach(void) {
  memset(&UartDev, 0, sizeof UartDev);
  UartDev.rate = 115200, UartDev.bits = 3, UartDev.stop_bits = 1;
  UartDev.receive.size = 256;
}

/// Eight bits, no parity, one stop bit, and the pads of the port.
void Uart_Init(u32 port) {
  u32 uart = UART(port & 1);
  if (port == 0) {
    REG(IOMUX + 0x18) &= ~(0x13 << 4);  // U0TXD
    REG(IOMUX + 0x14) &= ~(0x13 << 4);  // U0RXD
    REG(IOMUX + 0x18) |= 1 << 7;
  } else REG(IOMUX + 0x38) = (REG(IOMUX + 0x38) & ~(0x13 << 4)) | 2 << 4;  // GPIO2
  REG(uart + 0x20) = UartDev.bits << 2 | UartDev.stop_bits << 4 | UartDev.parity | UartDev.parity_on;
  REG(uart + UART_CONF1) = (REG(uart + UART_CONF1) & ~0x7F) | 1;
  REG(uart + 0x0C) = 0;
  REG(uart + 0x10) = 0xFFFF;
}

void uart_put(u8 c) {
  u32 uart = UART(UartDev.port & 1);
  while ((REG(uart + 0x1C) >> 16 & 0xFF) >= 126) {}
  REG(uart) = c;
}
int uart_get(void) { return REG(UART(0) + 0x1C) & 0xFF ? (int)(REG(UART(0)) & 0xFF) : -1; }
void uart_drain(void) {
  while (REG(UART(0) + 0x1C) >> 16 & 0xFF) {}
}
int uart_tx_one_char(u32 c) {
  uart_put(c);
  return 0;
}
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

/// The divider of the line's speed, from the shortest pulses in thirty edges; 0 while there are fewer and `once` asks not to wait for them.
/// The state is kept in the driver's record.
u32 uart_baudrate_detect(u32 port, u32 once) {
  u32 uart = UART(port & 1);
  if (!UartDev.receive_state) REG(uart + 0x18) = 0, REG(uart + 0x18) = 8 << 8 | 1, UartDev.receive_state = 1;
  while ((REG(uart + 0x30) & 0x3FF) < 30)
    if (once) return 0;
  u32 divider = ((REG(uart + 0x28) & 0xFFFFF) + (REG(uart + 0x2C) & 0xFFFFF)) / 2;
  REG(uart + 0x18) &= ~1;
  return divider;
}

// ---- flash

// It lies right behind the variable that points to it: firmware takes the two for one structure.
extern FlashChip flash_chip;

u32 flash_status(void);
void flash_write_enable(void);
void flash_write_status(u32 status);
int flash_erase_all(void);

void SPIParamCfg_fill(u32 id, u32 size, u32 block, u32 sector, u32 page, u32 mask) { *flashchip = (FlashChip){id, size, block, sector, page, mask}; }
int SPIParamCfg(u32 id, u32 size, u32 block, u32 sector, u32 page, u32 mask) {
  SPIParamCfg_fill(id, size, block, sector, page, mask);
  return 0;
}
int SPI_read_status(FlashChip *c, u32 *status) {
  (void)c;
  *status = flash_status();
  return 0;
}
int SPI_write_status(FlashChip *c, u32 status) {
  (void)c;
  flash_wait();
  flash_write_status(status);
  return 0;
}
int SPI_write_enable(FlashChip *c) {
  (void)c;
  flash_write_enable();
  return 0;
}
int Wait_SPI_Idle(FlashChip *c) {
  (void)c;
  return flash_wait();
}
// QE is bit 9 of the status that is written as two bytes; bit 6 on other makes. Modes of four wires are not set by this ROM: the flash of a module is read as it is wired.
int Enable_QMode(FlashChip *c) {
  (void)c;
  flash_wait();
  if (flash_status() & 1 << 9) return 0;
  flash_write_enable();
  flash_write_status(flash_status() | 1 << 9);
  return 0;
}
int Disable_QMode(FlashChip *c) {
  (void)c;
  flash_wait();
  flash_write_enable();
  flash_write_status(flash_status() & ~(1 << 9));
  return 0;
}
int SPIUnlock(void) {
  flash_wait();
  flash_write_enable();
  flash_write_status(0);
  return 0;
}
int SPILock(void) {
  flash_wait();
  flash_write_enable();
  flash_write_status(0x1C);
  return 0;
}
int SPIReadModeCnfig(u32 mode) {
  // Bits of SPI0.CTRL: 13 fast read, 14 two wires, 20 four wires, 23 and 24 with the address too
  static const u32 modes[6] ROM_WORDS = {1 << 13 | 1 << 24, 1 << 13 | 1 << 20, 1 << 13 | 1 << 23, 1 << 13 | 1 << 14, 1 << 13, 0};
  REG(FLASH_SPI + 8) = (REG(FLASH_SPI + 8) & ~(1 << 13 | 1 << 14 | 1 << 20 | 1 << 23 | 1 << 24)) | modes[mode < 6 ? mode : 5];
  return 0;
}
int SPIEraseChip(void) { return flash_erase_all(); }
int SPIEraseBlock(u32 n) { return n >= flashchip->chip_size / flashchip->block_size ? 1 : flash_erase_block(n * flashchip->block_size); }
int SPIEraseSector(u32 n) { return n >= flashchip->chip_size / flashchip->sector_size ? 1 : flash_erase_sector(n * flashchip->sector_size); }
int SPIEraseArea(u32 at, u32 length) { return at > flashchip->chip_size || length > flashchip->chip_size - at ? 1 : flash_erase(at & ~0xFFF, (length + (at & 0xFFF) + 0xFFF) & ~0xFFF); }
int SPIWrite(u32 at, const void *from, s32 length) { return flash_write(at, from, length); }
int SPIRead(u32 at, void *to, s32 length) { return at > flashchip->chip_size || (u32)length > flashchip->chip_size - at ? 1 : flash_read(at, to, length); }
int SPI_sector_erase(FlashChip *c, u32 at) { return at >= c->chip_size ? 1 : flash_erase_sector(at); }
int SPI_page_program(FlashChip *c, u32 at, const void *from, s32 length) { return at >= c->chip_size ? 1 : flash_write(at, from, length); }
int SPI_read_data(FlashChip *c, u32 at, void *to, s32 length) { return at >= c->chip_size ? 1 : flash_read(at, to, length); }

/// The pads SD_CLK, SD_DATA0 … 3 and SD_CMD to SPI0, whose function is 1.
void SelectSpiFunction(void) {
  for (u32 pad = 0x1C; pad <= 0x30; pad += 4) REG(IOMUX + pad) = (REG(IOMUX + pad) & ~(0x13 << 4)) | 1 << 4;
}
void spi_flash_attach(void) { SelectSpiFunction(); }
void flash_attach(void) { SelectSpiFunction(); }

// ---- cache

#define CACHE REG(DPORT + 0x0C)

void Cache_Read_Disable(void) {
  while (CACHE & 1 << 8) CACHE &= ~(1 << 8);
  while (REG(FLASH_SPI + 0xF8)) {}
  REG(FLASH_SPI + 8) &= ~(1 << 17);
}

/// Half `half` of the 2 MiB block `block` of flash appears at 0x40200000; `big`: 32 KiB of cache, not 16.
void Cache_Read_Enable(u32 half, u32 block, u32 big) {
  CACHE &= ~1;
  CACHE |= 1;
  while (!(CACHE & 2)) {}
  CACHE &= ~1;
  CACHE = (CACHE & ~(3 << 24 | 7 << 16 | 1 << 26)) | (half > 2 ? 2 : half) << 24 | (block & 7) << 16 | (big ? 1 << 26 : 0);
  REG(DPORT + 0x24) = (REG(DPORT + 0x24) & ~(3 << 3)) | (big ? 3 << 3 : 1 << 3);
  REG(FLASH_SPI + 8) |= 1 << 17;
  CACHE |= 1 << 8;
  while (!(CACHE & 1 << 8)) {}
}

// ---- pins

void gpio_output_set(u32 set, u32 clear, u32 enable, u32 disable) {
  REG(GPIO + 0x04) = set;
  REG(GPIO + 0x08) = clear;
  REG(GPIO + 0x10) = enable;
  REG(GPIO + 0x14) = disable;
}
u32 gpio_input_get(void) { return REG(GPIO + 0x18) & 0xFFFF; }
void gpio_register_set(u32 at, u32 value) { REG(GPIO + at) = value; }
u32 gpio_register_get(u32 at) { return REG(GPIO + at); }
#define PIN(n) REG(GPIO + 0x28 + 4 * (n))
void gpio_pin_intr_state_set(u32 n, u32 type) { PIN(n) = (PIN(n) & ~(7 << 7)) | (type & 7) << 7; }
void gpio_intr_ack(u32 mask) { REG(GPIO + 0x24) = mask; }
u32 gpio_intr_pending(void) { return REG(GPIO + 0x1C) & 0xFFFF; }
void gpio_pin_wakeup_enable(u32 n, u32 type) {
  if (type == 4 || type == 5) PIN(n) = (PIN(n) & ~(7 << 7)) | type << 7 | 1 << 10;
}
void gpio_pin_wakeup_disable(void) {
  for (u32 n = 0; n < 16; n++)
    if (PIN(n) & 1 << 10) PIN(n) &= ~(1 << 10 | 7 << 7);
}
static void (*gpio_handler)(u32 mask, void *argument);
static void *gpio_argument;
static void serve_gpio(void *argument) {
  (void)argument;
  if (gpio_handler) gpio_handler(gpio_intr_pending(), gpio_argument);
}
void gpio_intr_handler_register(void (*handler)(u32, void *), void *argument) { gpio_handler = handler, gpio_argument = argument; }
void gpio_init(void) {
  ets_isr_attach(4, serve_gpio, NULL);
  gpio_intr_ack(0xFFFF);
  ets_isr_unmask(1 << 4);
}

// ---- timers on FRC2, which counts 3.2 microseconds

typedef struct Timer Timer;
struct Timer { Timer *next; u32 expires, period; void (*function)(void *); void *argument; };
static Timer *timers;
/// What firmware expects in a timer that does not run.
#define unlinked ((Timer *)-1)
#define FRC2(at) REG(0x60000620 + (at))
enum { load = 0, count = 4, control = 8, clear = 12, alarm = 16 };

static void insert(Timer *t) {
  Timer **at = &timers;
  while (*at && (s32)((*at)->expires - t->expires) <= 0) at = &(*at)->next;
  t->next = *at, *at = t;
  FRC2(alarm) = timers->expires;
}
static int take(Timer *t) {
  for (Timer **at = &timers; *at; at = &(*at)->next)
    if (*at == t) {
      *at = t->next;
      return 1;
    }
  return 0;
}
void ets_timer_setfn(Timer *t, void (*function)(void *), void *argument) { *t = (Timer){unlinked, 0, 0, function, argument}; }
/// Firmware that counts for itself hands over when.
void timer_insert(u32 expires, Timer *t) {
  t->expires = expires;
  insert(t);
}
void ets_timer_disarm(Timer *t) {
  u32 old;
  __asm__ volatile("rsil %0, 3" : "=a"(old)::"memory");
  take(t), t->period = 0, t->next = unlinked;
  WSR(ps, old);
}
void ets_timer_arm(Timer *t, u32 ms, u32 repeat) {
  u32 old, ticks = ms * 625 / 2;
  __asm__ volatile("rsil %0, 3" : "=a"(old)::"memory");
  take(t);
  t->period = repeat ? ticks : 0, t->expires = FRC2(count) + ticks;
  insert(t);
  WSR(ps, old);
}
void ets_timer_done(Timer *t) { t->function = NULL, t->argument = NULL; }
void ets_timer_handler_isr(void) {
  FRC2(clear) = 0;
  while (timers && (s32)(FRC2(count) - timers->expires) >= 0) {
    Timer *t = timers;
    timers = t->next, t->next = unlinked;
    if (t->period) t->expires += t->period, insert(t);
    if (t->function) t->function(t->argument);
  }
  if (timers) FRC2(alarm) = timers->expires;
}
void ets_timer_init(void) {
  timers = NULL;
  ets_isr_attach(10, (InterruptHandler *)ets_timer_handler_isr, NULL);
  REG(DPORT + 4) |= 1 << 2;
  FRC2(control) = 2 << 2 | 1 << 7;
  FRC2(load) = 0;
  ets_isr_unmask(1 << 10);
}

// ---- start

// newlib's generator
static u64 random_state = 1;
void srand(u32 seed) { random_state = seed; }
int rand(void) { return (random_state = random_state * 6364136223846793005u + 1) >> 32 & 0x7FFFFFFF; }
int *__errno_of(void *reent) { return reent; }

/// RAM that an image may load to: not where this ROM keeps its variables and stack.
int is_ram(u32 at, u32 length) {
  return length <= 0x20000 && !(at & 3) && ((at >= 0x3FFE8000 && at + length <= 0x3FFFC000) || (at >= 0x40100000 && at + length <= 0x40110000));
}

static u32 user_start;
void ets_set_user_start(u32 entry) { user_start = entry; }

void call_entry(u32 entry);
_Noreturn void run_image(u32 entry) {
  uart_drain();
  ((void (*)(void))entry)();
  ets_printf("user code done\n");
  for (;;) ets_run();
}
/// After a download the code runs as an image would; it may name where to go on when it returns.
_Noreturn void run_downloaded(u32 entry) {
  ((void (*)(void))entry)();
  if (user_start) ((void (*)(void))user_start)();
  run_image(user_start ? user_start : entry);
}

void make_aes_tables(void);
extern void *phy_table, *phy_functions[72];
extern void *const first_phy_functions[72];
void *phy_get_romfuncs(void) { return phy_table; }

_Noreturn void start(void) {
  for (u32 i = 0; i < 64; i++) _xtos_exc_handler_table[i] = _xtos_unhandled_exception, _xtos_c_handler_table[i] = unhandled_cause;
  _xtos_exc_handler_table[4] = _xtos_l1int_handler;
  for (u32 i = 0; i < 15; i++) interrupts[i].handler = unhandled_interrupt;
  flashchip = &flash_chip;
  SPIParamCfg_fill(0x001640EF, 0x400000, 0x10000, 0x1000, 0x100, 0xFFFF);
  memcpy(phy_functions, first_phy_functions, sizeof phy_functions);
  phy_table = phy_functions;
  make_aes_tables();
  ticks_per_us = 80;  // as the vendor's, whom firmware believes; until it starts the PLL the core makes 52
  uartAttach();
  Uart_Init(0);
  rom_uart_div_modify(0, 694);  // 115200 baud from a crystal of 40 MHz; 74880 from 26 MHz
  ets_install_uart_printf();

  u32 pins = REG(GPIO + 0x18) >> 16, mode = pins & 7, second = pins >> 13 & 7;
  ets_printf("\n ets %s,rst cause:%d, boot mode:(%d,%d)\n\n", "Jan  8 2013", rtc_get_reset_reason(), mode, second);
  if (rtc_get_reset_reason() == 4) ets_printf("wdt reset\n");
  if (mode == 1) {
    uart_drain();
    rom_uart_div_modify(0, 451);  // 115200 baud from 26 MHz
    download_mode();
  }
  if (mode == 3) {
    flash_attach();
    flash_wake();
    boot_from_flash(0);
  }
  if (mode & 4) ets_printf("waiting for host\nno SDIO host here: hold GPIO15 low to boot from flash\n");
  else ets_printf("boot mode %d: hold GPIO2 high to boot from flash\n", mode);
  for (;;) {}
}
