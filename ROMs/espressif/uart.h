// uart.c: UARTs of the ESP32 series.
#pragma once
#include "rom.h"

/// The driver's record, which firmware and esptool use too; `port` is where it sends.
typedef struct {
  u32 rate, bits, parity_on, parity, stop_bits, flow_control, port, receive_buffer[6];
} UartDevice;
extern UartDevice UartDev;

void uartAttach(void);
void Uart_Init(u32 n, u32 clock);
int uart_tx_one_char(u32 c);
void uart_drain(void);
void uart_set_rate(u32 baud);
void intr_matrix_set(u32 cpu, u32 source, u32 n);
