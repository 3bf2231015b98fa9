import ArgumentParser
import Boards
import Parts

struct PartsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "parts", abstract: "Lists the parts, or what one has: pins, attributes, controls.")
  @Argument(help: "A part's type, such as wokwi-led.") var type: String?

  func run() throws {
    guard let type else {
      let width = PartCatalog.all.map(\.kind.name.count).max() ?? 0
      for p in PartCatalog.all.map(\.kind).sorted(by: { $0.name < $1.name }) { print(p.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + p.title) }
      return
    }
    guard let found = PartCatalog.type(named: type) else {
      throw fail("there is no part \"\(type)\"\(Catalog.nearest(type, in: PartCatalog.all.map(\.kind.name)).map { "; did you mean \($0)?" } ?? "") \"solderless parts\" lists all", code: 2)
    }
    let kind = found.kind
    print("\(kind.name): \(kind.title)")
    if !kind.aliases.isEmpty { print("  also:       \(kind.aliases.joined(separator: ", "))") }
    print("  pins:       \(kind.pins.joined(separator: " "))")
    for a in kind.attributes { print("  attribute:  \(a.name)\(a.initial.isEmpty ? "" : " = \(a.initial)")") }
    guard let context = try? Catalog.make(Catalog.board(named: "pico")) else { return }
    for c in try context.add(kind.name, id: "part").controls {
      switch c.kind {
      case .button: print("  control:    \(c.name) (0 or 1, a button)")
      case .toggle: print("  control:    \(c.name) (0 or 1, stays)")
      case .range(let r, let unit): print("  control:    \(c.name) (\(r.lowerBound) to \(r.upperBound)\(unit.isEmpty ? "" : " " + unit))")
      }
    }
  }
}
