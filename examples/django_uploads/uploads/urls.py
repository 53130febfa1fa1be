"""Where each view is."""

from django.urls import path

from uploads import views

urlpatterns = [
    path("", views.index, name="index"),
    path("files/<str:name>", views.download, name="download"),
]
