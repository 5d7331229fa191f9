"""The demo shop's people: each one is a reason why somebody writes to support."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from integrations.rivo_sandbox.demo.catalogue import BRONZE, GOLD, PLATINUM, SILVER
from integrations.rivo_sandbox.shop import Customer

Day = Callable[[float], datetime]
"""The time so many days from now."""

SARAH_MARTINEZ = 7294851236742
SARAH_JOHNSON = 8051146358856
MAYA = 7301448820193
TOM = 7310275561948
PRIYA = 7322901847365
OSKAR = 7338015926471
ELENA = 7344628190357
JAMES = 7359103746282
AIKO = 7366840215973
CARLOS = 7371529460838
FATIMA = 7380957312644
LENA = 7395216048179
DMITRI = 7402873519560
NO_NAME = 7418360927451
NOOR = 7429975104826


def people(day: Day) -> tuple[Customer, ...]:
    """Seed the customers."""
    return (
        # The two whom the documentation of the actions shows.
        Customer(
            id=SARAH_MARTINEZ,
            email="sarah.martinez@example.com",
            first_name="Sarah",
            last_name="Martinez",
            opening_points=150,
            opening_credits=Decimal("25.0"),
            orders_count=5,
            total_spent=423.78,
            shopify_tags=("premium-customer", "active-user", "status-member"),
            referral_code="kL9mR4xP8vN2sQ7tY",
            completed_earning_rule_ids=(628336, 628340),
        ),
        Customer(
            id=SARAH_JOHNSON,
            email="sarah.johnson@example.com",
            first_name="Sarah",
            last_name="Johnson",
            opening_credits=Decimal("2.4"),
            orders_count=11,
            total_spent=1208.4,
            referral_code="sarahj2024",
        ),
        # A happy regular: everything is filled.
        Customer(
            id=MAYA,
            email="maya.chen@example.com",
            first_name="Maya",
            last_name="Chen",
            opening_points=1840,
            opening_credits=Decimal("12.50"),
            orders_count=14,
            total_spent=1640.0,
            shopify_tags=("vip",),
            dob="03-14",
            dob_last_updated_at=day(-380),
            referral_code="MAYA-LOVES-IT",
            vip_tier_id=GOLD,
            points_expire_at=day(210).date(),
            loyalty_status_last_changed_at=day(-400),
            completed_earning_rule_ids=(628336, 628338),
        ),
        # "You wrote that my points expire?"
        Customer(
            id=TOM,
            email="tom.becker@example.com",
            first_name="Tom",
            last_name="Becker",
            opening_points=620,
            orders_count=4,
            total_spent=312.9,
            dob="11-30",
            dob_last_updated_at=day(-700),
            referral_code="TOMB620",
            vip_tier_id=SILVER,
            points_expire_at=day(19).date(),
        ),
        # A guest: has points, cannot redeem them.
        Customer(
            id=PRIYA,
            email="priya.nair@example.com",
            first_name="Priya",
            last_name="Nair",
            loyalty_status="guest",
            opening_points=80,
            orders_count=1,
            total_spent=79,
            accepts_marketing=False,
            verified_email=False,
            shopify_tags=(),
        ),
        # A reseller whom the shop took out of the programme.
        Customer(
            id=OSKAR,
            email="oskar.lund@example.com",
            first_name="Oskar",
            last_name="Lund",
            loyalty_status="excluded",
            orders_count=61,
            total_spent=9120.0,
            shopify_tags=("reseller", "Rivo Excluded"),
            loyalty_status_last_changed_at=day(-95),
        ),
        # Has cancelled; the year she paid for is not over.
        Customer(
            id=ELENA,
            email="elena.rossi@example.com",
            first_name="Elena",
            last_name="Rossi",
            opening_points=410,
            orders_count=9,
            total_spent=655.25,
            referral_code="ELENA410",
            vip_tier_id=SILVER,
        ),
        # His membership ended in spring.
        Customer(
            id=JAMES,
            email="james.oconnor@example.com",
            first_name="James",
            last_name="O'Connor",
            opening_points=95,
            orders_count=3,
            total_spent=148.5,
            vip_tier_id=BRONZE,
        ),
        # Collects codes and forgets them.
        Customer(
            id=AIKO,
            email="aiko.tanaka@example.com",
            first_name="Aiko",
            last_name="Tanaka",
            opening_points=5320,
            opening_credits=Decimal("40.00"),
            orders_count=38,
            total_spent=5904.1,
            shopify_tags=("vip", "press"),
            dob="02-29",
            dob_last_updated_at=day(-900),
            referral_code="AIKO",
            vip_tier_id=PLATINUM,
            points_expire_at=day(340).date(),
            credits_expire_at=day(60).date(),
        ),
        # Spent his points, then sent the order back.
        Customer(
            id=CARLOS,
            email="carlos.mendes@example.com",
            first_name="Carlos",
            last_name="Mendes",
            opening_points=-40,
            orders_count=2,
            total_spent=96.0,
            referral_code="CMENDES",
        ),
        # Her card was refused.
        Customer(
            id=FATIMA,
            email="fatima.zahra@example.com",
            first_name="Fatima",
            last_name="Zahra",
            opening_points=260,
            orders_count=7,
            total_spent=401.6,
            dob="07-13",
            dob_last_updated_at=day(-30),
            vip_tier_id=BRONZE,
        ),
        # A plus in the address, which forms like to lose.
        Customer(
            id=LENA,
            email="lena+shop@example.com",
            first_name="Lena",
            last_name="Fischer",
            opening_points=505,
            opening_credits=Decimal(5),
            orders_count=5,
            total_spent=250,
            referral_code="LENA5",
            vip_tier_id=SILVER,
        ),
        # A friend of the house: a member without paying.
        Customer(
            id=DMITRI,
            email="Dmitri.Volkov@example.com",
            first_name="Dmitri",
            last_name="Volkov",
            opening_points=1250,
            orders_count=6,
            total_spent=530.0,
            vip_tier_id=GOLD,
        ),
        # Only an address, as Shopify makes it from a newsletter form.
        Customer(
            id=NO_NAME,
            email="hello@example.com",
            loyalty_status="guest",
            total_spent=None,
            shopify_tags=None,
        ),
        # Signed up a moment ago: Rivo answers 404 until Shopify's news has reached it.
        Customer(
            id=NOOR,
            email="noor.vandijk@example.com",
            first_name="Noor",
            last_name="van Dijk",
            opening_points=100,
            appears_at=day(45 / 86_400),
        ),
    )
