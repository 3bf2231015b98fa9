extension Encoding {
  /// The instruction's text: the template with its braces filled in.
  ///
  /// `{i}` and `{i*4}` are a field in decimal, scaled; `{x}` after `0x` is the field `i` as four hexadecimal digits;
  /// what `special` knows by name comes from there.
  public func text(_ word: UInt32, special: (String) -> String?) -> String {
    var out = "", rest = assembly[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      out += rest[..<open]
      let name = String(rest[rest.index(after: open)..<close])
      rest = rest[rest.index(after: close)...]
      if let s = special(name) {
        out += s
        continue
      }
      let parts = name.split(separator: "*"), f = parts.first?.first ?? " "
      out += String(field(f, word) * (parts.count > 1 ? UInt32(parts[1]) ?? 1 : 1))
    }
    return out + rest
  }
}
