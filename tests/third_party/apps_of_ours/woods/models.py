"""One tree of each kind, under the names and bases that libraries allow."""

from __future__ import annotations

from django.db import models
from mptt.models import MPTTModel, TreeForeignKey
from treebeard.al_tree import AL_Node
from treebeard.mp_tree import MP_Node
from treebeard.ns_tree import NS_Node


class Genre(MPTTModel):
    name = models.CharField(max_length=50, unique=True)
    parent = TreeForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")

    class MPTTMeta:
        order_insertion_by = ["name"]


class Department(MPTTModel):
    code = models.SlugField(unique=True)
    boss = TreeForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reports")
    genre = TreeForeignKey(Genre, on_delete=models.CASCADE)

    class MPTTMeta:
        parent_attr = "boss"
        left_attr = "low"
        right_attr = "high"
        tree_id_attr = "forest"
        level_attr = "floor"


class Place(MPTTModel):
    name = models.CharField(max_length=50)
    parent = TreeForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")


class City(Place):
    population = models.PositiveIntegerField()


class Folder(MP_Node):
    node_order_by = ["name"]
    name = models.CharField(max_length=30)


class Topic(MP_Node):
    steplen = 3
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
    title = models.CharField(max_length=80)
    folder = models.ForeignKey(Folder, on_delete=models.CASCADE)


class Subtopic(Topic):
    remark = models.TextField()


class Comment(NS_Node):
    text = models.TextField()
    author = models.ForeignKey("auth.User", on_delete=models.CASCADE)


class Shelf(AL_Node):
    parent = models.ForeignKey(
        "self", related_name="children_set", null=True, blank=True, on_delete=models.CASCADE
    )
    sib_order = models.PositiveIntegerField()
    label = models.CharField(max_length=50)
