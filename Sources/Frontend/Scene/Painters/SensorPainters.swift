import Parts

extension Painters {
  static let sensors: [String: Maker] = [
    "wokwi-dht22": { SensorPainter($0, .dht("DHT22", Color(0xE9ECEF))) },
    "solderless-dht11": { SensorPainter($0, .dht("DHT11", Color(0x3FA0D8))) },
    "wokwi-ds18b20": { SensorPainter($0, .transistor("DS18B20", ["GND", "DQ", "VCC"])) },
    "board-lm35": { SensorPainter($0, .transistor("LM35", ["VCC", "OUT", "GND"])) },
    "wokwi-hc-sr04": { SensorPainter($0, .ultrasonic) },
    "wokwi-photoresistor-sensor": { SensorPainter($0, .photoresistor) },
    "wokwi-ntc-temperature-sensor": { SensorPainter($0, .thermistor) },
    "wokwi-pir-motion-sensor": { SensorPainter($0, .motion) },
    "wokwi-gas-sensor": { SensorPainter($0, .gas) },
    "wokwi-hx711": { SensorPainter($0, .scale($0.attribute("type"))) },
    "wokwi-microphone": { SensorPainter($0, .microphone) },
    "wokwi-mpu6050": { SensorPainter($0, .module($0.kind.pins, width: 96, height: 62.4, Color(0x1F4E9E), title: "MPU-6050", chip: Rect(40, 18, 15, 15), chipLabel: "6050")) },
    "solderless-mma8653": { SensorPainter($0, .module($0.kind.pins, width: 67.2, height: 52.8, Color(0x2B3440), title: "MMA8653", chip: Rect(29, 13, 9, 9))) },
    "solderless-mag3110": { SensorPainter($0, .module($0.kind.pins, width: 67.2, height: 52.8, Color(0x2B3440), title: "MAG3110", chip: Rect(29, 13, 9, 9))) },
    "solderless-bme280": {
      SensorPainter(
        $0,
        .module($0.kind.pins, width: 76.8, height: 52.8, Color(0x6A2C91), title: "BME280", chip: nil) { c in
          c.fill(.rect(Rect(33, 16, 11, 11), radius: 1), .linear(Point(33, 16), Point(44, 27), [(0, Color(0xE8EAED)), (1, Color(0x9EA4AC))]))
          c.fill(.circle(Point(36.5, 19.5), 1.2), Color(0x2A2D32))
        })
    },
    "board-bmp180": {
      SensorPainter(
        $0,
        .module($0.kind.pins, width: 67.2, height: 52.8, Color(0x1F4E9E), title: "BMP180", chip: nil) { c in
          c.fill(.rect(Rect(27, 15, 13, 12), radius: 1), .linear(Point(27, 15), Point(40, 27), [(0, Color(0xE8EAED)), (1, Color(0x9EA4AC))]))
          c.fill(.circle(Point(36, 18.5), 1.2), Color(0x2A2D32))
        })
    },
  ]
  static let memories: [String: Maker] = [
    "wokwi-microsd-card": { SensorPainter($0, .card) },
    "solderless-eeprom": { SensorPainter($0, .eeprom($0.attribute("type"))) },
  ]
  static let timing: [String: Maker] = ["wokwi-ds1307": { SensorPainter($0, .clock) }]
  static let radio: [String: Maker] = ["solderless-gps": { SensorPainter($0, .satellites) }, "board-mfrc522": { SensorPainter($0, .cardReader) }]
  static let instruments: [String: Maker] = ["wokwi-logic-analyzer": { SensorPainter($0, .logicAnalyzer) }]
}

extension Face {
  static func dht(_ title: String, _ color: Color) -> Face {
    let pins = row(["VCC", "SDA", "NC", "GND"], x: 14.4, y: 86.4)
    return Face(
      size: Size(57.6, 86.4), pins: dictionary(pins),
      body: { c in
        for (_, p) in pins { c.stroke(.line([Point(p.x, 70), p]), Color(0xB9BDC3), width: 1.8) }
        let r = Rect(2, 1, 53.6, 72)
        c.fill(.rect(r, radius: 4), .linear(Point(0, 0), Point(57, 73), [(0, color.mixed(.white, 0.2)), (1, color.mixed(.black, 0.18))]))
        c.stroke(.rect(r.inset(0.5), radius: 3.6), color.mixed(.black, 0.35), width: 1)
        c.fill(.circle(Point(28.8, 8), 3.2), Color(0x262D36))
        for y in 0..<7 { for x in 0..<4 { c.fill(.rect(Rect(9 + Double(x) * 10.4, 17 + Double(y) * 6.2, 8, 3.2), radius: 1), color.mixed(.black, 0.72)) } }
        c.text(title, at: Point(28.8, 66), size: 8, color: color.mixed(.black, 0.75), align: .centre, bold: true)
      })
  }
  static func transistor(_ title: String, _ names: [String]) -> Face {
    let pins = row(names, x: 9.6, y: 57.6)
    return Face(
      size: Size(38.4, 57.6), pins: dictionary(pins),
      body: { c in
        for (i, p) in pins.enumerated() { c.stroke(.line([Point(14.2 + Double(i) * 5, 26), Point(14.2 + Double(i) * 5, 33), Point(p.1.x, 42), p.1]), Color(0xB9BDC3), width: 1.7) }
        var s = Shape()
        s.move(Point(4, 29))
        s.line(Point(4, 10))
        s.curve(Point(4, -2.5), Point(34.4, -2.5), Point(34.4, 10))
        s.line(Point(34.4, 29))
        s.close()
        c.fill(s, .linear(Point(4, 0), Point(34, 0), [(0, Color(0x17191C)), (0.4, Color(0x3A3E44)), (1, Color(0x17191C))]))
        c.text(title, at: Point(19.2, 14), size: 6.2, color: Color(0xB4BAC2), align: .centre)
        for (name, p) in pins { c.text(name, at: Point(p.x, 37), size: 4.6, color: Color(0xD6DCE4), align: .centre) }
      })
  }
  static var ultrasonic: Face {
    let pins = row(["VCC", "TRIG", "ECHO", "GND"], x: 72, y: 86.4)
    return Face(
      size: Size(172.8, 86.4), pins: dictionary(pins),
      body: { c in
        c.board(Size(172.8, 80), Color(0x1C5FA8))
        for p in [Point(6, 6), Point(166.8, 6), Point(6, 74), Point(166.8, 74)] { c.hole(p, 2.6) }
        for x in [38.4, 134.4] {
          c.can(Point(x, 38), 31, Color(0xB4BAC2))
          c.fill(.circle(Point(x, 38), 23), Color(0x50555D))
          // The wire mesh.
          c.saved {
            c.clip(.circle(Point(x, 38), 23))
            for k in stride(from: -24.0, through: 24, by: 4) {
              c.stroke(.line([Point(x + k, 14), Point(x + k, 62)]), Color(0x7C838D), width: 0.6)
              c.stroke(.line([Point(x - 24, 38 + k), Point(x + 24, 38 + k)]), Color(0x7C838D), width: 0.6)
            }
          }
          c.can(Point(x, 38), 6, Color(0x8C929B))
        }
        c.fill(.rect(Rect(74, 8, 25, 9), radius: 4), Color(0xC9CDD2))
        c.text("HC-SR04", at: Point(86.4, 30), size: 8, color: .white, align: .centre, bold: true)
        c.text("T", at: Point(75, 48), size: 8, color: .white, align: .centre)
        c.text("R", at: Point(98, 48), size: 8, color: .white, align: .centre)
        for (name, p) in pins {
          c.stroke(.line([Point(p.x, 72), p]), Color(0xD8B25A), width: 2)
          c.saved {
            c.translate(Point(p.x, 70))
            c.rotate(degrees: -90)
            c.text(name, at: Point(0, 0), size: 6, color: .white)
          }
        }
      })
  }
  /// A comparator module: the sensing element above, the potentiometer and two LEDs below.
  private static func comparator(_ names: [String], width: Double, height: Double, title: String, element: @escaping (Canvas) -> Void) -> Face {
    let pins = row(names, x: ((width - Double(names.count - 1) * 9.6) / 2 / 4.8).rounded() * 4.8, y: height - 4.8), y = height - 34
    return Face(
      size: Size(width, height), pins: dictionary(pins), margin: 10,
      body: { c in
        c.board(Size(width, height), Color(0x1C5FA8))
        element(c)
        c.chip(Rect(7, y, 9, 12))
        c.fill(.rect(Rect(width / 2 - 6, y - 1, 12, 12), radius: 1), Color(0x2F6FE8))
        c.can(Point(width / 2, y + 5), 3.6, Color(0xD8B25A))
        c.stroke(.line([Point(width / 2 - 2.4, y + 5), Point(width / 2 + 2.4, y + 5)]), Color(0x5A4A1A), width: 1)
        c.header(pins)
        c.text(title, at: Point(width - 10, y - 8), size: 5.4, color: .white, align: .centre)
      },
      shine: { look, c in
        c.led(Point(width - 9, y), Color(0xFF3B30), look.lamp(0))
        c.led(Point(width - 9, y + 7), Color(0x3CE05A), look.lamp(1))
      })
  }
  static var photoresistor: Face {
    comparator(["VCC", "GND", "DO", "AO"], width: 57.6, height: 86.4, title: "LDR") { c in
      c.can(Point(28.8, 20), 15, Color(0xE0C9A0))
      var points: [Point] = []
      for n in 0..<8 { points += [Point(n % 2 == 0 ? 19 : 38, 11 + Double(n) * 2.6), Point(n % 2 == 0 ? 38 : 19, 11 + Double(n) * 2.6)] }
      c.stroke(.line(points), Color(0xA8481F), width: 1.2)
    }
  }
  static var gas: Face {
    comparator(["AOUT", "DOUT", "GND", "VCC"], width: 76.8, height: 105.6, title: "MQ-2") { c in
      c.can(Point(38.4, 34), 29, Color(0xAEB4BC))
      c.fill(.circle(Point(38.4, 34), 20), Color(0x6A5030))
      c.saved {
        c.clip(.circle(Point(38.4, 34), 20))
        for k in stride(from: -20.0, through: 20, by: 3) {
          c.stroke(.line([Point(38.4 + k, 12), Point(38.4 + k, 56)]), Color(0xC0A878), width: 0.7)
          c.stroke(.line([Point(16, 34 + k), Point(60, 34 + k)]), Color(0xC0A878), width: 0.7)
        }
      }
    }
  }
  static var thermistor: Face {
    .module(["VCC", "OUT", "GND"], width: 48, height: 67.2, Color(0x20232A), title: "", chip: nil) { c in
      for x in [20.0, 28] { c.stroke(.line([Point(x, 33), Point(24, 18)]), Color(0xB9BDC3), width: 1.2) }
      c.can(Point(24, 15), 7, Color(0x2E6B3A))
      c.fill(.rect(Rect(14, 36, 9, 4.5)), Color(0x101214))
      c.text("103", at: Point(18.5, 38.2), size: 4, color: .white, align: .centre)
      c.text("NTC", at: Point(34, 38), size: 6.4, color: .white, align: .centre)
    }
  }
  static var motion: Face {
    let pins = row(["VCC", "OUT", "GND"], x: 38.4, y: 91.2)
    return Face(
      size: Size(96, 96), pins: dictionary(pins), touches: [Touch("motion", Rect(16, 6, 64, 64), .press)],
      body: { c in
        c.board(Size(96, 96), Color(0x2E7D4F))
        for p in [Point(7, 40), Point(89, 40)] { c.hole(p) }
        c.fill(.rect(Rect(15, 5, 66, 66), radius: 5), Color(0xE4E6E8))
        let centre = Point(48, 38)
        c.fill(.circle(centre, 31), .radial(centre + Point(-10, -12), radius: 44, [(0, .white), (0.6, Color(0xE3E6EA)), (1, Color(0xA9AFB8))]))
        // The facets of the lens.
        for r in [10.0, 20] { c.stroke(.circle(centre, r), Color(0xB9BFC8), width: 0.8) }
        for a in 0..<6 {
          let x = [1, 0.5, -0.5, -1, -0.5, 0.5][a], y = [0, 0.866, 0.866, 0, -0.866, -0.866][a]
          c.stroke(.line([centre + Point(x * 10, y * 10), centre + Point(x * 30, y * 30)]), Color(0xB9BFC8), width: 0.8)
        }
        c.header(pins, names: Point(0, -5), size: 5)
      },
      shine: { look, c in
        guard look.control("motion") > 0.5 else { return }
        c.stroke(.circle(Point(48, 38), 31), Color(0xFF8A3C), width: 2.4)
        c.text("motion", at: Point(48, 38), size: 9, color: Color(0xB4501A), align: .centre, bold: true)
      })
  }
  static func scale(_ type: String) -> Face {
    .module(["VCC", "DT", "SCK", "GND"], width: 96, height: 76.8, Color(0x2E7D4F), title: "HX711", chip: Rect(60, 22, 14, 28), chipLabel: "711") { c in
      // The load cell.
      c.fill(.rect(Rect(8, 24, 42, 16), radius: 2), .linear(Point(0, 24), Point(0, 40), [(0, Color(0xE4E7EB)), (1, Color(0x9AA0A8))]))
      for x in [22.0, 30, 36] { c.fill(.circle(Point(x, 32), 3.6), Color(0x2E7D4F)) }
      c.text(type, at: Point(29, 46), size: 7, color: .white, align: .centre)
    }
  }
  static var microphone: Face {
    let pins = row(["1", "2"], x: 14.4, y: 48)
    return Face(
      size: Size(38.4, 48), pins: dictionary(pins),
      body: { c in
        for (_, p) in pins { c.stroke(.line([Point(p.x, 30), p]), Color(0xB9BDC3), width: 1.7) }
        c.can(Point(19.2, 18), 17, Color(0xB0B6BE))
        c.can(Point(19.2, 18), 12, Color(0x2A2D32))
        for (x, y) in [(0.0, 0.0), (5, 0), (-5, 0), (2.5, 4.3), (-2.5, 4.3), (2.5, -4.3), (-2.5, -4.3)] { c.fill(.circle(Point(19.2 + x, 18 + y), 1.2), Color(0x08090A)) }
      },
      shine: { look, c in
        // Louder, more waves.
        for n in 0..<3 where look.control("volume") > Double(n) / 3 { c.stroke(.arc(Point(19.2, 18), 20 + Double(n) * 3.4, from: 55, to: 125), Color(0x4FB3E8), width: 1.2) }
      })
  }
  static var card: Face {
    let pins = row(["CD", "DO", "GND", "SCK", "VCC", "DI", "CS"], x: 9.6, y: 4.8)
    return Face(
      size: Size(76.8, 91.2), pins: dictionary(pins), margin: 8,
      body: { c in
        c.board(Size(76.8, 91.2), Color(0x1C4F9E))
        c.header(pins, names: Point(0, 6))
        c.fill(.rect(Rect(12, 34, 53, 44), radius: 2), .linear(Point(12, 34), Point(65, 78), [(0, Color(0xE4E7EB)), (1, Color(0x9AA0A8))]))
        c.fill(.rounded([Point(20, 48), Point(57, 48), Point(57, 90), Point(20, 90)], radius: 3, closed: true), Color(0x17191C))
        c.text("micro", at: Point(38.5, 58), size: 7, color: Color(0xE4E7EB), align: .centre)
        c.text("SD", at: Point(38.5, 68), size: 11, color: Color(0xE4E7EB), align: .centre, bold: true)
      }, shine: { look, c in c.led(Point(69, 84), Color(0x3CE05A), look.lamp(0)) })
  }
  static func eeprom(_ type: String) -> Face {
    // As a DIP of eight: down the left side, up the right.
    let pins = row(["A0", "A1", "A2", "GND"], x: 4.8, y: 57.6) + row(["VCC", "WP", "SCL", "SDA"], x: 4.8, y: 0)
    return Face(
      size: Size(38.4, 57.6), pins: dictionary(pins),
      body: { c in
        for (_, p) in pins { c.fill(.rect(Rect(p.x - 1.5, p.y == 0 ? 0 : 46, 3, 11.6)), Color(0xB9BDC3)) }
        c.fill(.rect(Rect(0, 10, 38.4, 37.6), radius: 2), .linear(Point(0, 10), Point(0, 48), [(0, Color(0x34383E)), (1, Color(0x17191C))]))
        c.fill(.circle(Point(0, 28.8), 4), Color(0x0E0F11))
        c.text(type, at: Point(20, 29), size: 7.2, color: Color(0xC4CAD2), align: .centre)
        for (name, p) in pins { c.text(name, at: Point(p.x, p.y == 0 ? 14.5 : 43), size: 4.2, color: Color(0x8E959E), align: .centre) }
      })
  }
  static var clock: Face {
    let pins = [("GND", Point(4.8, 24)), ("5V", Point(4.8, 33.6)), ("SDA", Point(4.8, 43.2)), ("SCL", Point(4.8, 52.8)), ("SQW", Point(4.8, 62.4))]
    return Face(
      size: Size(105.6, 86.4), pins: dictionary(pins),
      body: { c in
        c.board(Size(105.6, 86.4), Color(0x1C5FA8))
        c.header(pins, names: Point(5, 0))
        c.can(Point(68, 43), 33, Color(0xC4C8CE))
        c.text("CR2032", at: Point(68, 38), size: 9, color: Color(0x6A7078), align: .centre)
        c.text("+ 3V", at: Point(68, 49), size: 9, color: Color(0x6A7078), align: .centre)
        c.chip(Rect(14, 68, 16, 12), "1307")
        c.text("RTC", at: Point(16, 10), size: 8, color: .white, align: .centre, bold: true)
      })
  }
  static var satellites: Face {
    let pins = row(["VCC", "RX", "TX", "GND", "PPS"], x: 19.2, y: 81.6)
    return Face(
      size: Size(76.8, 86.4), pins: dictionary(pins), margin: 8,
      body: { c in
        c.board(Size(76.8, 86.4), Color(0x1C4F9E))
        c.fill(.rect(Rect(12, 6, 53, 53), radius: 3), Color(0xD9CBA8))
        c.fill(.rect(Rect(19, 13, 39, 39), radius: 2), .linear(Point(19, 13), Point(58, 52), [(0, Color(0xF0F2F4)), (1, Color(0xA9AFB8))]))
        c.fill(.circle(Point(38.4, 36), 2.6), Color(0x6A7078))
        c.text("GPS", at: Point(38.4, 24), size: 9, color: Color(0x6A7078), align: .centre, bold: true)
        c.header(pins, size: 5)
      }, shine: { look, c in c.led(Point(70, 66), Color(0x3C9CFF), look.lamp(0)) })
  }
  /// The cards are chosen by the slider; a click on the coil lays one there.
  static var cardReader: Face {
    let pins = row(["SDA", "SCK", "MOSI", "MISO", "IRQ", "GND", "RST", "3.3V"], x: 14.4, y: 105.6), colors: [UInt32] = [0x2F6FE8, 0x2FA33C, 0xF2D21E, 0xE02B2B, 0x8A8A8A, 0xF08A24]
    return Face(
      size: Size(96, 110.4), pins: dictionary(pins), touches: [Touch("tagPresent", Rect(8, 6, 80, 60), .toggle)],
      body: { c in
        c.board(Size(96, 110.4), Color(0x1C4F9E))
        for n in 0..<4 { c.stroke(.rect(Rect(10 + Double(n) * 3, 8 + Double(n) * 3, 76 - Double(n) * 6, 56 - Double(n) * 6), radius: 5), Color(0xC9A84C), width: 1) }
        c.chip(Rect(40, 70, 16, 13), "522")
        c.text("RFID-RC522", at: Point(48, 36), size: 8, color: .white, align: .centre, bold: true)
        c.header(pins, size: 5)
      },
      shine: { look, c in
        guard look.control("tagPresent") > 0.5 else { return }
        let n = Int(max(0, min(look.control("card"), 5)).rounded())
        c.fill(.rect(Rect(14, 12, 68, 43), radius: 4), Color(colors[n]).mixed(.white, 0.15))
        c.stroke(.rect(Rect(14, 12, 68, 43), radius: 4), Color(colors[n]).mixed(.black, 0.4), width: 1)
        c.text(MFRC522.cards[n].name, at: Point(48, 34), size: 8, color: .white, align: .centre, bold: true)
      })
  }
  static var logicAnalyzer: Face {
    let pins = row((0..<8).map { "D\($0)" } + ["GND"], x: 9.6, y: 4.8), colors: [UInt32] = [0x1A1A1A, 0x7A4A22, 0xD8362F, 0xF08A24, 0xF2D21E, 0x2FA33C, 0x2F6FE8, 0x8E44C8, 0x8A8A8A]
    return Face(
      size: Size(96, 57.6), pins: dictionary(pins), margin: 8,
      body: { c in
        c.fill(.rect(Rect(0, 0, 96, 57.6), radius: 5), .linear(Point(0, 0), Point(0, 57.6), [(0, Color(0x3A3F46)), (1, Color(0x17191C))]))
        c.header(pins, names: Point(0, 5), size: 5.4)
        for ((_, p), color) in zip(pins, colors) { c.fill(.rect(Rect(p.x - 2.5, 18.6, 5, 2.2)), Color(color)) }
        c.text("Logic Analyzer", at: Point(48, 34), size: 8.4, color: Color(0xE4EBF2), align: .centre, bold: true)
        c.text("8 channels", at: Point(48, 45), size: 7, color: Color(0x9DB0C8), align: .centre)
      }, shine: { look, c in c.led(Point(86, 48), Color(0x3CE05A), look.lamp(0)) })
  }
}
