"""The variants of the suite: which servers there are, and what can go wrong with them."""

import broker
import failover
import faults
import wrongclocks
from stage import Stage

STAGES = {
  "strict": Stage,
  "lossy": Stage,
  "clock": wrongclocks.ClockStage,
  "failover": failover.FailoverStage,
  "broker": broker.BrokerStage,
}

faults.PHASES_OF["failover"] = failover.PHASES
faults.PHASES_OF["broker"] = faults.PHASES | broker.PHASES
# These faults need a server that answers; see faults.ALL.
faults.ALL[:0] = wrongclocks.ALL
faults.ALL += failover.ALL + broker.ALL
