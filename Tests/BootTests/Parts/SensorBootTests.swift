import Boards
import Foundation
import Frontend
import Machine
import Parts
import Testing

/// Sensors and memories under MicroPython: what the guest reads is what the controls say, before and after they move.
@Suite(.serialized) struct SensorBootTests {
  /// Runs a script of `Scripts/Parts`; `change` is called when it has printed "change". Numbers of each line by its first word, in turn.
  static func run(_ name: String, on board: Board, change: @escaping () -> Void = {}) throws -> (text: String, lines: [String: [[Double]]]) {
    let file = BoardScript.root.appendingPathComponent("Parts/" + name)
    var out: [UInt8] = [], changed = false
    let repl = RawREPL(code: try String(contentsOf: file, encoding: .utf8))
    repl.onOutput = { out.append($0) }
    let session = Session(board: board)
    session.repl = repl
    session.timeLimit = 60
    session.onSlice = {
      guard !changed, out.suffix(32).contains(0x0A), String(decoding: out, as: UTF8.self).contains("change\r\n") else { return }
      changed = true
      change()
    }
    board.powerOn()
    let ending = session.run(), text = String(decoding: out, as: UTF8.self)
    #expect(ending == .scriptDone(failed: false), "\(ending) \(String(decoding: repl.errors, as: UTF8.self)) \(text)")
    var lines: [String: [[Double]]] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      lines[String(words[0]), default: []].append(words.dropFirst().compactMap { Double($0) })
    }
    return (text, lines)
  }
  static func near(_ got: [[Double]]?, _ n: Int, _ wanted: [Double], within: [Double], _ what: String) {
    guard let got, n < got.count, got[n].count == wanted.count else {
      Issue.record("\(what): \(String(describing: got))")
      return
    }
    for (i, w) in wanted.enumerated() { #expect(abs(got[n][i] - w) <= within[min(i, within.count - 1)] + 1e-9, "\(what): \(got[n]), not \(wanted)") }
  }
  @Test(.enabled(if: BootTests.available)) func sensorsOnWiresOfTheirOwn() throws {
    let board = try BootTests.board("1.28.0")
    let air = try board.add("wokwi-dht22", id: "air", attributes: ["temperature": "-7.5", "humidity": "61.2"])
    let room = try board.add("solderless-dht11", id: "room", attributes: ["temperature": "21", "humidity": "35"])
    let probes = try ["010203040506", "A0B0C0D0E0F0"].map { try board.add("wokwi-ds18b20", id: "p" + $0, attributes: ["deviceID": $0, "temperature": "18.5"]) }
    let echo = try board.add("wokwi-hc-sr04", id: "echo", attributes: ["distance": "123"])
    let scale = try board.add("wokwi-hx711", id: "scale", attributes: ["load": "1.5"]), pir = try board.add("wokwi-pir-motion-sensor", id: "pir")
    let light = try board.add("wokwi-photoresistor-sensor", id: "light", attributes: ["lux": "100"]), heat = try board.add("wokwi-ntc-temperature-sensor", id: "heat", attributes: ["temperature": "25"])
    let gps = try board.add("solderless-gps", id: "gps", attributes: ["initTime": "2025-06-15T12:00:00", "lat": "52.5", "lon": "13.25", "alt": "34"])
    for (a, b) in [
      ("air:SDA", "GP2"), ("room:SDA", "GP11"), ("p010203040506:DQ", "GP3"), ("pA0B0C0D0E0F0:DQ", "GP3"), ("echo:TRIG", "GP6"), ("echo:ECHO", "GP7"), ("scale:SCK", "GP8"), ("scale:DT", "GP9"), ("pir:OUT", "GP10"),
      ("light:AO", "GP26"), ("light:VCC", "3V3"), ("heat:OUT", "GP27"), ("heat:VCC", "3V3"), ("gps:TX", "GP5"), ("gps:RX", "GP4"), ("air:VCC", "3V3"), ("air:GND", "GND.1"),
    ] { try board.wire(a, b) }
    let (_, got) = try Self.run("pulses.py", on: board) {
      for (part, name, value) in [
        (air, "temperature", 31.4), (air, "humidity", 99.9), (room, "temperature", 25), (room, "humidity", 50), (probes[0], "temperature", -20.25), (probes[1], "temperature", 100.0625), (echo, "distance", 17), (scale, "load", -2), (pir, "motion", 1),
        (light, "lux", 10_000), (heat, "temperature", 80), (gps, "lat", -33.9), (gps, "lon", -70.75), (gps, "alt", 520), (gps, "speed", 50),
      ] { part.setControl(name, value) }
    }
    #expect(got["roms"] == [[1_108_152_157_446, 176_681_009_602_800]])
    Self.near(got["dht22"], 0, [-7.5, 61.2], within: [0.001], "DHT22")
    Self.near(got["dht22"], 1, [31.4, 99.9], within: [0.001], "DHT22")
    Self.near(got["dht11"], 0, [21, 35], within: [0], "DHT11")
    Self.near(got["dht11"], 1, [25, 50], within: [0], "DHT11")
    Self.near(got["ds18b20"], 0, [18.5, 18.5], within: [0], "DS18B20")
    Self.near(got["ds18b20"], 1, [-20.25, 100.0625], within: [0], "DS18B20")
    Self.near(got["hc-sr04"], 0, [123], within: [0.1], "HC-SR04")
    Self.near(got["hc-sr04"], 1, [17], within: [0.1], "HC-SR04")
    Self.near(got["hx711"], 0, [630], within: [0], "HX711")
    Self.near(got["hx711"], 1, [-840], within: [0], "HX711")
    Self.near(got["pir"], 0, [0], within: [0], "PIR")
    Self.near(got["pir"], 1, [1], within: [0], "PIR")
    // 9.98 kΩ and 397 Ω over 10 kΩ; 10 kΩ and 1.27 kΩ.
    Self.near(got["light"], 0, [3.3 * 9976 / 19976], within: [0.02], "photoresistor")
    Self.near(got["light"], 1, [3.3 * 397 / 10397], within: [0.02], "photoresistor")
    Self.near(got["heat"], 0, [1.65], within: [0.02], "thermistor")
    Self.near(got["heat"], 1, [3.3 * 1270 / 11270], within: [0.02], "thermistor")
    Self.near(got["gps"], 0, [52.5, 13.25, 34, 0, 150_625], within: [1e-4, 1e-4, 0.05, 0.01, 0], "GPS")
    Self.near(got["gps"], 1, [-33.9, -70.75, 520, 50, 150_625], within: [1e-4, 1e-4, 0.05, 0.01, 0], "GPS")
  }
  @Test(.enabled(if: BootTests.available)) func sensorsAndMemoriesOnBuses() throws {
    let board = try BootTests.board("1.28.0")
    let imu = try board.add("wokwi-mpu6050", id: "imu", attributes: ["accelX": "0.25", "rotationY": "-100", "temperature": "20"])
    let weather = try board.add("solderless-bme280", id: "weather", attributes: ["temperature": "19.5", "pressure": "100500", "humidity": "33"])
    let other = try board.add("solderless-bme280", id: "other", attributes: ["temperature": "-12", "pressure": "85000", "humidity": "80"])
    let baro = try board.add("board-bmp180", id: "baro", attributes: ["temperature": "30.5", "pressure": "90000"])
    _ = try board.add("wokwi-ds1307", id: "rtc", attributes: ["initTime": "2024-02-28T23:00:00"])
    let memory = try #require(try board.add("solderless-eeprom", id: "memory") as? EEPROM)
    for id in ["imu", "weather", "baro", "rtc", "memory"] {
      try board.wire("\(id):SDA", "GP4")
      try board.wire("\(id):SCL", "GP5")
    }
    for (a, b) in [("imu:AD0", "3V3"), ("other:SCL", "GP18"), ("other:SDA", "GP19"), ("other:SDO", "GP16"), ("other:CSB", "GP17")] { try board.wire(a, b) }
    let (_, got) = try Self.run("buses.py", on: board) {
      for (part, name, value) in [
        (imu, "accelX", -1.5), (imu, "accelZ", 0), (imu, "rotationZ", 250), (imu, "temperature", 40), (weather, "temperature", 42.42), (weather, "pressure", 70_000), (weather, "humidity", 5), (other, "temperature", 60), (baro, "temperature", -5),
        (baro, "pressure", 101_325),
      ] { part.setControl(name, value) }
    }
    #expect(got["scan"] == [[0x50, 0x68, 0x69, 0x76, 0x77].map(Double.init)])
    let g = [0.001, 0.001, 0.001, 0.01, 0.02]
    Self.near(got["mpu6050"], 0, [0.25, 0, 1, 20, 0, -100, 0], within: g, "MPU6050")
    Self.near(got["mpu6050"], 1, [-1.5, 0, 0, 40, 0, -100, 250], within: g, "MPU6050")
    // MicroPython's numbers have 24 bits.
    let b = [0.02, 6, 0.05]
    Self.near(got["bme280"], 0, [19.5, 100_500, 33], within: b, "BME280")
    Self.near(got["bme280"], 1, [42.42, 70_000, 5], within: b, "BME280")
    Self.near(got["spi"], 0, [-12, 85_000, 80], within: b, "BME280 on SPI")
    Self.near(got["spi"], 1, [60, 85_000, 80], within: b, "BME280 on SPI")
    Self.near(got["bmp180"], 0, [30.5, 90_000], within: [0.1, 5], "BMP180")
    Self.near(got["bmp180"], 1, [-5, 101_325], within: [0.1, 5], "BMP180")
    let times = try #require(got["ds1307"])
    #expect(times.allSatisfy { Array($0.prefix(4)) == [24, 2, 28, 4] } && times.count == 2, "\(times)")
    #expect(0...10 ~= times[0][4] - 82_800 && 2...4 ~= times[1][4] - times[0][4], "\(times)")
    Self.near(got["set"], 0, [0, 1, 1, 7, 0, 1], within: [0, 0, 0, 0, 1, 0], "DS1307")
    #expect(got["eeprom"] == [[1, 200, 255]])
    #expect(Array(memory.contents[1000..<1200]) == Array(1...200) && memory.hasChanged)
  }
  /// A card from a folder and one from an image file, of standard and of high capacity: files come from the host and go back.
  @Test(.enabled(if: BootTests.available)) func memoryCards() throws {
    let files = FileManager.default, home = files.temporaryDirectory.appendingPathComponent("solderless-cards-\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? files.removeItem(at: home) }
    try files.createDirectory(at: home.appendingPathComponent("folder/data"), withIntermediateDirectories: true)
    let big = Data((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    try big.write(to: home.appendingPathComponent("folder/data/big.bin"))
    try Data("from the host".utf8).write(to: home.appendingPathComponent("folder/hello.txt"))
    let image = home.appendingPathComponent("card.img").path, folder = home.appendingPathComponent("folder").path
    var second: Board?
    // The first run makes the image out of the folder's files.
    do {
      let board = try Catalog.make(Catalog.board(named: "pico"))
      let card = try #require(try board.add("wokwi-microsd-card", id: "card", attributes: ["folder": folder, "size": "4"]) as? SDCard)
      try Data(card.contents).write(to: URL(fileURLWithPath: image))
    }
    let board = try BootTests.board("1.28.0")
    try board.add("wokwi-microsd-card", id: "a", attributes: ["folder": folder])
    try board.add("wokwi-microsd-card", id: "b", attributes: ["image": image, "type": "sdhc"])
    for (id, cs) in [("a", "GP13"), ("b", "GP14")] { for (leg, pad) in [("SCK", "GP10"), ("DI", "GP11"), ("DO", "GP12"), ("CS", cs)] { try board.wire("\(id):\(leg)", pad) } }
    let (text, _) = try Self.run("card.py", on: board)
    let each = "['data', 'hello.txt'] 20000\r\nfrom the host\r\n"
    #expect(text == "a 512 16384\r\n\(each)b 1 8192\r\n\(each)")
    let written = try board.saveParts()
    let made = (0..<400).map { "line \($0)\n" }.joined()
    #expect(try String(contentsOfFile: folder + "/made.txt", encoding: .utf8) == made)
    #expect(!files.fileExists(atPath: folder + "/hello.txt") && files.contents(atPath: folder + "/data/big.bin") == big)
    #expect(written.contains(image) && written.contains(folder + "/made.txt"), "\(written)")
    second = try Catalog.make(Catalog.board(named: "pico"))
    let kept = try #require(try second?.add("wokwi-microsd-card", id: "card", attributes: ["image": image]) as? SDCard)
    #expect(Data(kept.contents).range(of: Data("line 399\n".utf8)) != nil && !kept.hasChanged)
  }
}
