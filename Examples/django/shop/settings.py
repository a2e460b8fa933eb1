"""What `django-admin startproject` writes, as far as it is needed here, and three lines for Celery at the end."""

import os
import pathlib

BASE_DIR = pathlib.Path(__file__).resolve().parent.parent

# For trying it out. A project in use has a secret of its own, and DEBUG is False.
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "not a secret")
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]

INSTALLED_APPS = [
  "django.contrib.admin",
  "django.contrib.auth",
  "django.contrib.contenttypes",
  "django.contrib.sessions",
  "django.contrib.messages",
  "django.contrib.staticfiles",
  "schedules",
]
MIDDLEWARE = [
  "django.middleware.security.SecurityMiddleware",
  "django.contrib.sessions.middleware.SessionMiddleware",
  "django.middleware.common.CommonMiddleware",
  "django.middleware.csrf.CsrfViewMiddleware",
  "django.contrib.auth.middleware.AuthenticationMiddleware",
  "django.contrib.messages.middleware.MessageMiddleware",
  "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [{
  "BACKEND": "django.template.backends.django.DjangoTemplates",
  "APP_DIRS": True,
  "OPTIONS": {"context_processors": [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
  ]},
}]
ROOT_URLCONF = "shop.urls"
DATABASES = {"default": {
  "ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("DJANGO_DATABASE", BASE_DIR / "db.sqlite3")}}
STATIC_URL = "static/"
TIME_ZONE = "Europe/Berlin"
USE_TZ = True

# The schedules are on the broker's server, in database 1, unless CELERY_REDIS_SCHEDULER_URL says otherwise.
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "redis://localhost:6379/0")
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_IGNORE_RESULT = True
