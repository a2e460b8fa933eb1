from django.urls import path

from . import views

app_name = "schedules"
urlpatterns = [
  path("", views.index, name="index"),
  path("add/", views.add, name="add"),
  path("change/", views.change, name="change"),
  path("act/", views.act, name="act"),
]
