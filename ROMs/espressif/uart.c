// The UARTs' drivers of the ESP32 series. Where their registers lie, chip.h says.
#include "chip.h"

UartDevice *GetUartDevice(void) { return &UartDev; }
void uart_tx_switch(u32 port) { UartDev.port = port; }
void uart_buff_switch(u32 port) { (void)port; }

#define STATUS(n) REG(UART(n) + 0x1C)
static u32 tx_count(u32 n) { return STATUS(n) >> 16 & UART_COUNT; }

void uart_tx_flush(u32 n) {
#ifdef UART_OTHERS
  if (n > 2) return flush_other(n);
#endif
  while (tx_count(n)) {}
}
void uart_tx_wait_idle(u32 n) {
  uart_tx_flush(n);
#ifdef UART_OTHERS
  if (n > 2) return;
#endif
  while (UART_SENDING(n)) {}
}
/// `divider`: sixteenths.
void uart_div_modify(u32 n, u32 divider) {
  uart_tx_flush(n);
  REG(UART(n) + 0x14) = divider >> 4 | (divider & 15) << 20;
}
void uart_set_rate(u32 baud) {
  uart_tx_wait_idle(0);
  uart_div_modify(0, (UART_CLOCK << 4) / baud);
}

void uartAttach(void) {
  memset(&UartDev, 0, sizeof UartDev);
  UartDev.rate = 115200, UartDev.bits = 3, UartDev.stop_bits = 1;
}
/// Eight bits, no parity, one stop bit; an interrupt for each byte once one is enabled.
void Uart_Init(u32 n, u32 clock) {
#ifdef UART_CLK_CONF
  REG(UART(n) + 0x78) = UART_CLK_CONF;
#endif
  REG(UART(n) + 0x20) = UartDev.bits << 2 | UartDev.stop_bits << 4 | UART_CONF0;
  REG(UART(n) + 0x24) = 1;
  REG(UART(n) + 0x0C) = 0;
  REG(UART(n) + 0x10) = 0xFFFFFFFF;
  uart_div_modify(n, (clock << 4) / UartDev.rate);
  intr_matrix_set(0, UART_SOURCE + n, 5);
}

int uart_tx_one_char(u32 c) {
  u32 n = UartDev.port;
#ifdef UART_OTHERS
  if (n > 2) return put_other(n, c);
#endif
  while (tx_count(n) >= 126) {}
  REG(UART_TX_FIFO(n)) = (u8)c;
  return 0;
}
int uart_tx_one_char2(u32 c) { return uart_tx_one_char(c); }
#ifdef UART_OTHERS
void uart_drain(void) { uart_tx_wait_idle(UartDev.port); }
/// Whichever gets a byte is the port from then on.
int uart_get(void) {
  if (STATUS(0) & UART_COUNT) {
    UartDev.port = 0;
    return REG(UART(0)) & 0xFF;
  }
  return get_other(&UartDev.port);
}
#else
void uart_put(u8 c) { uart_tx_one_char(c); }
void uart_drain(void) { uart_tx_wait_idle(0); }
int uart_get(void) { return STATUS(0) & UART_COUNT ? (int)(REG(UART(0)) & 0xFF) : -1; }
#endif
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
