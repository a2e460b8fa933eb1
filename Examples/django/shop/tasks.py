from celery import shared_task


@shared_task
def heartbeat() -> str:
  return "still here"


@shared_task
def report(title: str, rows: int = 10) -> str:
  return f"{title}, {rows} rows"
