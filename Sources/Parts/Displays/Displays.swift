extension PartCatalog {
  static let displays: [Part.Type] = [
    SSD1306.self, SSD1306Dual.self, SSD1306SPI.self, SH1106.self, SH1106SPI.self, ILI9341.self, ILI9341CapTouch.self, ILI9341Touch.self, ST7789.self, ST7735.self, GC9A01.self, Nokia5110.self,
    Nokia5110Board.self, LCD1602.self, LCD2004.self, MAX7219Matrix.self, SevenSegment.self, TM1637.self,
  ]
}
