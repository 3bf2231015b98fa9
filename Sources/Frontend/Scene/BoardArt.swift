import CRSVG
import Foundation

/// A board's picture from `Assets`, an SVG whose element ids name what is on the board: `pad-GP0`, `button-BOOTSEL`, `part-LED`.
///
/// Text is drawn in the project's own font, whatever fonts the machine has.
final class BoardArt {
  struct Label {
    var text: String, at: Point, size: Double, color: Color, align: Canvas.Align, turn: Double, bold: Bool
  }
  /// In px.
  let size: Size
  private(set) var pads: [String: Rect] = [:]
  private(set) var buttons: [String: Rect] = [:]
  private(set) var parts: [String: Rect] = [:]
  private let handle: UnsafeMutablePointer<RsvgHandle>
  private var labels: [Label] = []

  /// - Throws: `SceneError` when the file is not there or is no SVG.
  init(file: URL) throws {
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { throw SceneError("the picture \(file.path) is not there or cannot be read; it belongs to the project's Assets") }
    var error: UnsafeMutablePointer<GError>?
    let bytes = Array(text.replacing(Self.textElement, with: "").utf8)
    guard let h = rsvg_handle_new_from_data(bytes, gsize(bytes.count), &error) else {
      let why = error.map { String(cString: $0.pointee.message) } ?? "it cannot be parsed"
      g_clear_error(&error)
      throw SceneError("the picture \(file.path) is no SVG: \(why)")
    }
    handle = h
    rsvg_handle_set_dpi(h, 96)
    var width = 0.0, height = 0.0
    guard rsvg_handle_get_intrinsic_size_in_pixels(h, &width, &height) != 0, 4...4000 ~= width, 4...4000 ~= height else {
      g_object_unref(h)
      throw SceneError("the picture \(file.path) needs a width and a height from 1 to 1000 mm")
    }
    size = Size(width, height)
    for match in text.matches(of: Self.identifier) {
      let id = String(match.1)
      guard let dash = id.firstIndex(of: "-"), let box = box(of: id) else { continue }
      let name = String(id[id.index(after: dash)...])
      switch id[..<dash] {
      case "pad": pads[name] = box
      case "button": buttons[name] = box
      case "part": parts[name] = box
      default: break
      }
    }
    let view = Self.attributes(text.prefixMatch(of: Self.root)?.1 ?? text.firstMatch(of: Self.root)?.1 ?? "")["viewBox"]?.split(whereSeparator: { " ,".contains($0) }).compactMap { Double($0) } ?? []
    let k = view.count == 4 && view[2] > 0 ? width / view[2] : 1, corner = view.count == 4 ? Point(view[0], view[1]) : Point(0, 0)
    for match in text.matches(of: Self.textElement) {
      let a = Self.attributes(match.1)
      let turn = a["transform"].flatMap { $0.firstMatch(of: Self.rotation) }.flatMap { Double($0.1) } ?? 0
      let p = Point(Double(a["x"] ?? "") ?? 0, Double(a["y"] ?? "") ?? 0)
      let words = String(match.2).replacing("&amp;", with: "&").replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
      labels.append(
        Label(
          text: words, at: (p - corner) * k, size: (Double(a["font-size"] ?? "") ?? 8) * k, color: Color(named: a["fill"] ?? "") ?? .white,
          align: a["text-anchor"] == "middle" ? .centre : a["text-anchor"] == "end" ? .right : .left, turn: turn, bold: a["font-weight"] == "bold"))
    }
  }
  deinit { g_object_unref(handle) }

  func draw(on canvas: Canvas) {
    var viewport = RsvgRectangle(x: 0, y: 0, width: size.width, height: size.height)
    canvas.saved { rsvg_handle_render_document(handle, canvas.cr, &viewport, nil) }
    for l in labels {
      canvas.saved {
        canvas.translate(l.at)
        canvas.rotate(degrees: l.turn)
        // SVG's y is the base line; ours the middle of the capitals, which are 5/8 high. A usual font's are 0.72.
        let size = l.size * 1.15
        canvas.text(l.text, at: Point(0, -size * 5 / 16), size: size, color: l.color, align: l.align, bold: l.bold)
      }
    }
  }
  private func box(of id: String) -> Rect? {
    var viewport = RsvgRectangle(x: 0, y: 0, width: size.width, height: size.height), logical = RsvgRectangle()
    guard rsvg_handle_get_geometry_for_layer(handle, "#" + id, &viewport, nil, &logical, nil) != 0 else { return nil }
    return Rect(logical.x, logical.y, logical.width, logical.height)
  }
  private static var textElement: Regex<(Substring, Substring, Substring)> { /<text\b([^>]*)>([^<]*)<\/text>/ }
  private static var identifier: Regex<(Substring, Substring)> { /\bid="([^"]+)"/ }
  private static var root: Regex<(Substring, Substring)> { /<svg\b([^>]*)>/ }
  private static var rotation: Regex<(Substring, Substring)> { /rotate\(\s*(-?[0-9.]+)/ }
  private static func attributes(_ s: Substring) -> [String: String] {
    Dictionary(s.matches(of: /([A-Za-z-]+)="([^"]*)"/).map { (String($0.1), String($0.2)) }, uniquingKeysWith: { a, _ in a })
  }
}

/// The board itself as the scene draws it.
struct BoardPainter: Painter {
  let size: Size
  let pins: [String: Point]
  let touches: [Touch]
  private let art: BoardArt?, title: String

  /// - Parameter pads: names, for a board without a picture.
  init(art: BoardArt?, title: String, pads: [String]) {
    self.art = art
    self.title = title
    if let art {
      size = art.size
      pins = art.pads.mapValues(\.centre)
      touches = art.buttons.map { Touch($0.key, $0.value.inset(-2), .press) }.sorted { $0.control < $1.control }
    } else {
      let box = BoxPainter(title: title, id: "", pins: pads)
      size = box.size
      pins = box.pins
      touches = []
    }
  }
  func drawBody(on c: Canvas) {
    guard let art else { return BoxPainter(title: title, id: "", pins: pins.keys.sorted { $0.localizedStandardCompare($1) == .orderedAscending }).drawBody(on: c) }
    art.draw(on: c)
  }
  func draw(_ look: Look, on c: Canvas) {
    // A pressed button is darker.
    guard let held = look.held, let box = art?.buttons[held] else { return }
    c.fill(.rect(box, radius: 2), Color.black.withAlpha(0.35))
  }
  func place(of part: String) -> Rect? { art?.parts[part] }
}
