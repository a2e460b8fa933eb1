"""The variants of the suite: which servers there are, and what can go wrong with them."""

import importlib.util

import broker
import certificates
import cluster
import failover
import faults
import managed
import wrongclocks
from stage import Stage

STAGES = {
  "strict": Stage,
  "lossy": Stage,
  "clock": wrongclocks.ClockStage,
  "failover": failover.FailoverStage,
  "failover-tls": certificates.SecureFailoverStage,
  "cluster": cluster.ClusterStage,
  "broker": broker.BrokerStage,
  "managed": managed.ManagedStage,
}

faults.PHASES_OF["failover"] = faults.PHASES_OF["failover-tls"] = failover.PHASES
faults.PHASES_OF["broker"] = faults.PHASES | broker.PHASES
# These faults need a server that answers; see faults.ALL.
faults.ALL[:0] = wrongclocks.ALL
faults.ALL += managed.ALL + certificates.ALL + failover.ALL + cluster.ALL + broker.ALL

# py-amqp is in the environments of scripts/setup --test, in which scripts/chaos runs this variant.
if importlib.util.find_spec("amqp"):
  import rabbit_faults
  import rabbit_stage

  STAGES["rabbitmq"] = rabbit_stage.RabbitStage
  faults.PHASES_OF["rabbitmq"] = faults.PHASES | rabbit_stage.PHASES
  faults.ALL += rabbit_faults.ALL
