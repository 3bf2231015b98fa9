import Frontend
import Machine
import Parts

/// Parts in three states each, as their painters show them, side by side.
struct PartLooks {
  struct State {
    var attributes: [String: String] = [:], controls: [String: Double] = [:]
    var lamps: [Double] = [], values: [Double]?
    /// Colours of the lights of a picture, one after the other, again and again.
    var lights: [UInt32] = []
  }
  let name: String, states: [State]
  init(_ name: String, _ states: State...) {
    self.name = name
    self.states = states
  }

  func draw() throws -> Canvas {
    let scale = 1.0, gap = 10.0
    guard let type = PartCatalog.type(named: name) else { throw SceneError("there is no part \(name)") }
    let machine = Machine(arena: StateArena(capacity: 8 << 20), clock: Clock(hertz: 1_000_000)), context = PartContext(machine)
    var all: [(painter: any Painter, look: Look)] = [], parts: [Part] = []
    defer { parts = [] }
    for (n, state) in states.enumerated() {
      let part = type.init(id: "p\(n)", attributes: state.attributes, context: context)
      parts.append(part)
      for (control, value) in state.controls.sorted(by: { $0.key < $1.key }) { part.setControl(control, value) }
      machine.run(until: machine.now + 30_000_000_000)
      let painter = Painters.painter(for: part)
      var look = Look()
      look.lamps = state.lamps
      look.picture = part.picture
      if !state.lights.isEmpty, let p = look.picture {
        for i in 0..<(p.width * p.height) {
          let c = state.lights[i % state.lights.count]
          look.picture?.set(i % p.width, i / p.width, red: UInt8(c >> 16 & 255), green: UInt8(c >> 8 & 255), blue: UInt8(c & 255))
        }
      }
      for c in part.controls { look.controls[c.name] = part.control(c.name) }
      look.values = state.values ?? painter.values(of: part)
      all.append((painter, look))
    }
    let margin = all.map { $0.painter.margin }.max() ?? 0
    let width = all.reduce(gap) { $0 + $1.painter.size.width + 2 * margin + gap }, height = (all.map { $0.painter.size.height }.max() ?? 0) + 2 * margin + 2 * gap
    let canvas = try Canvas(width: Int(width * scale), height: Int(height * scale))
    canvas.clear(Color(0x262D36))
    canvas.scale(scale)
    var x = gap
    for (painter, look) in all {
      canvas.saved {
        canvas.translate(Point(x + margin, gap + margin))
        painter.drawBody(on: canvas)
        painter.draw(look, on: canvas)
      }
      x += painter.size.width + 2 * margin + gap
    }
    return canvas
  }

  static let all: [PartLooks] = [
    PartLooks("wokwi-led", State(), State(attributes: ["color": "green"], lamps: [0.5]), State(attributes: ["color": "blue", "label": "D1"], lamps: [1])),
    PartLooks("wokwi-rgb-led", State(lamps: [0, 0, 0]), State(lamps: [1, 0.5, 0]), State(lamps: [0.2, 0.3, 1])),
    PartLooks("wokwi-led-bar-graph", State(), State(lamps: [1, 1, 1, 0.5, 0, 0, 0, 0, 0, 1]), State(attributes: ["color": "GYR"], lamps: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1])),
    PartLooks("wokwi-neopixel", State(), State(lights: [0xFF2000]), State(lights: [0x002040])),
    PartLooks("wokwi-led-strip", State(attributes: ["pixels": "4"]), State(attributes: ["pixels": "4"], lights: [0xFF0000, 0x00FF00, 0x0000FF, 0x101010]), State(attributes: ["pixels": "4", "pixelSize": "2020"], lights: [0xFFFF00])),
    PartLooks("wokwi-led-ring", State(attributes: ["pixels": "12"]), State(attributes: ["pixels": "12"], lights: [0xFF0000, 0, 0x00FF40]), State(attributes: ["pixels": "8"], lights: [0x4040FF])),
    PartLooks("wokwi-led-matrix", State(attributes: ["rows": "4", "cols": "4"]), State(attributes: ["rows": "4", "cols": "4"], lights: [0xFF0000, 0xFF8000, 0, 0x00FF00, 0x0080FF]), State(attributes: ["rows": "2", "cols": "6", "pixelSize": "3535"], lights: [0x800080])),
    PartLooks("wokwi-neopixel-matrix", State(attributes: ["rows": "3", "cols": "3"]), State(attributes: ["rows": "3", "cols": "3"], lights: [0x00FFFF, 0]), State(attributes: ["rows": "3", "cols": "3"], lights: [0xFFFFFF])),
    PartLooks("wokwi-apa102-matrix", State(attributes: ["rows": "3", "cols": "3"]), State(attributes: ["rows": "3", "cols": "3"], lights: [0xFF00FF, 0x00FF00]), State(attributes: ["rows": "1", "cols": "5"], lights: [0x102030])),
    PartLooks("solderless-microbit-matrix", State(), State(lamps: (0..<25).map { $0 % 2 == 0 ? 0.6 : 0 }), State(lamps: (0..<25).map { Double($0) / 40 })),
    PartLooks("solderless-mma8653", State(), State(controls: ["accelX": 1])), PartLooks("solderless-mag3110", State()),
    PartLooks("wokwi-pushbutton", State(), State(controls: ["pressed": 1]), State(attributes: ["color": "blue", "label": "Start"])),
    PartLooks("wokwi-pushbutton-6mm", State(), State(controls: ["pressed": 1]), State(attributes: ["color": "yellow", "key": "a"])),
    PartLooks("wokwi-slide-switch", State(), State(attributes: ["value": "1"]), State(controls: ["value": 1])),
    PartLooks("wokwi-dip-switch-8", State(), State(attributes: ["values": "10101010"]), State(controls: ["1": 1, "8": 1])),
    PartLooks("wokwi-membrane-keypad", State(), State(controls: ["5": 1]), State(attributes: ["columns": "3"], controls: ["#": 1])),
    PartLooks("wokwi-potentiometer", State(), State(attributes: ["value": "512"]), State(controls: ["position": 1])),
    PartLooks("wokwi-slide-potentiometer", State(), State(attributes: ["value": "700"]), State(attributes: ["travelLength": "15"], controls: ["position": 1])),
    PartLooks("wokwi-analog-joystick", State(), State(controls: ["x": 1, "y": 1]), State(controls: ["x": -0.5, "pressed": 1])),
    PartLooks("wokwi-ky-040", State(), State(controls: ["position": 3]), State(controls: ["pressed": 1, "position": -2])),
    PartLooks("wokwi-rotary-dialer", State(), State(controls: ["7": 1]), State(controls: ["0": 1])),
    PartLooks("wokwi-ir-remote", State(), State(controls: ["power": 1]), State(controls: ["9": 1])),
    PartLooks("wokwi-ir-receiver", State()),
    PartLooks("wokwi-servo", State(values: [0]), State(attributes: ["horn": "double", "hornColor": "#008"], values: [90]), State(attributes: ["horn": "cross"], values: [180])),
    PartLooks("wokwi-stepper-motor", State(attributes: ["size": "11"], values: [0, 0]), State(attributes: ["size": "14", "arrow": "orange"], values: [90, 50]), State(attributes: ["size": "11", "display": "angle"], values: [45.9, 45.9])),
    PartLooks("wokwi-biaxial-stepper", State(values: [0, 90]), State(attributes: ["outerHandShape": "arrow", "outerHandLength": "60"], values: [45, 200]), State(attributes: ["innerHandShape": "ornate", "innerHandColor": "red"], values: [120, 300])),
    PartLooks("wokwi-a4988", State()),
    PartLooks("wokwi-relay-module", State(lamps: [0, 0]), State(lamps: [0, 1]), State(lamps: [1, 1])),
    PartLooks("wokwi-ks2e-m-dc5", State(values: [0]), State(values: [1])),
    PartLooks("wokwi-buzzer", State(values: [0]), State(values: [440]), State(values: [3136])),
    PartLooks("wokwi-74hc595", State()), PartLooks("wokwi-nlsf595", State()), PartLooks("wokwi-74hc165", State()), PartLooks("solderless-pcf8574", State()), PartLooks("solderless-mcp23017", State()),
    PartLooks("wokwi-gate-and-2", State()), PartLooks("wokwi-gate-nand-2", State()), PartLooks("wokwi-gate-or-2", State()), PartLooks("wokwi-gate-nor-2", State()), PartLooks("wokwi-gate-xor-2", State()),
    PartLooks("wokwi-gate-xnor-2", State()), PartLooks("wokwi-gate-not", State()), PartLooks("wokwi-gate-buffer", State()), PartLooks("wokwi-flip-flop-d", State()), PartLooks("wokwi-flip-flop-dr", State()),
    PartLooks("wokwi-flip-flop-sr", State()), PartLooks("wokwi-flip-flop-dsr", State()), PartLooks("wokwi-mux-2", State()),
    PartLooks("wokwi-clock-generator", State(), State(attributes: ["frequency": "1.3m"]), State(attributes: ["frequency": "50"])), PartLooks("board-cd74hc4067", State()),
    PartLooks("wokwi-breadboard-mini", State()), PartLooks("wokwi-breadboard-half", State()), PartLooks("wokwi-breadboard", State()), PartLooks("wokwi-vcc", State()), PartLooks("wokwi-gnd", State()), PartLooks("wokwi-logo", State()),
    PartLooks("wokwi-text", State(attributes: ["text": "Hello\nworld", "color": "orange"]), State(attributes: ["text": "A", "color": "#40ff80"]), State(attributes: ["text": "one\ntwo\nthree"])),
    PartLooks("wokwi-resistor", State(attributes: ["value": "220"]), State(attributes: ["value": "4700"]), State(attributes: ["value": "1000000"])),
  ]
}
