import CRSVG
import Foundation
import Parts

@inline(__always) func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }

/// An outline to fill or stroke.
public struct Shape: Sendable {
  enum Step: Sendable {
    case move(Point), line(Point), curve(Point, Point, Point), arc(Point, radius: Double, from: Double, to: Double), close
  }
  var steps: [Step] = []
  public init() {}
  public mutating func move(_ p: Point) { steps.append(.move(p)) }
  public mutating func line(_ p: Point) { steps.append(.line(p)) }
  public mutating func curve(_ a: Point, _ b: Point, _ end: Point) { steps.append(.curve(a, b, end)) }
  public mutating func close() { steps.append(.close) }

  public static func rect(_ r: Rect, radius: Double = 0) -> Shape {
    var s = Shape()
    let k = min(radius, r.width / 2, r.height / 2)
    if k <= 0 { return .polygon([Point(r.x, r.y), Point(r.maxX, r.y), Point(r.maxX, r.maxY), Point(r.x, r.maxY)]) }
    s.steps = [
      .arc(Point(r.maxX - k, r.y + k), radius: k, from: 0, to: 90), .arc(Point(r.maxX - k, r.maxY - k), radius: k, from: 90, to: 180),
      .arc(Point(r.x + k, r.maxY - k), radius: k, from: 180, to: 270), .arc(Point(r.x + k, r.y + k), radius: k, from: 270, to: 360), .close,
    ]
    return s
  }
  public static func circle(_ centre: Point, _ radius: Double) -> Shape { .arc(centre, radius, from: 0, to: 360) }
  /// Clockwise from `from` to `to`, in degrees from 12 o'clock.
  public static func arc(_ centre: Point, _ radius: Double, from: Double, to: Double) -> Shape {
    var s = Shape()
    s.steps = [.arc(centre, radius: radius, from: from, to: to)]
    return s
  }
  public static func polygon(_ points: [Point]) -> Shape {
    var s = line(points)
    s.close()
    return s
  }
  public static func line(_ points: [Point]) -> Shape {
    var s = Shape()
    for (i, p) in points.enumerated() { if i == 0 { s.move(p) } else { s.line(p) } }
    return s
  }
  /// Through the points with rounded corners, as a wire is laid.
  public static func rounded(_ points: [Point], radius: Double, closed: Bool = false) -> Shape {
    StrokeFont.outline(points.map { ($0, radius) }, closed: closed)
  }
}

extension Shape {
  /// Adds the outline to cairo's path.
  func add(to cr: OpaquePointer) {
    for step in steps {
      switch step {
      case .move(let p): cairo_move_to(cr, p.x, p.y)
      case .line(let p): cairo_line_to(cr, p.x, p.y)
      case .curve(let a, let b, let p): cairo_curve_to(cr, a.x, a.y, b.x, b.y, p.x, p.y)
      case .arc(let c, let r, let from, let to): cairo_arc(cr, c.x, c.y, r, (from - 90) * .pi / 180, (to - 90) * .pi / 180)
      case .close: cairo_close_path(cr)
      }
    }
  }
}

/// What an outline is filled with.
public enum Paint: Sendable {
  case color(Color)
  case linear(Point, Point, [(at: Double, Color)])
  case radial(Point, radius: Double, [(at: Double, Color)])
}

/// A picture being drawn, through cairo. The same calls give the same bytes.
public final class Canvas {
  public enum Align: Sendable { case left, centre, right }
  public let width: Int, height: Int
  let surface: OpaquePointer
  let cr: OpaquePointer

  /// - Parameters: pixels. Transparent at first.
  /// - Throws: `SceneError` when there is no such picture.
  public init(width: Int, height: Int) throws {
    guard 1...16384 ~= width, 1...16384 ~= height, let s = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, Int32(width), Int32(height)),
      cairo_surface_status(s) == CAIRO_STATUS_SUCCESS, let c = cairo_create(s)
    else { throw SceneError("a picture of \(width) x \(height) pixels cannot be made; choose 1 to 16384 each way") }
    self.width = width
    self.height = height
    surface = s
    cr = c
  }
  deinit {
    cairo_destroy(cr)
    cairo_surface_destroy(surface)
  }

  // MARK: Where

  /// What `body` changes of transform and clip is undone after it.
  public func saved(_ body: () -> Void) {
    cairo_save(cr)
    body()
    cairo_restore(cr)
  }
  public func translate(_ p: Point) { cairo_translate(cr, p.x, p.y) }
  public func scale(_ k: Double) { cairo_scale(cr, k, k) }
  public func scale(x: Double, y: Double) { cairo_scale(cr, x, y) }
  /// Clockwise.
  public func rotate(degrees: Double) { cairo_rotate(cr, degrees * .pi / 180) }
  public func clip(_ shape: Shape) {
    trace(shape)
    cairo_clip(cr)
  }

  // MARK: What

  public func fill(_ shape: Shape, _ color: Color) { fill(shape, .color(color)) }
  public func fill(_ shape: Shape, _ paint: Paint) {
    trace(shape)
    set(paint)
    cairo_fill(cr)
  }
  /// - Parameter dash: lengths on, off …
  public func stroke(_ shape: Shape, _ color: Color, width: Double, dash: [Double] = []) {
    trace(shape)
    set(.color(color))
    cairo_set_line_width(cr, width)
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND)
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND)
    cairo_set_dash(cr, dash, Int32(dash.count), 0)
    cairo_stroke(cr)
  }
  /// One line of text in the project's own font, so that it looks the same on every machine.
  /// - Parameters:
  ///   - p: on the middle line of capitals.
  ///   - size: of the whole line; capitals are 5/8 of it, each letter 1/2 wide.
  public func text(_ s: String, at p: Point, size: Double, color: Color, align: Align = .left, bold: Bool = false) {
    let w = StrokeFont.width(s, size: size)
    var x = p.x - (align == .left ? 0 : align == .centre ? w / 2 : w)
    let k = size / 16
    set(.color(color))
    for ch in s {
      saved {
        cairo_translate(cr, x + 1.5 * k, p.y - 5 * k)
        StrokeFont.draw(ch, on: cr, scale: k, bold: bold)
      }
      x += size / 2
    }
  }
  /// A panel's picture stretched over `r`; `smooth` or with hard pixels.
  public func image(_ picture: Picture, in r: Rect, smooth: Bool = false) {
    let w = picture.width, h = picture.height
    guard w > 0, h > 0, picture.rgba.count >= w * h * 4, let s = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, Int32(clamping: w), Int32(clamping: h)),
      let data = cairo_image_surface_get_data(s)
    else { return }
    cairo_surface_flush(s)
    let stride = Int(cairo_image_surface_get_stride(s))
    picture.rgba.withUnsafeBufferPointer { bytes in
      for y in 0..<h {
        let row = UnsafeMutableRawPointer(data + y * stride).assumingMemoryBound(to: UInt32.self)
        for x in 0..<w {
          let at = (y * w + x) * 4, a = UInt32(bytes[at + 3])
          var r = UInt32(bytes[at]), g = UInt32(bytes[at + 1]), b = UInt32(bytes[at + 2])
          if a != 255 {
            r = r * a / 255
            g = g * a / 255
            b = b * a / 255
          }
          row[x] = a << 24 | r << 16 | g << 8 | b
        }
      }
    }
    cairo_surface_mark_dirty(s)
    saved {
      cairo_translate(cr, r.x, r.y)
      cairo_scale(cr, r.width / Double(w), r.height / Double(h))
      cairo_set_source_surface(cr, s, 0, 0)
      cairo_pattern_set_filter(cairo_get_source(cr), smooth ? CAIRO_FILTER_BILINEAR : CAIRO_FILTER_NEAREST)
      cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD)
      cairo_rectangle(cr, 0, 0, Double(w), Double(h))
      cairo_fill(cr)
    }
    cairo_surface_destroy(s)
  }
  /// The light around something that shines.
  /// - Parameter level: as `Color.screenLevel` gives it.
  public func glow(_ centre: Point, radius: Double, color: Color, level: Double) {
    guard level > 0.004 else { return }
    saved {
      cairo_set_operator(cr, CAIRO_OPERATOR_SCREEN)
      fill(.circle(centre, radius), .radial(centre, radius: radius, [(0, color.withAlpha(0.85 * level)), (0.35, color.withAlpha(0.32 * level)), (1, color.withAlpha(0))]))
    }
  }
  /// Another canvas with its top left corner at `p`, pixel for unit.
  public func draw(_ other: Canvas, at p: Point) {
    cairo_surface_flush(other.surface)
    cairo_set_source_surface(cr, other.surface, p.x, p.y)
    cairo_paint(cr)
  }
  /// Everything within the clip becomes `color`.
  public func clear(_ color: Color) {
    saved {
      cairo_set_operator(cr, CAIRO_OPERATOR_SOURCE)
      set(.color(color))
      cairo_paint(cr)
    }
  }

  // MARK: Out

  /// The pixel at `x`, `y` as 0xAARRGGBB, premultiplied; 0 outside.
  public func pixel(_ x: Int, _ y: Int) -> UInt32 {
    cairo_surface_flush(surface)
    guard 0..<width ~= x, 0..<height ~= y, let data = cairo_image_surface_get_data(surface) else { return 0 }
    return UnsafeRawPointer(data).load(fromByteOffset: y * Int(cairo_image_surface_get_stride(surface)) + x * 4, as: UInt32.self)
  }
  /// The pixels for whoever shows them: rows of 0xAARRGGBB, and the bytes from one to the next.
  var bytes: (UnsafeMutablePointer<UInt8>, Int)? {
    cairo_surface_flush(surface)
    return cairo_image_surface_get_data(surface).map { ($0, Int(cairo_image_surface_get_stride(surface))) }
  }
  /// All of them, row by row.
  var pixels: [UInt32] {
    guard let (data, stride) = bytes else { return [] }
    return [UInt32](unsafeUninitializedCapacity: width * height) { all, count in
      for y in 0..<height {
        let row = UnsafeMutableRawPointer(data + y * stride).assumingMemoryBound(to: UInt32.self)
        for x in 0..<width { all[y * width + x] = row[x] }
      }
      count = width * height
    }
  }
  /// The picture as a PNG file.
  public func png() -> [UInt8] {
    cairo_surface_flush(surface)
    var bytes: [UInt8] = []
    withUnsafeMutablePointer(to: &bytes) { p in
      _ = cairo_surface_write_to_png_stream(
        surface,
        { closure, data, count in
          if let closure, let data { closure.assumingMemoryBound(to: [UInt8].self).pointee += UnsafeBufferPointer(start: data, count: Int(count)) }
          return CAIRO_STATUS_SUCCESS
        }, p)
    }
    return bytes
  }

  // MARK: cairo

  private func trace(_ shape: Shape) {
    cairo_new_path(cr)
    shape.add(to: cr)
  }
  private func set(_ paint: Paint) {
    switch paint {
    case .color(let c): cairo_set_source_rgba(cr, c.red, c.green, c.blue, c.alpha)
    case .linear(let a, let b, let stops): gradient(cairo_pattern_create_linear(a.x, a.y, b.x, b.y), stops)
    case .radial(let c, let r, let stops): gradient(cairo_pattern_create_radial(c.x, c.y, 0, c.x, c.y, r), stops)
    }
  }
  private func gradient(_ pattern: OpaquePointer?, _ stops: [(at: Double, Color)]) {
    guard let pattern else { return }
    for (at, c) in stops { cairo_pattern_add_color_stop_rgba(pattern, at, c.red, c.green, c.blue, c.alpha) }
    cairo_set_source(cr, pattern)
    cairo_pattern_destroy(pattern)
  }
}
