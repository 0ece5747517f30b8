from django.db import models


class Order(models.Model):
    """What was POSTed, by its id, and how many times it came."""

    id = models.CharField(max_length=200, primary_key=True)
    times = models.IntegerField(default=0)
