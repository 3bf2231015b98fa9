import CRSVG
import Foundation
import Parts

extension Canvas {
  /// A panel's picture, pixel for pixel.
  public convenience init(_ picture: Picture) throws {
    try self.init(width: picture.width, height: picture.height)
    image(picture, in: Rect(0, 0, Double(picture.width), Double(picture.height)))
  }
  /// A PNG file.
  /// - Throws: `SceneError` when it is none.
  public convenience init(png file: URL) throws {
    guard let s = cairo_image_surface_create_from_png(file.path) else { throw SceneError("\(file.path) cannot be read") }
    defer { cairo_surface_destroy(s) }
    guard cairo_surface_status(s) == CAIRO_STATUS_SUCCESS else { throw SceneError("\(file.path) is no PNG picture, or it is damaged") }
    try self.init(width: Int(cairo_image_surface_get_width(s)), height: Int(cairo_image_surface_get_height(s)))
    cairo_set_operator(cr, CAIRO_OPERATOR_SOURCE)
    cairo_set_source_surface(cr, s, 0, 0)
    cairo_paint(cr)
    cairo_set_operator(cr, CAIRO_OPERATOR_OVER)
  }
}

extension Scene {
  /// A part alone, unturned, as it looks since `expose`.
  public func picture(of id: String, scale: Double = 3) throws -> Canvas {
    let looks = capture()
    guard let i = items.firstIndex(where: { $0.part?.id == id }) else { throw SceneError("\"\(id)\" is hidden, so there is no picture of it") }
    let painter = items[i].painter
    let canvas = try Canvas(width: max(1, Int((painter.size.width * scale).rounded(.up))), height: max(1, Int((painter.size.height * scale).rounded(.up))))
    canvas.scale(scale)
    painter.drawBody(on: canvas)
    painter.draw(looks.items[i], on: canvas)
    return canvas
  }
}
