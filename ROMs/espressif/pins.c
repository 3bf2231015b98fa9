// Pins of the ESP32 series: GPIO, its matrix and IO_MUX.
#include "chip.h"

void gpio_output_set(u32 set, u32 clear, u32 enable, u32 disable) {
  REG(GPIO + 0x08) = set, REG(GPIO + 0x0C) = clear, REG(GPIO + 0x24) = enable, REG(GPIO + 0x28) = disable;
}
void gpio_output_set_high(u32 set, u32 clear, u32 enable, u32 disable) {
  REG(GPIO + 0x14) = set, REG(GPIO + 0x18) = clear, REG(GPIO + 0x30) = enable, REG(GPIO + 0x34) = disable;
}
u32 gpio_input_get(void) { return REG(GPIO + 0x3C); }
u32 gpio_input_get_high(void) { return REG(GPIO + 0x40) & GPIO_HIGH_MASK; }
void gpio_matrix_in(u32 gpio, u32 signal, u32 invert) {
  if (signal < 256) REG(GPIO_IN_SELECT(signal)) = (gpio & 0x3F) | (invert ? 1 << 6 : 0) | 1 << 7;
}
void gpio_matrix_out(u32 gpio, u32 signal, u32 invert, u32 invert_enable) {
  if (gpio >= GPIO_COUNT) return;
  REG(GPIO + (gpio < 32 ? 0x24 : 0x30)) = 1u << (gpio & 31);
  REG(GPIO_OUT_SELECT(gpio)) = (signal & 0x1FF) | (invert & 0xFF ? 1 << 9 : 0) | (invert_enable & 0xFF ? 1 << 11 : 0);
}
void gpio_pad_select_gpio(u32 gpio) {
  if (has_pad(gpio)) PAD(gpio) = (PAD(gpio) & ~(7 << 12)) | PAD_FUNCTION_GPIO << 12;
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
