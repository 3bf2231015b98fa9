import Machine
import Parts
import Testing

@Suite struct MPU6050Tests {
  let bench = Bench()

  private func word(_ bytes: [UInt8]?, _ n: Int) -> Int {
    guard let bytes, bytes.count > n * 2 + 1 else { return .min }
    return Int(Int16(bitPattern: UInt16(bytes[n * 2]) << 8 | UInt16(bytes[n * 2 + 1])))
  }
  @Test func scalesAndSleep() {
    let part = bench.make(MPU6050.self, ["accelX": "0.5", "accelY": "-1", "rotationZ": "-90", "temperature": "36.53"])
    let bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    #expect(bus.scan() == [0x68])
    #expect(bus.read(0x68, register: [0x75], 1) == [0x68])
    #expect(bus.read(0x68, register: [0x6B], 1) == [0x40])
    // Asleep: nothing measured.
    #expect(bus.read(0x68, register: [0x3B], 14) == [UInt8](repeating: 0, count: 14))
    bus.write(0x68, [0x6B, 0])
    var got = bus.read(0x68, register: [0x3B], 14)
    #expect((0..<7).map { word(got, $0) } == [8192, -16384, 16384, 0, 0, 0, -11790])
    for (fs, accel, gyro) in [(1, 4096, -5895), (2, 2048, -2948), (3, 1024, -1474)] {
      bus.write(0x68, [0x1B, UInt8(fs << 3), UInt8(fs << 3)])
      got = bus.read(0x68, register: [0x3B], 14)
      #expect(word(got, 0) == accel && abs(word(got, 6) - gyro) <= 1)
    }
    part.setControl("accelX", 16)
    bus.write(0x68, [0x1C, 0])
    // Beyond the scale it stays at its end.
    #expect(word(bus.read(0x68, register: [0x3B], 2), 0) == 32767)
    part.setControl("temperature", 25)
    #expect(word(bus.read(0x68, register: [0x41], 2), 0) == -3920)
    bus.write(0x68, [0x6B, 0x80])
    #expect(bus.read(0x68, register: [0x6B], 1) == [0x40] && bus.read(0x68, register: [0x1B], 1) == [0])
    bench.pin("3V3", part.pin("AD0")).drive = .high
    #expect(bus.scan() == [0x69])
    #expect(bus.read(0x69, register: [0x75], 1) == [0x68])
  }
  @Test func interruptsComeAtTheSampleRate() {
    let part = bench.make(MPU6050.self), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL")), int = bench.pin("INT", part.pin("INT"))
    var rises: [UInt64] = [], falls: [UInt64] = []
    // 1 kHz / (1 + 9).
    bus.write(0x68, [0x19, 9, 3])
    bus.write(0x68, [0x6B, 0])
    int.onChange = { if $0 == .high { rises.append(bench.machine.now) } else { falls.append(bench.machine.now) } }
    bus.write(0x68, [0x38, 1])
    bench.run(milliseconds: 105)
    #expect(rises.count == 10 && zip(rises, rises.dropFirst()).allSatisfy { $1 - $0 == 10_000_000_000 } && zip(rises, falls).allSatisfy { $1 - $0 == 50_000_000 })
    #expect(bus.read(0x68, register: [0x3A], 1) == [1])
    #expect(bus.read(0x68, register: [0x3A], 1) == [0])
    // Held until the status is read, active low.
    bus.write(0x68, [0x37, 0xA0])
    #expect(int.isHigh)
    bench.run(milliseconds: 25)
    #expect(!int.isHigh)
    _ = bus.read(0x68, register: [0x3A], 1)
    #expect(int.isHigh)
  }
  @Test func statusTellsOfSamplesWithoutInterrupts() {
    let part = bench.make(MPU6050.self), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    bus.write(0x68, [0x19, 99, 1])
    bus.write(0x68, [0x6B, 0])
    #expect(bus.read(0x68, register: [0x3A], 1) == [0])
    bench.run(milliseconds: 100)
    #expect(bus.read(0x68, register: [0x3A], 1) == [1])
    #expect(bus.read(0x68, register: [0x3A], 1) == [0])
  }
  @Test func fifoKeepsSamples() {
    let part = bench.make(MPU6050.self, ["accelX": "0.25"]), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    bus.write(0x68, [0x19, 0, 1])
    bus.write(0x68, [0x6B, 0])
    bus.write(0x68, [0x23, 0x08])
    bus.write(0x68, [0x6A, 0x44])
    bench.run(milliseconds: 10)
    let count = word(bus.read(0x68, register: [0x72], 2), 0)
    #expect(54...66 ~= count && count % 6 == 0)
    let got = bus.read(0x68, register: [0x74], 12)
    #expect((0..<6).map { word(got, $0) } == [4096, 0, 16384, 4096, 0, 16384])
    bench.run(milliseconds: 300)
    #expect(word(bus.read(0x68, register: [0x72], 2), 0) == 1024)
    #expect((bus.read(0x68, register: [0x3A], 1) ?? [0])[0] & 0x10 != 0)
    bus.write(0x68, [0x6A, 0x04])
    #expect(word(bus.read(0x68, register: [0x72], 2), 0) == 0)
  }
}
