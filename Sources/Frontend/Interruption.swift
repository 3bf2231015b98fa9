import Foundation

/// Ctrl-C and a request to end (SIGINT, SIGTERM): a session ends in order, so that flash, pictures and recordings are kept. A second one ends
/// the program at once.
public enum Interruption {
  // Written by a signal handler.
  private nonisolated(unsafe) static var number: sig_atomic_t = 0
  /// The signal that came; 0: none.
  public static var signal: Int32 { number }

  public static func watch() {
    for s in [SIGINT, SIGTERM] {
      _ = Foundation.signal(s) { s in
        Interruption.number = s
        _ = Foundation.signal(s, SIG_DFL)
      }
    }
  }
}
