import Glibc
import Testing

@testable import BeatCore

/// Digests of what the scheduler decides in random situations. A change of the code that must not change a decision
/// changes no digest here. A change that is meant to alter decisions alters the digests of some blocks; the failing
/// test prints the new ones. `REACTIVEBEAT_DECISIONS=SEED` prints the life of one seed. Compared before and after, it
/// shows what has changed.
@Suite("Decisions: random lives of three schedules, digests of all actions")
struct DecisionDigestTests {
  private static let seedsInBlock = 100
  private static let events = 120

  private static let digests: [UInt64] = [
    0x2871_9F84_D9B2_8670, 0xF88C_A38A_3316_A4E1, 0x848C_67BA_450B_A2FF, 0x3111_B1EB_FFBD_C446,
    0x5399_BD22_0496_096B, 0x26E6_ED9D_C998_D020, 0x17CA_03E2_59CE_D222, 0xE734_98B3_D980_31B5,
    0x87AF_AD00_2AF4_AC90, 0x66E5_D672_78F0_8310,
  ]

  @Test(arguments: digests.indices) func noDecisionHasChanged(block: Int) {
    let seeds = (1...Self.seedsInBlock).map { UInt64(block * Self.seedsInBlock + $0) }
    var digest: UInt64 = 0
    for seed in seeds {
      var life = RandomLife(seed: seed)
      life.live(Self.events)
      #expect(!life.hasErred, "seed \(seed): a move that no phase allows, or a place lost")
      digest = digest &* 31 &+ life.digest
    }
    #expect(digest == Self.digests[block], "seeds \(seeds[0]) to \(seeds[0] + 99): 0x\(String(digest, radix: 16))")
  }

  @Test(.enabled(if: getenv("REACTIVEBEAT_DECISIONS") != nil)) func printLife() throws {
    let text = try #require(getenv("REACTIVEBEAT_DECISIONS"))
    var life = RandomLife(seed: try #require(UInt64(String(cString: text))), isTraced: true)
    life.live(Self.events)
    print(life.trace.joined(separator: "\n"))
  }
}
