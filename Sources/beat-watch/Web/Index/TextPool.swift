/// Texts that many schedules have in common, such as tasks and queues: each is in memory once, with the number of its
/// users. The number 0 stands for no text.
struct TextPool {
  private var texts: [String] = [""]
  /// The texts with folded case, for searches.
  private var folded: [[UInt8]] = [[]]
  private var users: [Int32] = [0]
  private var free: [UInt32] = []
  private var numbers: [String: UInt32] = [:]
  private var ranks: [Int32]?

  /// The number for a text, which has one user more from now on.
  mutating func take(_ text: String?) -> UInt32 {
    guard let text else { return 0 }
    if let number = numbers[text] {
      users[Int(number)] += 1
      return number
    }
    ranks = nil
    let number = free.popLast() ?? UInt32(texts.count)
    if Int(number) == texts.count {
      texts.append(text)
      folded.append(SearchText.folded(text))
      users.append(1)
    } else {
      texts[Int(number)] = text
      folded[Int(number)] = SearchText.folded(text)
      users[Int(number)] = 1
    }
    numbers[text] = number
    return number
  }

  /// Takes back one user. A text without users is forgotten.
  mutating func release(_ number: UInt32) {
    guard number > 0 else { return }
    let place = Int(number)
    users[place] -= 1
    guard users[place] == 0 else { return }
    numbers[texts[place]] = nil
    texts[place] = ""
    folded[place] = []
    free.append(number)
    ranks = nil
  }

  func text(_ number: UInt32) -> String? { number == 0 ? nil : texts[Int(number)] }

  /// nil: no schedule has this text.
  func number(of text: String) -> UInt32? { numbers[text] }

  /// For each number, whether its text holds a word with folded case.
  func holding(_ word: [UInt8]) -> [Bool] { folded.map { SearchText.holds($0, word) } }

  /// For each number, the place of its text among all texts in the order of their bytes.
  mutating func order() -> [Int32] {
    if let ranks { return ranks }
    let sorted = texts.indices.sorted { texts[$0].utf8.lexicographicallyPrecedes(texts[$1].utf8) }
    var ranks = [Int32](repeating: 0, count: texts.count)
    for (rank, place) in sorted.enumerated() { ranks[place] = Int32(clamping: rank) }
    self.ranks = ranks
    return ranks
  }

  /// The texts with their numbers of users, the most used first.
  func mostUsed(_ most: Int) -> [(text: String, count: Int)] {
    let used = texts.indices.filter { users[$0] > 0 }
    let sorted = used.sorted { (users[$1], texts[$0]) < (users[$0], texts[$1]) }
    return sorted.prefix(most).map { (texts[$0], Int(users[$0])) }
  }
}
