import Boards
import Machine
import Parts
import Testing

extension BootTests {
  /// The modules neopixel and machine.PWM, and a PIO program, with the parts that they are for.
  @Test(.enabled(if: BootTests.available)) func lightsAndMotorsDoWhatTheirModulesSay() throws {
    let board = try Self.board("1.28.0")
    let strip = try board.add("wokwi-led-strip", id: "strip", attributes: ["pixels": "300"]), single = try board.add("wokwi-neopixel", id: "single")
    let matrix = try board.add("wokwi-led-matrix", id: "matrix"), servo = try #require(try board.add("wokwi-servo", id: "servo") as? Servo)
    let buzzer = try #require(try board.add("wokwi-buzzer", id: "buzzer") as? Buzzer)
    try board.connect("GP2-strip:DIN")
    try board.connect("strip:DOUT-single:DIN")
    try board.connect("GP7-matrix:DIN")
    for (pin, id) in [("GP3", "slow"), ("GP4", "fast")] {
      try board.add("wokwi-led", id: id)
      try board.add("wokwi-resistor", id: "r\(id)", attributes: ["value": "220"])
      try board.connect("\(pin)-r\(id):1")
      try board.connect("r\(id):2-\(id):A")
      try board.connect("\(id):C-GND.1")
    }
    try board.connect("GP5-servo:PWM")
    try board.connect("GP6-buzzer:2")
    try board.connect("GND.2-buzzer:1")
    let slow = try board.part("slow"), fast = try board.part("fast")
    var began: (UInt64, UInt64, UInt64) = (0, 0, 0), sounds: [UInt64] = []
    buzzer.onSound = { level, time in if level { sounds.append(time) } }
    let code = """
      import time, neopixel, rp2
      from machine import Pin, PWM
      np = neopixel.NeoPixel(Pin(2), 301)
      for i in range(301):
          np[i] = (i & 255, 255 - (i & 255), i >> 1)
      np.write()
      time.sleep_us(400)
      print('neopixel')
      @rp2.asm_pio(sideset_init=rp2.PIO.OUT_LOW, out_shiftdir=rp2.PIO.SHIFT_LEFT, autopull=True, pull_thresh=24)
      def lights():
          wrap_target()
          label('bit')
          out(x, 1)             .side(0) [2]
          jmp(not_x, 'zero')    .side(1) [1]
          jmp('bit')            .side(1) [4]
          label('zero')
          nop()                 .side(0) [4]
          wrap()
      sm = rp2.StateMachine(0, lights, freq=8_000_000, sideset_base=Pin(7))
      sm.active(1)
      for i in range(64):
          sm.put((i << 16 | 2 * i << 8 | 3 * i) << 8)
      time.sleep_ms(3)
      print('pio')
      sm.active(0)
      a = PWM(Pin(3), freq=1000, duty_u16=16384)
      b = PWM(Pin(4), freq=1_000_000, duty_u16=49152)
      time.sleep_ms(5)
      print('pwm on')
      time.sleep_ms(100)
      print('pwm off')
      a.deinit()
      b.deinit()
      s = PWM(Pin(5), freq=50, duty_ns=1_472_000)
      time.sleep_ms(500)
      print('servo')
      s.duty_ns(2_400_000)
      time.sleep_ms(500)
      print('servo end')
      t = PWM(Pin(6), freq=440, duty_u16=32768)
      time.sleep_ms(100)
      print('tone')
      t.deinit()
      """
    var tone = 0.0, angles: [Double] = []
    _ = try PartsScript.run(code, on: board) { line in
      switch line {
      case "neopixel":
        let p = strip.picture, q = single.picture
        for i in 0..<300 { #expect(p?.rgb(i, 0) == UInt32(i & 255) << 16 | UInt32(255 - (i & 255)) << 8 | UInt32(i >> 1), "light \(i)") }
        #expect(q?.rgb(0, 0) == UInt32(300 & 255) << 16 | UInt32(255 - (300 & 255)) << 8 | 150)
      case "pio":
        let p = matrix.picture
        // Green goes first.
        for i in 0..<64 { #expect(p?.rgb(i % 8, i / 8) == UInt32(2 * i) << 16 | UInt32(i) << 8 | UInt32(3 * i), "light \(i)") }
      case "pwm on": began = (board.machine.now, slow.lamps[0].onTime, fast.lamps[0].onTime)
      case "pwm off":
        let time = Double(board.machine.now - began.0), duty = [Double(slow.lamps[0].onTime - began.1) / time, Double(fast.lamps[0].onTime - began.2) / time]
        #expect(abs(duty[0] - 0.25) < 0.005 && abs(duty[1] - 0.75) < 0.005, "\(duty)")
      case "servo", "servo end": angles.append(servo.angle)
      case "tone": tone = buzzer.frequency
      default: break
      }
    }
    #expect(angles.count == 2 && abs(angles[0] - 90) < 0.5 && abs(angles[1] - 180) < 0.5, "\(angles)")
    #expect(abs(tone - 440) < 0.5 && 40...50 ~= sounds.count, "\(tone), \(sounds.count)")
  }
}

extension Picture {
  /// 0xRRGGBB.
  func rgb(_ x: Int, _ y: Int) -> UInt32 {
    let at = (y * width + x) * 4
    return UInt32(rgba[at]) << 16 | UInt32(rgba[at + 1]) << 8 | UInt32(rgba[at + 2])
  }
}
