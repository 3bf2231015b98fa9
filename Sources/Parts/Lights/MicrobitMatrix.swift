import Machine

/// The 25 red LEDs of a micro:bit in a square, wired as 3 rows by 9 columns: one shines while its row is high and its column
/// low (display map of the micro:bit's run-time, type SB2).
public final class MicrobitMatrix: Part {
  public override class var kind: PartKind {
    PartKind("solderless-microbit-matrix", title: "LED matrix of the micro:bit", pins: (1...3).map { "ROW\($0)" } + (1...9).map { "COL\($0)" })
  }
  public static let side = 5
  /// Row and column of the wiring, from the top left, line by line.
  private static let wiring = [
    (1, 1), (2, 4), (1, 2), (2, 5), (1, 3), (3, 4), (3, 5), (3, 6), (3, 7), (3, 8), (2, 2), (1, 9), (2, 3), (3, 9), (2, 1), (1, 8), (1, 7), (1, 6), (1, 5), (1, 4), (3, 3), (2, 7), (3, 1), (2, 6), (3, 2),
  ]
  private var all: [Lamp] = []

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    all = Self.wiring.enumerated().map { n, place in Lamp("\(id).\(n)", anode: pin("ROW\(place.0)"), cathode: pin("COL\(place.1)"), context: context) }
    Lamp.follow(all)
  }
  public override var lamps: [Lamp] { all }
}
