import Testing

@testable import BeatRedis
@testable import ReactiveBeat

@Suite struct NotificationSettingTests {
  @Test(arguments: [
    ("", "KA", ["KA"]), ("E", "KA", ["EKA"]), ("K", "A", ["KA"]), ("xE", "KA", ["ExKA"]),
    // A full list of classes means A, however it is spelled.
    ("g$lshzxetd", "K", ["$deghlstxzK"]), ("Kg$lshzxetd", "", []), ("AK", "", []), ("AKE", "", []), ("KAn", "", []),
    // One class is missing: all are asked for.
    ("Kg$lshzxet", "A", ["$KeghlstxzA"]),
    // With A, class n may be on without being shown. A server before 7.0 refuses it.
    ("AE", "K", ["AEKn", "AEK"]), ("AEn", "K", ["AEnK"]),
    // Letters that only a newer server knows are kept.
    ("AEoc", "K", ["AEcoKn", "AEcoK"]),
  ])
  func missingLetters(_ value: String, _ missing: String, _ candidates: [String]) {
    let setting = NotificationSetting(value)
    #expect(setting.missing == missing)
    #expect(setting.candidates == candidates)
  }
}
