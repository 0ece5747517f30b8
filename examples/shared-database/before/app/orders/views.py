import redis
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpResponse, JsonResponse

from .models import Order

cache = redis.Redis(host=settings.REDIS_HOST)


def anything(request):
    """Every path answers its version; what is POSTed is counted by its id."""
    if request.method == "POST":
        return take(request)
    return text(f"version {settings.VERSION}\n")


def take(request):
    order = request.headers.get("X-Order-Id") or request.headers.get("X-Witness-Id") or request.body[:200].decode("latin-1")
    with transaction.atomic():
        Order.objects.get_or_create(id=order)
        Order.objects.filter(id=order).update(times=F("times") + 1)
    cache.incr("orders")
    return text(f"version {settings.VERSION} took {order}\n")


def orders(request):
    twice = list(Order.objects.filter(times__gt=1).values_list("id", flat=True))
    return JsonResponse({"orders": Order.objects.count(), "twice": twice, "redis": int(cache.get("orders") or 0)})


def health(request):
    """Healthy is who reaches the database and Redis."""
    if settings.BROKEN:
        return text("sick\n", status=503)
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    cache.ping()
    return text("ok\n")


def text(body, status=200):
    return HttpResponse(body, status=status, content_type="text/plain; charset=utf-8", headers={"X-Release": settings.VERSION})
