extension EventLoop {
  /// Calls `begin` and runs the loop until `done` is called, which must happen in every case. It is for programs that do
  /// one thing after the other, such as a shell's commands.
  package func wait(for begin: (_ done: @escaping () -> Void) -> Void) {
    var isDone = false
    begin { [self] in
      guard !isDone else { return }
      isDone = true
      if isRunning { stop() }
    }
    while !isDone { run() }
  }
}
