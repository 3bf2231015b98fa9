import Parts

extension Board {
  /// Sets the clocks among the parts that leave it open (`initTime` absent, or `now`): to `date`, or to the same time in
  /// every run.
  /// - Parameter date: as in `2024-05-31T12:34:56`.
  /// - Returns: remarks.
  public func setClocks(to date: String?) throws -> [String] {
    if let date, CivilTime(date) == nil { throw BoardError("the date \(date) is not understood; write it as in 2024-05-31T12:34:56") }
    var remarks: [String] = []
    for part in parts where part.kind.attributes.contains(where: { $0.name == "initTime" }) {
      let asked = part.attributes["initTime"] ?? ""
      guard asked.isEmpty || asked == "now" else {
        if CivilTime(asked) == nil { remarks.append("\(part.id): initTime \"\(asked)\" is no date; write it as in 2024-05-31T12:34:56, or now") }
        continue
      }
      let first = part.kind.attributes.first { $0.name == "initTime" }?.initial ?? ""
      part.setAttribute("initTime", date ?? first)
      if asked == "now", date == nil { remarks.append("\(part.id) begins at \(first), so that all runs are the same; --date now takes this computer's clock") }
    }
    return remarks
  }
}
