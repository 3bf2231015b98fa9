import Parts

/// What several painters draw.
extension Canvas {
  /// A printed circuit board with holes for screws.
  func board(_ r: Rect, _ color: Color, holes: [Point] = [], radius: Double = 2.5) {
    fill(.rect(r, radius: radius), .linear(Point(r.x, r.y), Point(r.x, r.maxY), [(0, color.mixed(.white, 0.1)), (1, color.mixed(.black, 0.14))]))
    stroke(.rect(r.inset(0.4), radius: radius - 0.4), color.mixed(.black, 0.4), width: 0.8)
    for h in holes {
      fill(.circle(h, 4.2), Color(0xC9B26A))
      fill(.circle(h, 2.9), Color(0x1C2229))
    }
  }
  /// A pin of a header, seen from above.
  func headerPin(_ p: Point) {
    fill(.rect(Rect(around: p, 5.4, 5.4), radius: 1), Color(0x17191C))
    fill(.rect(Rect(around: p, 2.6, 2.6)), Color(0xE2B84C))
    fill(.rect(Rect(p.x - 1.3, p.y - 1.3, 2.6, 1)), Color.white.withAlpha(0.45))
  }
  /// A wire leg or solder tail between two points.
  func leg(_ a: Point, _ b: Point, width: Double = 1.7) {
    stroke(.line([a, b]), Color(0x7E838A), width: width)
    stroke(.line([a, b]), Color(0xB9BDC3), width: width * 0.55)
  }
  /// Dark plastic with a light from above.
  func plastic(_ r: Rect, _ color: Color = Color(0x24272B), radius: Double = 2) {
    fill(.rect(r, radius: radius), .linear(Point(r.x, r.y), Point(r.x, r.maxY), [(0, color.mixed(.white, 0.16)), (0.25, color), (1, color.mixed(.black, 0.35))]))
    stroke(.rect(r.inset(0.3), radius: radius), color.mixed(.black, 0.5), width: 0.6)
  }
  /// A lens that shines in `color`, `level` 0 to 1 as a screen shows it.
  func lens(_ centre: Point, radius: Double, color: Color, level: Double, glow reach: Double) {
    guard level > 0.004 else { return }
    fill(.circle(centre, radius), .radial(centre, radius: radius, [(0, color.mixed(.white, 0.7).withAlpha(level)), (0.6, color.mixed(.white, 0.15).withAlpha(level)), (1, color.withAlpha(level))]))
    glow(centre, radius: reach, color: color, level: level)
  }
  /// A ring with a mark, for knobs.
  func knob(_ centre: Point, radius: Double, degrees: Double, _ color: Color, mark: Color = .white) {
    fill(.circle(centre, radius + 1), Color.black.withAlpha(0.35))
    fill(.circle(centre, radius), .radial(Point(centre.x - radius * 0.35, centre.y - radius * 0.4), radius: radius * 1.6, [(0, color.mixed(.white, 0.4)), (0.5, color), (1, color.mixed(.black, 0.45))]))
    stroke(.circle(centre, radius - 0.5), color.mixed(.black, 0.45), width: 0.7)
    saved {
      translate(centre)
      rotate(degrees: degrees)
      stroke(.line([Point(0, -radius * 0.3), Point(0, -radius * 0.85)]), mark, width: max(1.4, radius * 0.14))
    }
  }
}

extension Picture {
  /// The colour of a light and how bright it looks; the pixel's values are amounts of light.
  func light(_ x: Int, _ y: Int) -> (color: Color, level: Double) {
    guard 0..<width ~= x, 0..<height ~= y, rgba.count >= width * height * 4 else { return (.black, 0) }
    let at = (y * width + x) * 4, r = Color.screenLevel(Double(rgba[at]) / 255), g = Color.screenLevel(Double(rgba[at + 1]) / 255), b = Color.screenLevel(Double(rgba[at + 2]) / 255)
    let most = max(r, g, b)
    return most > 0 ? (Color(red: r / most, green: g / most, blue: b / most), most) : (.black, 0)
  }
}
