import Testing

@testable import BeatRedis
@testable import ReactiveBeat

@Suite struct NotificationSettingTests {
  @Test(arguments: [
    ("", "KA", ["KA"]), ("E", "KA", ["EKA"]), ("K", "A", ["KA"]), ("xE", "KA", ["ExKA"]),
    // A full list of classes is A, however it is written.
    ("g$lshzxetd", "K", ["$deghlstxzK"]), ("Kg$lshzxetd", "", []), ("AK", "", []), ("AKE", "", []), ("KAn", "", []),
    // One class is missing: all are asked for.
    ("Kg$lshzxet", "A", ["$KeghlstxzA"]),
    // Where A stands, n may be on and not shown; a server before 7.0 refuses it.
    ("AE", "K", ["AEKn", "AEK"]), ("AEn", "K", ["AEnK"]),
    // A server that knows letters that we do not keeps them.
    ("AEoc", "K", ["AEcoKn", "AEcoK"]),
  ])
  func missingLetters(_ value: String, _ missing: String, _ candidates: [String]) {
    let setting = NotificationSetting(value)
    #expect(setting.missing == missing)
    #expect(setting.candidates == candidates)
  }
}
