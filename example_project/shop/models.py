"""The shop's models: money is whole cents, and every amount is bounded so that sums fit."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

GREATEST_PRICE_CENTS = 1_000_000
GREATEST_QUANTITY = 100

CURRENCY_CODE = RegexValidator(r"^[A-Z]{3}\Z", "Enter a three-letter ISO 4217 code.")


class ActiveUserManager(models.Manager["User"]):
    """Users that are not soft-deleted."""

    def get_queryset(self) -> models.QuerySet[User]:
        return super().get_queryset().filter(deleted_at__isnull=True)


class User(AbstractUser):
    """A customer or a member of staff; deleting one sets ``deleted_at``."""

    email = models.EmailField("email address", unique=True)
    # No preference where it was taken back.
    preferred_currency = models.CharField(
        max_length=3, null=True, blank=True, default="EUR", validators=[CURRENCY_CODE]
    )
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = UserManager()
    active = ActiveUserManager()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(is_active=False),
                name="shop_user_deleted_is_inactive",
            ),
        ]


class Plan(models.Model):
    """What can be subscribed to."""

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(unique=True)
    price_cents = models.PositiveIntegerField(validators=[MaxValueValidator(GREATEST_PRICE_CENTS)])
    currency = models.CharField(max_length=3, validators=[CURRENCY_CODE])
    is_public = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price_cents__gte=0, price_cents__lte=GREATEST_PRICE_CENTS),
                name="shop_plan_price_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Subscription(models.Model):
    """A user's plan during one period; at most one is active at a time."""

    class Status(models.TextChoices):
        TRIALING = "trialing"
        ACTIVE = "active"
        PAST_DUE = "past_due", "past due"
        CANCELED = "canceled"
        EXPIRED = "expired"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="subscriptions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    status = models.CharField(max_length=10, choices=Status)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(period_end__gt=F("period_start")),
                name="shop_subscription_end_after_start",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(status="active"),
                name="shop_subscription_one_active_per_user",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} of {self.user_id}: {self.status}"


class Product(models.Model):
    """Something to sell."""

    sku = models.CharField(
        "SKU", max_length=12, unique=True, validators=[RegexValidator(r"^[A-Z]{3}-[0-9]{4,8}\Z")]
    )
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=140, unique=True)
    description = models.TextField(blank=True)
    price_cents = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(GREATEST_PRICE_CENTS)]
    )
    currency = models.CharField(max_length=3, validators=[CURRENCY_CODE])
    stock = models.PositiveIntegerField(default=0, validators=[MaxValueValidator(100_000)])
    is_available = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price_cents__gte=1, price_cents__lte=GREATEST_PRICE_CENTS),
                name="shop_product_price_in_range",
            ),
            models.CheckConstraint(
                condition=Q(stock__gte=0, stock__lte=100_000), name="shop_product_stock_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """What a user bought at once; ``total_cents`` is the sum of its lines."""

    class Status(models.TextChoices):
        PLACED = "placed"
        PACKED = "packed"
        SHIPPED = "shipped"
        DELIVERED = "delivered"
        CANCELED = "canceled"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="orders")
    status = models.CharField(max_length=10, choices=Status, default=Status.PLACED)
    currency = models.CharField(max_length=3, validators=[CURRENCY_CODE])
    total_cents = models.BigIntegerField(default=0)
    recipient_name = models.CharField(max_length=100)
    street = models.CharField(max_length=120)
    city = models.CharField(max_length=80)
    postal_code = models.CharField(max_length=16, blank=True)
    country = models.CharField(
        max_length=2, validators=[RegexValidator(r"^[A-Z]{2}\Z", "Enter a two-letter ISO 3166 code.")]
    )
    note = models.TextField(blank=True)
    placed_at = models.DateTimeField()
    shipped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-placed_at"], name="shop_order_user_placed")]
        constraints = [
            models.CheckConstraint(condition=Q(total_cents__gte=0), name="shop_order_total_not_negative"),
            models.CheckConstraint(
                condition=Q(shipped_at__isnull=True) | Q(shipped_at__gte=F("placed_at")),
                name="shop_order_shipped_after_placed",
            ),
        ]

    def __str__(self) -> str:
        return f"order {self.pk}"


class OrderLine(models.Model):
    """Some pieces of one product, at the price of the day."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="order_lines")
    quantity = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(GREATEST_QUANTITY)]
    )
    unit_price_cents = models.PositiveIntegerField(validators=[MaxValueValidator(GREATEST_PRICE_CENTS)])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "product"], name="shop_orderline_product_once_per_order"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=GREATEST_QUANTITY),
                name="shop_orderline_quantity_in_range",
            ),
            models.CheckConstraint(
                condition=Q(unit_price_cents__gte=0, unit_price_cents__lte=GREATEST_PRICE_CENTS),
                name="shop_orderline_price_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product_id}"


class Payment(models.Model):
    """An attempt to pay a whole order; at most one of them is captured."""

    class Status(models.TextChoices):
        PENDING = "pending"
        CAPTURED = "captured"
        FAILED = "failed"

    class Method(models.TextChoices):
        CARD = "card"
        BANK_TRANSFER = "transfer", "bank transfer"
        WALLET = "wallet"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    amount_cents = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, validators=[CURRENCY_CODE])
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    method = models.CharField(max_length=8, choices=Method)
    provider_reference = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gte=0), name="shop_payment_amount_not_negative"),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(status="captured"),
                name="shop_payment_one_captured_per_order",
            ),
        ]

    def __str__(self) -> str:
        return self.provider_reference


class Refund(models.Model):
    """A share of a captured payment that was given back, rounded down to whole cents."""

    payment = models.OneToOneField(
        Payment,
        on_delete=models.PROTECT,
        related_name="refund",
        limit_choices_to={"status": Payment.Status.CAPTURED},
    )
    percent = models.PositiveSmallIntegerField(
        default=100, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    amount_cents = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=1, percent__lte=100), name="shop_refund_percent_in_range"
            ),
            models.CheckConstraint(condition=Q(amount_cents__gte=0), name="shop_refund_amount_not_negative"),
        ]

    def __str__(self) -> str:
        return f"refund of {self.payment_id}"
