import Boards
import CSDL2
import Foundation
import Machine

/// The board in a window: the scene, a terminal, a line of figures. It lives on the main thread, the machine on one of its own.
public final class BoardWindow {
  let session: Session
  let scene: Scene
  let desk: Desk
  let window: OpaquePointer
  var canvas: Canvas
  /// Pixels per point of the interface.
  private(set) var scale = 1.0
  /// Pixels per unit of the mouse.
  private(set) var density = 1.0
  let view: SceneView
  let terminal: TerminalScreen
  let terminalView: TerminalView
  private(set) var plan = WindowPlan(width: 480, height: 360, scale: 1, split: 0.5)
  var fontScale = 1.0
  /// The part of the width, or height, that the scene has.
  var split = 0.5
  /// The logic analyzer's panel under the scene, where something is recorded.
  let trace: LogicTrace?
  var isLogicShown = false
  var logic: LogicTrace.Snapshot?
  private var isLogicNew = false
  var logicView = LogicView()
  private(set) var logicArea: Rect?
  var toolbar = Toolbar(width: 1, scale: 1)
  var looks: Scene.Looks
  var report: Desk.Report?
  var isHelpShown = false
  var isDrawnAnew = true
  var isBarDirty = true
  /// A pad or leg under the mouse, and what is said about it.
  var pointed: (item: Int, name: String)?
  var tip: Tip?
  private var tipDrawn: Rect?
  var mouse = Point(0, 0)
  var drag = Drag.none
  var message: (text: String, until: UInt64)?
  var isFocused = true
  var mustClose = false
  private var pace = Pace()
  /// Frames drawn, and the host's seconds they took.
  public private(set) var frames = 0

  enum Drag {
    case none, pan, divider, select(line: Int, column: Int), touch(item: Int, Touch), button
  }

  /// How much larger than usual the desktop wants its programs: GTK's or Qt's variable.
  private static let desktopScale = ["GDK_SCALE", "QT_SCALE_FACTOR"].lazy.compactMap { ProcessInfo.processInfo.environment[$0].flatMap(Double.init) }.first { 1...4 ~= $0 }
  /// Whether there is a display to open a window on.
  public static func hasDisplay(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].contains { !(environment[$0] ?? "").isEmpty }
  }
  /// - Parameter recording: what the logic analyzer's panel shows; nil: there is none.
  /// - Throws: `SceneError` where there is no display.
  public init(session: Session, recording: Recording? = nil) throws {
    self.session = session
    trace = recording?.trace
    let board = session.board
    // SDL finds hidden screens of its own where there is none.
    guard Self.hasDisplay() || ProcessInfo.processInfo.environment["SDL_VIDEODRIVER"] != nil else { throw SceneError("no window can be opened: there is no display; start it where there is one, or with --headless") }
    SDL_SetMainReady()
    SDL_SetHint("SDL_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR", "0")
    // Only what changed goes to the screen, and a software OpenGL would do no better.
    SDL_SetHint("SDL_FRAMEBUFFER_ACCELERATION", "0")
    SDL_SetHint("SDL_MOUSE_FOCUS_CLICKTHROUGH", "1")
    guard SDL_Init(SDL_INIT_VIDEO) == 0 else { throw SceneError("no window can be opened: \(String(cString: SDL_GetError())); start it where there is a display, or with --headless") }
    scene = Scene(board)
    let b = scene.bounds
    // As large as the display allows: the scene about two and a half times life size, 80 columns beside it.
    var usable = SDL_Rect(x: 0, y: 0, w: 1280, h: 800)
    SDL_GetDisplayUsableBounds(0, &usable)
    let k = Self.desktopScale ?? 1
    let width = min(Int(Double(min(max(Int(b.width * 2.5), 380) + 660, 1600)) * k), Int(usable.w) - 40), height = min(Int(Double(min(max(Int(b.height * 2.5) + 66, 640), 1000)) * k), Int(usable.h) - 60)
    split = max(0.3, 1 - 660 * k / Double(max(width, 1)))
    let flags = SDL_WINDOW_RESIZABLE.rawValue | SDL_WINDOW_ALLOW_HIGHDPI.rawValue
    guard let w = SDL_CreateWindow("\(board.description.title) \u{2013} Solderless", 0x2FFF_0000, 0x2FFF_0000, Int32(max(width, 480)), Int32(max(height, 360)), flags), SDL_GetWindowSurface(w) != nil else {
      let why = String(cString: SDL_GetError())
      SDL_Quit()
      throw SceneError("no window can be opened: \(why); start it where there is a display, or with --headless")
    }
    window = w
    guard let t = TerminalScreen(rows: 24, columns: 80) else { throw SceneError("the terminal cannot be made") }
    terminal = t
    terminalView = TerminalView(screen: t, scale: 1)
    view = SceneView(scene: scene)
    desk = Desk(scene: scene, loudspeaker: Loudspeaker(board), trace: recording?.trace)
    canvas = try Canvas(width: 64, height: 64)
    looks = scene.capture()
    SDL_SetWindowMinimumSize(w, 480, 360)
    SDL_EventState(SDL_DROPFILE.rawValue, SDL_ENABLE)
    SDL_StartTextInput()
    terminal.onOutput = { [desk] in desk.type($0) }
    terminal.onBell = { [unowned self] in say("the board rings") }
    for remark in scene.remarks { say(remark) }
    if trace != nil { showLogic(true) }
    try resized()
  }
  deinit {
    desk.loudspeaker.close()
    SDL_DestroyWindow(window)
    SDL_Quit()
  }

  // MARK: The loop

  /// Runs the session on a thread of its own until it ends or the window is closed.
  public func run() -> Session.Ending {
    if let port = session.board.ports[session.board.defaultPort] { session.consoles.insert((port, Desk.Terminal(desk)), at: 0) }
    let before = session.onSlice
    nonisolated(unsafe) let session = self.session
    let desk = self.desk
    session.onSlice = { [unowned session] in
      before()
      desk.serve(session)
    }
    toolbar.speed = session.speed
    scene.expose()
    let thread = Thread { desk.end(session.run()) }
    thread.stackSize = 8 << 20
    thread.name = "machine"
    thread.start()
    let period = SDL_GetPerformanceFrequency() / 60
    var next = SDL_GetPerformanceCounter()
    while true {
      var event = SDL_Event()
      while SDL_PollEvent(&event) != 0 { handle(event) }
      let now = SDL_GetPerformanceCounter()
      if now < next {
        if SDL_WaitEventTimeout(&event, max(1, Int32((next - now) * 1000 / SDL_GetPerformanceFrequency()))) != 0 { handle(event) }
        continue
      }
      next = max(next + period, now)
      if mustClose { desk.order { $0.stopRequested = true } }
      if let ending = desk.takeEnding() {
        // A machine that stopped by itself stays to be looked at.
        if case .stopped(let why) = ending, !mustClose { say(why, seconds: 3600) } else {
          while thread.isExecuting { Thread.sleep(forTimeInterval: 0.001) }
          return ending
        }
      }
      frame()
      frames += 1
    }
  }
  /// One sixtieth of a second: what is new on the machine's side, then the picture.
  private func frame() {
    if let r = desk.takeReport() {
      if r.isPaused != toolbar.isPaused || r.isPowered != toolbar.isPowered || r.speed != toolbar.speed { isBarDirty = true }
      toolbar.isPaused = r.isPaused
      toolbar.isPowered = r.isPowered
      toolbar.speed = r.speed
      report = r
      looks = r.looks
      if let l = r.logic, l != logic {
        logic = l
        isLogicNew = true
      }
      pace.add(r)
    }
    terminal.feed(desk.takeOutput())
    for text in desk.takeNews() { say(text) }
    updateTip()
    draw()
  }
  /// A line of the machine's log, from its thread.
  public func remark(_ text: String) {
    FileHandle.standardError.write(Data("note: \(text)\n".utf8))
    desk.tell(text)
  }
  func say(_ text: String, seconds: UInt64 = 8) { message = (text, SDL_GetTicks64() + seconds * 1000) }

  // MARK: Layout

  func resized() throws {
    var w: Int32 = 0, h: Int32 = 0, logical: Int32 = 0, dpi: Float = 96
    SDL_GetWindowSizeInPixels(window, &w, &h)
    SDL_GetWindowSize(window, &logical, nil)
    density = logical > 0 ? Double(w) / Double(logical) : 1
    // X11 has no density of its own, only what the desktop tells its programs, and the display's dots per inch.
    if density == 1, let k = Self.desktopScale { scale = k } else if density == 1, SDL_GetDisplayDPI(SDL_GetWindowDisplayIndex(window), nil, &dpi, nil) == 0, 140...600 ~= dpi { scale = (Double(dpi) / 96 * 4).rounded() / 4 } else { scale = density }
    guard canvas.width != Int(w) || canvas.height != Int(h) else { return }
    canvas = try Canvas(width: max(Int(w), 64), height: max(Int(h), 64))
    layOut()
  }
  func showLogic(_ on: Bool) {
    guard trace != nil else { return say("nothing is recorded; start with --probe PAD,PAD or --decode, or wire a wokwi-logic-analyzer") }
    isLogicShown = on
    desk.showLogic(on)
    layOut()
  }
  func layOut() {
    plan = WindowPlan(width: Double(canvas.width), height: Double(canvas.height), scale: scale, split: split)
    let old = toolbar
    toolbar = Toolbar(width: plan.toolbar.width, scale: scale)
    (toolbar.isPaused, toolbar.isPowered, toolbar.speed, toolbar.held) = (old.isPaused, old.isPowered, old.speed, old.held)
    var area = plan.scene
    logicView.scale = scale
    logicArea = nil
    if isLogicShown, let trace {
      let height = min(logicView.height(rows: trace.names.count + trace.decoderNames.count), (area.height * 0.6).rounded())
      area.height -= height
      logicArea = Rect(area.x, area.maxY, area.width, height)
    }
    view.setArea(area)
    terminalView.setScale(scale * fontScale)
    terminal.resize(rows: plan.rows(terminalView.cell), columns: plan.columns(terminalView.cell))
    isDrawnAnew = true
  }

  // MARK: Drawing

  private func draw() {
    var damage: [Rect] = []
    if isDrawnAnew {
      canvas.clear(Theme.bar)
      canvas.fill(.rect(plan.terminal), Color(TerminalScreen.background))
      canvas.fill(.rect(plan.divider), Theme.line)
      _ = view.draw(looks, on: canvas, all: true)
      terminalView.drawAll(on: canvas, at: plan.terminalCorner, isFocused: isFocused)
      drawLogic()
      toolbar.draw(on: canvas)
      drawStatus()
      if let tip { tipDrawn = tip.draw(on: canvas, within: view.area, scale: scale) }
      if isHelpShown { drawHelp() }
      damage = [Rect(0, 0, Double(canvas.width), Double(canvas.height))]
      isDrawnAnew = false
      isBarDirty = false
    } else {
      if isHelpShown { return }
      damage += terminalView.draw(on: canvas, at: plan.terminalCorner, isFocused: isFocused)
      let isTipNew = tip != tipDrawnFor || (tip == nil) != (tipDrawn == nil)
      damage += view.draw(looks, on: canvas, also: isTipNew ? tipDrawn : nil)
      if isTipNew || tip != nil && !damage.isEmpty {
        tipDrawn = tip.map { $0.draw(on: canvas, within: view.area, scale: scale) }
        if let tipDrawn { damage.append(tipDrawn) }
        tipDrawnFor = tip
      }
      if isLogicNew, let r = drawLogic() { damage.append(r) }
      if isBarDirty {
        toolbar.draw(on: canvas)
        damage.append(plan.toolbar)
        isBarDirty = false
      }
      if frames % 6 == 0 { damage.append(drawStatus()) }
    }
    if !damage.isEmpty { present(damage) }
  }
  @discardableResult private func drawLogic() -> Rect? {
    isLogicNew = false
    guard let r = logicArea else { return nil }
    if let logic { logicView.draw(logic, in: r, on: canvas) } else { canvas.fill(.rect(r), Theme.line) }
    return r
  }
  private var tipDrawnFor: Tip?
  private func present(_ damage: [Rect]) {
    guard let (base, stride) = canvas.bytes, let screen = SDL_GetWindowSurface(window),
      let picture = SDL_CreateRGBSurfaceWithFormatFrom(base, Int32(canvas.width), Int32(canvas.height), 32, Int32(stride), SDL_PIXELFORMAT_XRGB8888.rawValue)
    else { return }
    defer { SDL_FreeSurface(picture) }
    var rects: [SDL_Rect] = []
    for r in damage {
      let x = max(Int(r.x.rounded(.down)), 0), y = max(Int(r.y.rounded(.down)), 0), right = min(Int(r.maxX.rounded(.up)), canvas.width), bottom = min(Int(r.maxY.rounded(.up)), canvas.height)
      guard x < right, y < bottom else { continue }
      let rect = SDL_Rect(x: Int32(x), y: Int32(y), w: Int32(right - x), h: Int32(bottom - y))
      var from = rect, to = rect
      if SDL_UpperBlit(picture, &from, screen, &to) == 0, to.w > 0, to.h > 0 { rects.append(to) }
    }
    if !rects.isEmpty { SDL_UpdateWindowSurfaceRects(window, rects, Int32(rects.count)) }
  }
  @discardableResult private func drawStatus() -> Rect {
    let r = plan.status, size = 15 * scale, y = (r.centre.y + scale / 2).rounded()
    canvas.fill(.rect(r), Theme.bar)
    canvas.fill(.rect(Rect(r.x, r.y, r.width, scale)), Theme.line)
    var x = 12 * scale
    func text(_ s: String, _ color: Color, room: Int = 0) {
      canvas.text(s, at: Point(x.rounded(), y), size: size, color: color)
      x += Double(max(s.count, room)) * size / 2 + 14 * scale
    }
    let time = Double(looks.time) / 1e12
    // Steps are to be seen.
    text("\(Self.fixed(time, toolbar.isPaused ? 6 : time < 100 ? 3 : 1)) s", Theme.text, room: 10)
    if toolbar.isPaused { text("paused", Color(0xF5D67B), room: 19) } else if !toolbar.isPowered { text("no power", Color(0xE0605E), room: 19) } else {
      text(pace.ratio.map { "\(Int(($0 * 100).rounded())) % of real time" } ?? "", Theme.dim, room: 19)
    }
    for load in pace.loads {
      canvas.text(load.name, at: Point(x.rounded(), y), size: size, color: Theme.dim)
      x += Double(load.name.count) * size / 2 + 6 * scale
      let bar = Rect(x.rounded(), y - 4 * scale, 48 * scale, 8 * scale)
      canvas.fill(.rect(bar, radius: 2 * scale), Color(0x2E3843))
      if load.part > 0.01 { canvas.fill(.rect(Rect(bar.x, bar.y, max(bar.width * min(load.part, 1), 3 * scale), bar.height), radius: 2 * scale), load.part > 0.9 ? Color(0xE0B454) : Color(0x5C9DEB)) }
      x += 54 * scale
      text("\(Int((min(load.part, 1) * 100).rounded())) %", Theme.dim, room: 5)
    }
    if let m = message, SDL_GetTicks64() < m.until {
      let room = max(0, Int((r.width - x - 12 * scale) / (size / 2)))
      canvas.text(String(m.text.prefix(room)), at: Point(r.maxX - 12 * scale, y), size: size, color: Color(0xF5D67B), align: .right)
    } else {
      message = nil
      if r.width - x > 100 * scale { canvas.text("F1 help", at: Point(r.maxX - 12 * scale, y), size: size, color: Theme.dim, align: .right) }
    }
    return r
  }
  static func fixed(_ v: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", v) }
}

/// How fast virtual time goes against the host's, and how busy the cores are, over about half a second.
struct Pace {
  private var first: (host: UInt64, report: Desk.Report)?
  private(set) var ratio: Double?
  private(set) var loads: [(name: String, part: Double)] = []

  mutating func add(_ r: Desk.Report) {
    let now = SDL_GetPerformanceCounter()
    guard let f = first else {
      first = (now, r)
      return
    }
    let seconds = Double(now - f.host) / Double(SDL_GetPerformanceFrequency())
    guard seconds > 0.5 else { return }
    ratio = Double(r.time &- f.report.time) / 1e12 / seconds
    loads = zip(f.report.loads, r.loads).map { a, b in
      let cycles = b.cycles &- a.cycles, slept = b.slept &- a.slept
      return (b.name, cycles > 0 ? 1 - Double(min(slept, cycles)) / Double(cycles) : 0)
    }
    first = (now, r)
  }
}
