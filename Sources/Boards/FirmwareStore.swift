import Crypto
import Foundation

/// Firmware and boot ROMs by hash: found on this machine, or fetched.
public struct FirmwareStore: Sendable {
  public struct Image: Codable, Sendable, Equatable {
    public struct Package: Codable, Sendable, Equatable { public var package, version, archive, member: String }
    public var board, version, file: String
    public var size: Int
    public var sha256: String
    public var url: String?
    public var pypi: Package?
  }
  private struct Manifest: Codable { var images: [Image] }
  public let images: [Image]
  private let environment: [String: String]
  /// Told what is being done, for people who wait.
  public var progress: @Sendable (String) -> Void = { _ in }

  public init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    self.environment = environment
    let file = try Installation.home(environment: environment).appendingPathComponent("ROMs/firmware.json5")
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    images = try decoder.decode(Manifest.self, from: Data(contentsOf: file)).images
  }
  public var cache: URL {
    let base = environment["XDG_CACHE_HOME"].map { URL(fileURLWithPath: $0) } ?? URL(fileURLWithPath: environment["HOME"] ?? NSTemporaryDirectory()).appendingPathComponent(".cache")
    return base.appendingPathComponent("solderless")
  }
  public func find(board: String, version: String) throws -> Image {
    if let i = images.first(where: { $0.board == board && $0.version == version }) { return i }
    let known = images.filter { $0.board == board }.map(\.version)
    throw BoardError(known.isEmpty ? "no firmware is known for \(board); name a file with --firmware" : "no firmware \"\(version)\" is known for \(board); there are \(known.joined(separator: ", "))")
  }

  public static func hash(_ data: Data) -> String { SHA256.hash(data: data).map { String(format: "%02x", $0) }.joined() }

  /// The image's bytes: from the cache, a folder of `SOLDERLESS_FIRMWARE` or `SOLDERLESS_ROMS`, its download, or a package.
  public func load(_ image: Image) throws -> Data {
    let cached = cache.appendingPathComponent(image.sha256)
    if let d = verified(cached, image) { return d }
    for variable in ["SOLDERLESS_FIRMWARE", "SOLDERLESS_ROMS"] {
      for folder in (environment[variable] ?? "").split(separator: ":") {
        if let d = search(URL(fileURLWithPath: String(folder)), image) { return d }
      }
    }
    var tried = ["the cache", "SOLDERLESS_FIRMWARE and SOLDERLESS_ROMS"]
    if let url = image.url {
      progress("downloading \(image.file) …")
      if let d = download(url, image) { return try keep(d, cached) }
      tried.append(url)
    }
    if let p = image.pypi {
      progress("looking for \(image.file) in the Python package \(p.package) \(p.version) …")
      if let d = package(p, image) { return try keep(d, cached) }
      tried.append("the Python package \(p.package) \(p.version)")
    }
    throw BoardError("\(image.file) was not found (tried \(tried.joined(separator: ", "))); put the file into a folder and name the folder in SOLDERLESS_FIRMWARE")
  }
  private func verified(_ file: URL, _ image: Image) -> Data? {
    guard let d = try? Data(contentsOf: file), d.count == image.size, Self.hash(d) == image.sha256 else { return nil }
    return d
  }
  private func search(_ folder: URL, _ image: Image) -> Data? {
    guard let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.fileSizeKey]) else { return nil }
    var archives: [String] = []
    for case let file as URL in all {
      if file.pathExtension.lowercased() == "zip" { archives.append(file.path) }
      guard (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) == image.size else { continue }
      if let d = verified(file, image) { return d }
    }
    return archives.isEmpty ? nil : member(of: archives.sorted(), image)
  }
  /// A member of the image's size and hash in one of the ZIP archives.
  private func member(of archives: [String], _ image: Image) -> Data? {
    guard let folder = try? temporary() else { return nil }
    defer { try? FileManager.default.removeItem(at: folder) }
    // Sizes stand in the archive's directory, so nothing of another size is ever unpacked.
    let extract = """
      import sys, hashlib, zipfile
      out, size, sha = sys.argv[1], int(sys.argv[2]), sys.argv[3]
      for path in sys.argv[4:]:
          try:
              with zipfile.ZipFile(path) as archive:
                  for entry in archive.infolist():
                      if entry.file_size != size: continue
                      with archive.open(entry) as member: data = member.read(size + 1)
                      if hashlib.sha256(data).hexdigest() == sha:
                          open(out, 'wb').write(data)
                          sys.exit(0)
          except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
              continue
      sys.exit(1)
      """
    let out = folder.appendingPathComponent("member.out")
    guard run(["python3", "-c", extract, out.path, String(image.size), image.sha256] + archives) else { return nil }
    return verified(out, image)
  }
  private func keep(_ data: Data, _ file: URL) throws -> Data {
    try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
    try data.write(to: file, options: .atomic)
    return data
  }
  private func temporary() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("solderless-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
  /// - Parameter shows: its progress goes to the terminal, when there is one.
  private func run(_ arguments: [String], shows: Bool = false) -> Bool {
    let p = Process()
    p.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    p.arguments = arguments
    p.standardOutput = FileHandle.nullDevice
    if !shows || isatty(2) == 0 { p.standardError = FileHandle.nullDevice }
    do { try p.run() } catch { return false }
    p.waitUntilExit()
    return p.terminationStatus == 0
  }
  private func download(_ url: String, _ image: Image) -> Data? {
    guard let folder = try? temporary() else { return nil }
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("image")
    guard run(["curl", "-fL", "--progress-bar", "--connect-timeout", "10", "--max-time", "120", "-o", file.path, url], shows: true) else { return nil }
    return verified(file, image)
  }
  private func package(_ p: Image.Package, _ image: Image) -> Data? {
    guard let folder = try? temporary() else { return nil }
    defer { try? FileManager.default.removeItem(at: folder) }
    let archive = folder.appendingPathComponent(p.archive).path
    // `pip download` of a source package builds it to learn its metadata, which takes minutes and runs its code. Pip's own
    // index client gives the archive alone.
    let fetch = """
      import sys
      from pip._internal.commands import create_command
      name, archive, out = sys.argv[1:]
      command = create_command('download')
      options, _ = command.parse_args(['--quiet', '--timeout', '20', '--retries', '1', name])
      with command.main_context():
          session = command.get_default_session(options)
          finder = command._build_package_finder(options, session, ignore_requires_python=True)
          link = next(c.link for c in finder.find_all_candidates(name) if c.link.filename.lower() == archive.lower())
          answer = session.get(link.url_without_fragment, timeout=60, headers={'Accept-Encoding': 'identity'}, stream=True)
          answer.raise_for_status()
          total, done = int(answer.headers.get('Content-Length', 0)), 0
          with open(out, 'wb') as file:
              for part in answer.iter_content(65536):
                  file.write(part)
                  done += len(part)
                  if total and sys.stderr.isatty():
                      bar = '#' * (50 * done // total)
                      print(f'\\r{bar:50} {100 * done // total:3} %', end='', file=sys.stderr, flush=True)
          if total and sys.stderr.isatty(): print(file=sys.stderr)
      """
    if !run(["python3", "-c", fetch, p.package, p.archive, archive], shows: true) {
      // Another version of pip may have other insides; a wheel comes by the front door too, without building.
      guard p.archive.hasSuffix(".whl"),
        run(["python3", "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", folder.path, "\(p.package)==\(p.version)"])
      else { return nil }
    }
    let extract = """
      import sys, tarfile, zipfile, glob
      folder, member, out = sys.argv[1:]
      for f in glob.glob(folder + '/*.*'):
          a = tarfile.open(f) if f.endswith('.tar.gz') else zipfile.ZipFile(f)
          data = a.extractfile(member).read() if f.endswith('.tar.gz') else a.read(member)
          open(out, 'wb').write(data)
      """
    let out = folder.appendingPathComponent("member.out")
    guard run(["python3", "-c", extract, folder.path, p.member, out.path]) else { return nil }
    return verified(out, image)
  }
}
