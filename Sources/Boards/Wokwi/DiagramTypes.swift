import Parts

/// The names of types that diagrams may use, and their pins.
enum DiagramTypes {
  /// Boards that the format knows, emulated here or not.
  private static let boards = Set("""
    board-aitewinrobot-esp32c3-supermini board-aitewinrobot-esp32h2-supermini board-arduino-nano-esp32 board-esp-01 board-esp32-2432s028r
    board-esp32-c3-devkitm-1 board-esp32-c3-rust-1 board-esp32-c5-devkitc-1 board-esp32-c6-devkitc-1 board-esp32-c61-devkitc-1 board-esp32-cam
    board-esp32-devkit-c-v4 board-esp32-devkit-v1 board-esp32-h2-devkitm-1 board-esp32-p4-function-ev board-esp32-p4-preview board-esp32-s2-devkitm-1
    board-esp32-s3-box-3 board-esp32-s3-box board-esp32-s3-devkitc-1 board-esp32-s31-function-coreboard-1 board-franzininho-wifi board-m5stack-core-s3
    board-mch2022-badge board-notecarrier-a board-pi-pico-2 board-pi-pico-w board-pi-pico board-st-nucleo-c031c6 board-st-nucleo-l031k6
    board-st-nucleo-l432kc board-stm32-blackpill board-stm32-bluepill board-tt-block-bidirectional-io board-tt-block-input-8 board-tt-block-input
    board-tt-block-output board-wemos-lolin32-lite board-wemos-s2-mini board-xiao-esp32-c3 board-xiao-esp32-c6 board-xiao-esp32-s3 wokwi-arduino-mega
    wokwi-arduino-nano wokwi-arduino-uno wokwi-attiny85 wokwi-esp32-devkit-v1 wokwi-franzininho wokwi-pi-pico wokwi-tinypico
    """.split(whereSeparator: \.isWhitespace).map(String.init))
  /// Parts that the format knows, emulated here or not.
  private static let parts = Set("""
    board-bmp180 board-cd74hc4067 board-ds18b20 board-epaper-2in9 board-grove-oled-sh1107 board-ili9341-cap-touch board-ili9881c-8in board-lm35
    board-mfrc522 board-nokia-5110 board-ssd1306 board-st7789 wokwi-74hc165 wokwi-74hc595 wokwi-7segment wokwi-a4988 wokwi-analog-joystick
    wokwi-apa102-matrix wokwi-biaxial-stepper wokwi-breadboard-half wokwi-breadboard-mini wokwi-breadboard wokwi-buzzer wokwi-clock-generator
    wokwi-dht22 wokwi-dip-switch-8 wokwi-ds1307 wokwi-ds18b20 wokwi-flip-flop-d wokwi-flip-flop-dr wokwi-flip-flop-dsr wokwi-flip-flop-sr
    wokwi-gas-sensor wokwi-gate-and-2 wokwi-gate-buffer wokwi-gate-nand-2 wokwi-gate-nor-2 wokwi-gate-not wokwi-gate-or-2 wokwi-gate-xnor-2
    wokwi-gate-xor-2 wokwi-gnd wokwi-hc-sr04 wokwi-hub75-matrix wokwi-hx711 wokwi-il9163 wokwi-ili9341 wokwi-ir-receiver wokwi-ir-remote
    wokwi-ks2e-m-dc5 wokwi-ky-040 wokwi-lcd1602 wokwi-lcd2004 wokwi-led-bar-graph wokwi-led-matrix wokwi-led-ring wokwi-led-strip wokwi-led
    wokwi-logic-analyzer wokwi-logo wokwi-max7219-matrix wokwi-membrane-keypad wokwi-microphone wokwi-microsd-card wokwi-mpu6050 wokwi-mux-2
    wokwi-neopixel-canvas wokwi-neopixel-matrix wokwi-neopixel-meter wokwi-neopixel-serial wokwi-neopixel wokwi-nlsf595 wokwi-nokia-5110-screen
    wokwi-ntc-temperature-sensor wokwi-photoresistor-sensor wokwi-pir-motion-sensor wokwi-potentiometer wokwi-pushbutton-6mm wokwi-pushbutton
    wokwi-relay-module wokwi-resistor wokwi-rgb-led wokwi-rotary-dialer wokwi-servo wokwi-slide-potentiometer wokwi-slide-switch wokwi-splendida
    wokwi-ssd1306 wokwi-stepper-motor wokwi-text wokwi-tm1637-7segment wokwi-tv wokwi-vcc wokwi-wifi-ap
    """.split(whereSeparator: \.isWhitespace).map(String.init))

  /// The board of the catalog that a diagram's board type means.
  static func board(_ type: String) -> BoardDescription? { (try? Catalog.boards())?.first { $0.diagram?.contains(type) == true || $0.name == type } }
  static func isBoard(_ type: String) -> Bool { boards.contains(type) || board(type) != nil }
  static func isKnown(_ type: String) -> Bool { boards.contains(type) || parts.contains(type) || type.hasPrefix("chip-") || PartCatalog.type(named: type) != nil }
  static func nearest(_ type: String) -> String? {
    Catalog.nearest(type, in: (boards.union(parts).union(PartCatalog.all.map(\.kind.name))).sorted())
  }
  /// The pins of what `item` is; nil when they are not known here.
  static func pins(of item: Diagram.Item) -> [String]? {
    if let kind = PartCatalog.type(named: item.type)?.kind { return kind.pins.isEmpty ? nil : kind.pins }
    guard let description = board(item.type), let made = try? Catalog.make(description) else { return nil }
    return made.pins.keys.sorted { $0.localizedStandardCompare($1) == .orderedAscending }
  }
}
