from django.urls import path, re_path

from orders import views

urlpatterns = [
    path("healthz", views.health),
    path("orders", views.orders),
    re_path(r"^", views.anything),
]
