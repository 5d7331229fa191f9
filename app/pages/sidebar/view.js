/* What is shown of a customer below the balance: from the answer of `get_sidebar` to elements. */

import { balanceChart, ladder, missingWords } from "./chart.js";
import { button, el } from "./dom.js";
import { listed, nothing, section } from "./parts.js";
import { codeButtons, codesSection, rewardsSection } from "./wallet.js";
import { thousandths } from "./words.js";

const FEW = 4;

/** Show what can be done, and everything that is known. */
export function showRest(desk, view) {
    return [
        quickActions(desk),
        tierSection(desk, view),
        membershipSection(desk, view),
        codesSection(desk, view),
        activitySection(desk, view),
        rewardsSection(desk, view),
        profileSection(desk, view),
    ].filter(Boolean);
}

function quickActions(desk) {
    const { t } = desk.words;
    const give = desk.may("create_points_event");
    const offered = [
        give && ["plus", t("points"), "points"],
        give && ["plus", t("credit"), "credit"],
        desk.may("create_points_redemption") && ["star", t("redeem"), "redeem"],
    ].filter(Boolean);
    if (!offered.length) return null;
    return el(
        "div",
        { class: "quick", role: "group", "aria-label": t("actions") },
        offered.map(([mark, text, form]) =>
            button(text, () => desk.open(form), { mark, focus: form }),
        ),
    );
}

function tierSection(desk, view) {
    const { t } = desk.words;
    const { tier } = view;
    if (!tier) return null;
    const plain = tier.name === null ? t("tier_none") : tier.next_name === null && t("tier_top");
    const more = missingWords(desk.words, view) ?? plain;
    return section(
        desk,
        "tier",
        null,
        t("tier"),
        ladder(desk.words, view, desk.tiers()),
        more && el("p", { class: "quiet" }, more),
    );
}

function membershipSection(desk, { membership, subscription, parts }) {
    const { t, date } = desk.words;
    if (!membership && !parts.membership.error) return null;
    const {
        started_at: since,
        ended_at: ended,
        queued_for_cancellation_at: queued,
    } = membership ?? {};
    const { next_billing_date_at: next, billing_interval: every, status } = subscription ?? {};
    const leaving = Boolean(queued || ended);
    const first = ended
        ? t("ended", { date: date(ended) })
        : queued
          ? t("cancelling", { date: date(queued) })
          : next && t("next_billing", { date: date(next) });
    const more = [
        !leaving && every && t(`interval_${every}`, {}, every),
        since && t("since", { date: date(since) }),
        status && status !== "active" && t("billing_status", { status }),
    ];
    return section(
        desk,
        "membership",
        parts.membership,
        t("membership"),
        el(
            "div",
            { class: "row" },
            el(
                "div",
                {},
                first && el("p", {}, first),
                el("p", { class: "quiet" }, more.filter(Boolean).join(" · ")),
            ),
            !leaving &&
                desk.may("cancel_membership") &&
                button(t("close"), () => desk.open("cancel"), {
                    kind: "quiet-button",
                    label: t("cancel_membership"),
                    focus: "cancel",
                }),
        ),
    );
}

function activitySection(desk, view) {
    const { t, date, number, money, signed } = desk.words;
    const { activity, parts } = view;
    const rows = activity.map(
        ({ title, applied_at: at, points_diff: points, credits_diff: credits }) => {
            const credit = thousandths(credits) ?? 0;
            const changes = [
                points && signed(number(points), points),
                credit && signed(money(credits, desk.currency()), credit),
            ];
            return el(
                "li",
                { class: "row" },
                el(
                    "div",
                    {},
                    el("p", {}, title ?? t("untitled")),
                    at && el("p", { class: "quiet" }, date(at)),
                ),
                el(
                    "span",
                    { class: (points ?? 0) + credit > 0 ? "change gain" : "change" },
                    changes.filter(Boolean).join(" ") || number(0),
                ),
            );
        },
    );
    return section(
        desk,
        "activity",
        parts.activity,
        t("activity"),
        balanceChart(desk.words, view),
        rows.length ? listed(desk, "activity", FEW, rows) : nothing(t("activity_none")),
    );
}

function profileSection(desk, { customer }) {
    if (!customer) return null;
    const { t, number, money, dayOfYear } = desk.words;
    const { dob, orders_count: orders, total_spent: spent, referral_code: referral } = customer;
    const line = (name, ...value) =>
        el("div", { class: "row" }, el("dt", { class: "quiet" }, name), el("dd", {}, value));
    return section(
        desk,
        "profile",
        null,
        t("profile"),
        el(
            "dl",
            { class: "lines" },
            line(
                t("birthday"),
                dob ? dayOfYear(dob) : el("span", { class: "quiet" }, t("birthday_none")),
                desk.may("update_customer_dob") &&
                    button(null, () => desk.open("birthday"), {
                        kind: "small",
                        mark: "edit",
                        label: t("correct_birthday"),
                        focus: "birthday",
                    }),
            ),
            orders !== null && line(t("orders"), number(orders)),
            spent !== null && line(t("total_spent"), money(String(spent), desk.currency())),
            referral &&
                line(t("referral_code"), el("code", {}, referral), codeButtons(desk, referral)),
        ),
    );
}
