"""Whom of the demo shop is asked about, and what of it is redeemed and refunded."""

from __future__ import annotations

SARAH = {"customer_email": "sarah.martinez@example.com"}
JOHNSON = {"customer_email": "sarah.johnson@example.com"}
MAYA = {"customer_email": "maya.chen@example.com"}
MAYA_BY_ID = {"customer_email": "7301448820193"}
MAYA_IN_CAPITALS = {"customer_email": "Maya.Chen@Example.com"}
TOM = {"customer_email": "tom.becker@example.com"}
GUEST = {"customer_email": "priya.nair@example.com"}
EXCLUDED = {"customer_email": "oskar.lund@example.com"}
ELENA = {"customer_email": "elena.rossi@example.com"}
JAMES = {"customer_email": "james.oconnor@example.com"}
AIKO = {"customer_email": "aiko.tanaka@example.com"}
PLUS = {"customer_email": "lena+shop@example.com"}
DMITRI = {"customer_email": "dmitri.volkov@example.com"}
SPARSE = {"customer_email": "hello@example.com"}
STRANGER = {"customer_email": "nobody@example.com"}
STRANGER_BY_ID = {"customer_email": "7999999999999"}

FIVE_OFF, FOR_DOLLARS, STORE_CREDIT, DISABLED = 709485, 709490, 594155, 709492
UNUSED, USED, EXPIRED, REFUNDED, GIFT_CARD = 24101330, 24100301, 24100415, 24101180, 24100733
GOLD, PLATINUM = 552289, 552290
