import Foundation
import Machine

/// Takes pictures of the scene at exact virtual times, into files.
public final class Camera {
  private let scene: Scene, session: Session
  private var earlier: Scene.Shutter?, later: Scene.Shutter?
  private var gif: GIF?
  public private(set) var failure: SceneError?

  public init(scene: Scene, session: Session) {
    self.scene = scene
    self.session = session
  }
  /// A picture at `time` picoseconds; the run goes on at least until then.
  public func shoot(_ path: String, at time: UInt64) {
    session.at(time > Scene.exposure ? time - Scene.exposure : 0) { [scene] in scene.expose() }
    session.at(time) { [unowned self] in take(path) }
    session.holdUntil = max(session.holdUntil, time)
  }
  /// Keeps pictures begun, so that `take` at the run's end shows the light of the last 1/60 to 1/30 s.
  public func keepReady() {
    earlier = later
    later = scene.open()
    session.at(session.board.machine.now + Scene.exposure) { [unowned self] in keepReady() }
  }
  /// A picture now.
  public func take(_ path: String) {
    attempt { try Self.write(scene.picture(scene.capture(since: earlier ?? later)).png(), to: path) }
  }
  /// An animated GIF, when `path` ends so; else a folder with a PNG file per frame: frame-000000.png and so on.
  /// - Parameter rate: frames for a virtual second.
  public func record(into path: String, rate: Double) throws {
    guard path.lowercased().hasSuffix(".gif") else { return try record(folder: path, rate: rate) }
    guard rate <= Self.mostOfGIF else { throw SceneError("a GIF shows at most \(Int(Self.mostOfGIF)) frames a second; choose a lower --rate, or a folder for PNG files") }
    let first = try scene.picture(scene.capture(), scale: Self.scaleOfGIF), gif = try GIF(path: path, width: first.width, height: first.height, rate: rate)
    self.gif = gif
    eachFrame(rate) { [unowned self] _ in
      attempt { try gif.add(scene.picture(scene.capture(), scale: Self.scaleOfGIF)) }
    }
  }
  /// Players take a shorter delay than 1/50 s for none at all.
  static let mostOfGIF = 50.0
  static let scaleOfGIF = 2.0
  /// Ends what is recorded.
  public func finish() {
    if let gif { attempt { try gif.finish() } }
    gif = nil
  }
  private func attempt(_ what: () throws -> Void) {
    do { try what() } catch {
      failure = failure ?? (error as? SceneError ?? SceneError("\(error)"))
      session.stopRequested = true
    }
  }
  private func record(folder: String, rate: Double) throws {
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw SceneError("\(folder) cannot be made a folder for the frames: \(error.localizedDescription)")
    }
    eachFrame(rate) { [unowned self] n in take("\(folder)/frame-\(String(repeating: "0", count: max(0, 6 - String(n).count)))\(n).png") }
  }
  private func eachFrame(_ rate: Double, _ take: @escaping (Int) -> Void) {
    let period = 1e12 / rate, begin = session.board.machine.now
    func frame(_ n: Int) {
      scene.expose()
      session.at(begin + UInt64(Double(n + 1) * period)) { [unowned self] in
        take(n)
        if failure == nil { frame(n + 1) }
      }
    }
    frame(0)
  }
  static func write(_ bytes: [UInt8], to path: String) throws {
    do { try Data(bytes).write(to: URL(fileURLWithPath: path)) } catch { throw SceneError("the picture \(path) cannot be written: \(error.localizedDescription)") }
  }
}
