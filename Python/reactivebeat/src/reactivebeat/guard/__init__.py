"""What keeps workers from running an occurrence twice. `reactivebeat.worker` is its interface.

`records` is what Redis knows of a run, `keeper` renews it, `queues` tells from which queue a message came, `copies`
sends a second copy of a message away for a while, and `tracing` stands around Celery's execution of a task and decides.
"""
