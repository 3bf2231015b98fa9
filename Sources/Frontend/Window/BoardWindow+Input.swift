import Boards
import CSDL2
import CVTerm
import Foundation
import Machine

/// What a person does: mouse, keys, files dropped on the window.
extension BoardWindow {
  func handle(_ event: SDL_Event) {
    switch SDL_EventType(event.type) {
    case SDL_QUIT: mustClose = true
    case SDL_WINDOWEVENT:
      switch SDL_WindowEventID(UInt32(event.window.event)) {
      case SDL_WINDOWEVENT_CLOSE: mustClose = true
      case SDL_WINDOWEVENT_SIZE_CHANGED, SDL_WINDOWEVENT_DISPLAY_CHANGED: do { try resized() } catch { say("\(error)") }
      case SDL_WINDOWEVENT_EXPOSED: isDrawnAnew = true
      case SDL_WINDOWEVENT_FOCUS_GAINED, SDL_WINDOWEVENT_FOCUS_LOST:
        isFocused = event.window.event == UInt8(SDL_WINDOWEVENT_FOCUS_GAINED.rawValue)
        terminal.touchAll()
      case SDL_WINDOWEVENT_LEAVE:
        pointTo(nil)
        hover(nil)
      default: break
      }
    case SDL_MOUSEMOTION: moved(to: Point(Double(event.motion.x) * density, Double(event.motion.y) * density))
    case SDL_MOUSEBUTTONDOWN:
      mouse = Point(Double(event.button.x) * density, Double(event.button.y) * density)
      if event.button.button == 1 { pressed(clicks: Int(event.button.clicks)) }
      if event.button.button == 2, plan.terminal.contains(mouse) { paste(primary: true) }
      if event.button.button == 3 { drag = .pan }
    case SDL_MOUSEBUTTONUP:
      mouse = Point(Double(event.button.x) * density, Double(event.button.y) * density)
      released()
    case SDL_MOUSEWHEEL:
      let d = Double(event.wheel.preciseY)
      if plan.terminal.contains(mouse) {
        if SDL_GetModState().rawValue & (KMOD_LCTRL.rawValue | KMOD_RCTRL.rawValue) != 0 { setFont(fontScale * (d > 0 ? 1.1 : 1 / 1.1)) } else { terminal.scroll(by: Int((d * 3).rounded())) }
      } else if let r = logicArea, r.contains(mouse) {
        if d != 0 { desk.changeLogic { $0.zoom(in: d > 0) } }
      } else if view.area.contains(mouse) {
        view.zoom(by: pow(1.15, d), at: mouse)
      }
    case SDL_TEXTINPUT:
      let text = withUnsafeBytes(of: event.text.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if isHelpShown { showHelp(false) }
      terminal.selectNothing()
      terminal.type(text)
    case SDL_KEYDOWN: key(event.key.keysym, isRepeat: event.key.repeat != 0)
    case SDL_KEYUP:
      if event.key.keysym.sym == Int32(bitPattern: SDLK_F8.rawValue) { release(.boot) }
      if event.key.keysym.sym == Int32(bitPattern: SDLK_F6.rawValue) { release(.reset) }
    case SDL_DROPFILE:
      if let name = event.drop.file {
        drop(String(cString: name))
        SDL_free(name)
      }
    default: break
    }
  }

  // MARK: Mouse

  private func moved(to p: Point) {
    let d = p - mouse
    mouse = p
    switch drag {
    case .pan: view.pan(by: d)
    case .divider:
      split = plan.isSideBySide ? p.x / Double(canvas.width) : (p.y - plan.scene.y) / (plan.scene.height + plan.terminal.height + plan.divider.height)
      layOut()
    case .select(let line, let column): terminal.select(from: (line, column), to: cell(at: p))
    case .touch(let i, let touch): operate(i, touch, isDown: true)
    case .button: break
    case .none:
      hover(toolbar.command(at: p))
      let isOver = view.area.contains(p)
      pointTo(isOver ? view.pin(at: p) : nil)
    }
  }
  private func hover(_ command: Toolbar.Command?) {
    if toolbar.hovered != command {
      toolbar.hovered = command
      isBarDirty = true
    }
  }
  private func pressed(clicks: Int) {
    if isHelpShown { return showHelp(false) }
    if let command = toolbar.command(at: mouse) {
      if command == .boot, toolbar.held.contains(.boot) { release(.boot) } else { press(command) }
      // With one pointer the boot button cannot be held while another is clicked: it stays.
      drag = command == .boot ? .none : .button
    } else if plan.divider.inset(-3 * scale).contains(mouse) {
      drag = .divider
    } else if plan.terminal.contains(mouse) {
      let c = cell(at: mouse)
      if clicks == 2 {
        terminal.selectWord(line: c.line, column: c.column)
        copy(primary: true)
      } else {
        terminal.selectNothing()
        drag = .select(line: c.line, column: c.column)
      }
    } else if let r = logicArea, let trace, r.contains(mouse) {
      let channel = logicView.channel(at: mouse, in: r, of: trace.names.count)
      desk.changeLogic { if let channel { $0.cycleTrigger(channel) } else { $0.rearm() } }
    } else if view.area.contains(mouse) {
      if let (i, touch) = view.touch(at: mouse) {
        drag = .touch(item: i, touch)
        if case .toggle = touch.gesture { toggle(i, touch) } else { operate(i, touch, isDown: true) }
      } else {
        drag = .pan
      }
    }
  }
  private func released() {
    switch drag {
    case .select: copy(primary: true)
    case .touch(let i, let touch): operate(i, touch, isDown: false)
    case .button: release(.reset)
    default: break
    }
    drag = .none
  }
  private func cell(at p: Point) -> (line: Int, column: Int) {
    let size = terminalView.cell
    let row = min(max(Int((p.y - plan.terminalCorner.y) / Double(size.height)), 0), terminal.rows - 1)
    return (terminal.line(ofRow: row), min(max(Int(((p.x - plan.terminalCorner.x) / Double(size.width)).rounded()), 0), terminal.columns))
  }
  /// A gesture that holds or drags.
  private func operate(_ i: Int, _ touch: Touch, isDown: Bool) {
    let item = scene.items[i], p = item.toItem(view.toScene(mouse)), isHeld: Bool
    switch touch.gesture {
    case .press: isHeld = true
    default: isHeld = false
    }
    desk.order { [scene] session in
      if isHeld { scene.held[i] = isDown ? touch.control : nil }
      guard let part = item.part else {
        if ["RESET", "RST", "RUN", "EN"].contains(touch.control.uppercased()) { item.board.resetPressed = isDown } else { item.board.bootPressed = isDown }
        return
      }
      if case .panel(let width, let height) = touch.gesture {
        let x = Int((p.x - touch.area.x) / touch.area.width * Double(width)), y = Int((p.y - touch.area.y) / touch.area.height * Double(height))
        part.touch(x: min(max(x, 0), width - 1), y: min(max(y, 0), height - 1), down: isDown)
      } else if isDown {
        if let v = touch.value(at: p) { part.setControl(touch.control, v) }
      } else if isHeld {
        part.setControl(touch.control, 0)
      }
    }
  }
  private func toggle(_ i: Int, _ touch: Touch) {
    guard let part = scene.items[i].part else { return }
    nonisolated(unsafe) let p = part
    desk.order { _ in p.setControl(touch.control, (p.control(touch.control) ?? 0) > 0.5 ? 0 : 1) }
  }

  // MARK: Buttons and keys

  func press(_ command: Toolbar.Command) {
    isBarDirty = true
    switch command {
    case .power:
      desk.setPower(!toolbar.isPowered)
      if !toolbar.isPowered { letGoOfBoot() }
    case .reset:
      toolbar.held.insert(.reset)
      desk.order { $0.board.resetPressed = true }
    case .boot:
      toolbar.held.insert(.boot)
      desk.order { $0.board.bootPressed = true }
    case .pause:
      desk.order { $0.pauseAt = $0.isPaused ? nil : $0.board.machine.now }
    case .step: step(1_000_000_000)
    case .slower, .faster:
      let all = Toolbar.speeds, d = command == .slower ? -1 : 1
      let at = all.firstIndex { ($0 ?? .infinity) >= (toolbar.speed ?? .infinity) } ?? all.count - 1
      let speed = all[min(max(at + d, 0), all.count - 1)]
      toolbar.speed = speed
      desk.order { $0.speed = speed }
    case .fit:
      view.fit()
      isDrawnAnew = true
    case .picture: savePicture()
    case .help: showHelp(!isHelpShown)
    }
  }
  private func release(_ command: Toolbar.Command) {
    guard toolbar.held.remove(command) != nil else { return }
    isBarDirty = true
    desk.order { if command == .boot { $0.board.bootPressed = false } else { $0.board.resetPressed = false } }
    if command == .reset { letGoOfBoot() }
  }
  /// The boot ROM looks at the button at once; who held it for that lets go of it then.
  private func letGoOfBoot() {
    guard toolbar.held.remove(.boot) != nil else { return }
    isBarDirty = true
    desk.order { session in session.at(session.board.machine.now + 500_000_000_000) { [unowned session] in session.board.bootPressed = false } }
  }
  private func step(_ picoseconds: UInt64) { desk.order { $0.pauseAt = $0.board.machine.now + picoseconds } }
  private func savePicture() {
    let seconds = Self.fixed(Double(looks.time) / 1e12, 3)
    let name = "\(scene.board.name)-\(seconds)s.png"
    do {
      try Camera.write(scene.picture(looks).png(), to: name)
      say("the picture is \(name)")
    } catch { say("\(error)") }
  }
  func showHelp(_ on: Bool) {
    isHelpShown = on
    isDrawnAnew = true
  }
  private func setFont(_ s: Double) {
    fontScale = min(max(s, 0.6), 4)
    layOut()
  }
  private func copy(primary: Bool) {
    let text = terminal.selectedText
    guard !text.isEmpty else { return }
    if primary { SDL_SetPrimarySelectionText(text) } else { SDL_SetClipboardText(text) }
  }
  private func paste(primary: Bool) {
    guard let text = primary ? SDL_GetPrimarySelectionText() : SDL_GetClipboardText() else { return }
    terminal.paste(String(cString: text))
    SDL_free(text)
  }
  private func key(_ k: SDL_Keysym, isRepeat: Bool) {
    let modifiers = UInt32(k.mod)
    let shift = modifiers & UInt32(KMOD_LSHIFT.rawValue | KMOD_RSHIFT.rawValue) != 0, control = modifiers & UInt32(KMOD_LCTRL.rawValue | KMOD_RCTRL.rawValue) != 0, alt = modifiers & UInt32(KMOD_LALT.rawValue) != 0
    let code = SDL_KeyCode(UInt32(bitPattern: k.sym))
    if isHelpShown, code == SDLK_ESCAPE { return showHelp(false) }
    switch code {
    case SDLK_F1: return press(.help)
    case SDLK_F2: return press(.pause)
    case SDLK_F3: return step(shift ? 10_000_000 : 1_000_000_000)
    case SDLK_F4: return shift ? desk.changeLogic { $0.zoom(in: false) } : press(.slower)
    case SDLK_F5: return shift ? desk.changeLogic { $0.zoom(in: true) } : press(.faster)
    case SDLK_F6: return isRepeat ? () : press(.reset)
    case SDLK_F7: return isRepeat ? () : press(.power)
    case SDLK_F8: return isRepeat ? () : press(.boot)
    case SDLK_F9: return press(.picture)
    case SDLK_F10: return press(.fit)
    case SDLK_F11:
      let isFull = SDL_GetWindowFlags(window) & SDL_WINDOW_FULLSCREEN_DESKTOP.rawValue != 0
      SDL_SetWindowFullscreen(window, isFull ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP.rawValue)
      return
    case SDLK_F12: return shift ? showLogic(!isLogicShown) : terminal.clear()
    default: break
    }
    if control && shift {
      switch code {
      case SDLK_c: return copy(primary: false)
      case SDLK_v: return paste(primary: false)
      case SDLK_EQUALS, SDLK_PLUS, SDLK_KP_PLUS: return setFont(fontScale * 1.1)
      case SDLK_MINUS, SDLK_KP_MINUS: return setFont(fontScale / 1.1)
      case SDLK_0: return setFont(1)
      default: break
      }
    }
    if shift, code == SDLK_PAGEUP { return terminal.scroll(by: terminal.rows - 1) }
    if shift, code == SDLK_PAGEDOWN { return terminal.scroll(by: 1 - terminal.rows) }
    let keys: [(SDL_KeyCode, VTermKey)] = [
      (SDLK_RETURN, VTERM_KEY_ENTER), (SDLK_KP_ENTER, VTERM_KEY_ENTER), (SDLK_BACKSPACE, VTERM_KEY_BACKSPACE), (SDLK_TAB, VTERM_KEY_TAB), (SDLK_ESCAPE, VTERM_KEY_ESCAPE), (SDLK_UP, VTERM_KEY_UP),
      (SDLK_DOWN, VTERM_KEY_DOWN), (SDLK_LEFT, VTERM_KEY_LEFT), (SDLK_RIGHT, VTERM_KEY_RIGHT), (SDLK_HOME, VTERM_KEY_HOME), (SDLK_END, VTERM_KEY_END), (SDLK_PAGEUP, VTERM_KEY_PAGEUP),
      (SDLK_PAGEDOWN, VTERM_KEY_PAGEDOWN), (SDLK_INSERT, VTERM_KEY_INS), (SDLK_DELETE, VTERM_KEY_DEL),
    ]
    if let (_, key) = keys.first(where: { $0.0 == code }) {
      terminal.selectNothing()
      return terminal.press(key, shift: shift, alt: alt, control: control)
    }
    // Control with a letter or one of @ [ \ ] ^ _
    if control, 0x40...0x7F ~= k.sym { return terminal.type(control: UInt8(k.sym)) }
    if control, code == SDLK_SPACE { return terminal.type(control: 0) }
  }

  // MARK: Files

  private func drop(_ path: String) {
    let name = URL(fileURLWithPath: path).lastPathComponent
    do { desk.flash(try BoardLoader.read(path), name: name) } catch { say("\(error)") }
  }
  func drawHelp() {
    let size = 16 * scale, lineHeight = 23 * scale
    var lines = Toolbar.Command.allCases.sorted { $0.key.dropFirst().compare($1.key.dropFirst(), options: .numeric) == .orderedAscending }.map { ($0.key, $0.explanation) }
    lines += [
      ("F11", "full screen"), ("F12", "clears the terminal"), ("Ctrl-Shift-C V", "copy what is selected, paste"), ("Shift-PgUp PgDn", "older lines; so does the wheel"), ("Ctrl-wheel", "size of the letters"),
      ("wheel, drag", "on the scene: zoom and move it"), ("click, drag", "buttons, switches, knobs and sliders"), ("Shift-F12", "the logic analyzer, if something is recorded"), ("Shift-F4 F5", "its time: longer, shorter; so does the wheel"),
      ("click a channel", "waits for its rising, its falling or no edge; beside it: goes on"), ("point at a pad", "its function, level and frequency"), ("drop a file", "flashes a firmware"),
    ]
    let keyWidth = Double(lines.map(\.0.count).max() ?? 0) * size / 2, textWidth = Double(lines.map(\.1.count).max() ?? 0) * size / 2
    let width = keyWidth + textWidth + 80 * scale, height = Double(lines.count) * lineHeight + 80 * scale
    let r = Rect(around: Point(Double(canvas.width) / 2, Double(canvas.height) / 2), width, height)
    canvas.fill(.rect(Rect(0, 0, Double(canvas.width), Double(canvas.height))), Color.black.withAlpha(0.45))
    canvas.fill(.rect(r, radius: 10 * scale), Color(0x1B2128))
    canvas.stroke(.rect(r.inset(0.5), radius: 10 * scale), Color(0x4A5868), width: 1)
    canvas.text("Keys and mouse", at: Point(r.x + 28 * scale, r.y + 32 * scale), size: 20 * scale, color: .white, bold: true)
    for (i, line) in lines.enumerated() {
      let y = (r.y + 70 * scale + Double(i) * lineHeight).rounded()
      canvas.text(line.0, at: Point((r.x + 28 * scale).rounded(), y), size: size, color: Color(0x8FBCF5))
      canvas.text(line.1, at: Point((r.x + 48 * scale + keyWidth).rounded(), y), size: size, color: Theme.text)
    }
  }
}
