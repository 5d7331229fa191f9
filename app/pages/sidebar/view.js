/* What is shown of a customer: from the answer of `get_sidebar` to elements, section by section. */

import { balanceChart, ladder, missingWords } from "./chart.js";
import { button, el, icon } from "./dom.js";
import { birthdayForm, cancelForm } from "./changing.js";
import { creditForm, pointsForm } from "./giving.js";
import { redeemForm, refundForm, rewardPrice } from "./redeeming.js";
import { daysUntil, thousandths } from "./words.js";

const SOON_DAYS = 30;
const FEW = { activity: 4, rewards: 3, codes: 3 };

/** Name the customer as an agent would. */
export function nameOf(view, id) {
    const { first_name: first, last_name: last, email } = view?.customer ?? {};
    return [first, last].filter(Boolean).join(" ") || email || id || "";
}

/** Show who it is, the balance, and what can be done first; it stays while a form is open. */
export function showTop(desk, view) {
    const { t, number, money } = desk.words;
    const { customer, balance } = view;
    const name = nameOf(view, desk.id());
    const mail = customer?.email ?? null;
    const status = customer?.loyalty_status ?? null;
    const chip =
        status === "member"
            ? (view.tier?.name ?? t("status_member"))
            : status && statusOf(t, status);
    const credit = balance?.credits ?? null;
    return [
        el(
            "header",
            { class: "who" },
            el(
                "div",
                {},
                el("h1", { tabindex: -1 }, name || t("nobody")),
                mail && mail !== name && el("p", { class: "quiet clip" }, mail),
            ),
            chip && el("span", { class: `chip ${status === "member" ? "good" : ""}` }, chip),
        ),
        ["guest", "excluded"].includes(status) && el("p", { class: "note plain" }, t(status)),
        balance
            ? el(
                  "div",
                  { class: "balance" },
                  el(
                      "dl",
                      { class: "figures" },
                      figure(t("points"), balance.points === null ? "–" : number(balance.points)),
                      figure(
                          t("store_credit"),
                          credit === null ? "–" : money(credit, balance.currency),
                      ),
                  ),
                  expiry(desk, balance.points_expire_at, "", balance.points > 0),
                  expiry(desk, balance.credits_expire_at, "credit_", thousandths(credit) > 0),
              )
            : el("p", { class: "trouble" }, t("unknown_balance")),
    ].filter(Boolean);
}

/** Show everything else. */
export function showRest(desk, view) {
    return [
        quickActions(desk),
        view.tier && tierSection(desk, view),
        membershipSection(desk, view),
        codesSection(desk, view),
        activitySection(desk, view),
        rewardsSection(desk, view),
        profileSection(desk, view),
    ].filter(Boolean);
}

/** Make the buttons of a discount code: copy it, put it into the reply. */
export function codeButtons(desk, code) {
    const { t } = desk.words;
    return el(
        "span",
        { class: "tools" },
        button(null, () => desk.copy(code), {
            kind: "small",
            mark: "copy",
            label: t("copy_code", { code }),
            focus: `copy-${code}`,
        }),
        desk.canInsert &&
            button(null, () => desk.insert(code), {
                kind: "small",
                mark: "insert",
                label: t("insert_code", { code }),
                focus: `insert-${code}`,
            }),
    );
}

function figure(label, value) {
    return el("div", {}, el("dt", {}, label), el("dd", {}, value));
}

function statusOf(t, status) {
    return ["guest", "excluded"].includes(status) ? t(`status_${status}`) : status;
}

function expiry({ words: { t, date } }, day, prefix, matters) {
    if (!day || !matters) return null;
    const count = daysUntil(day);
    const values = { count, date: date(day) };
    const text =
        count < 0
            ? t(`${prefix}expired_on`, values)
            : count === 0
              ? t(`${prefix}expire_today`, values)
              : count <= SOON_DAYS
                ? t(`${prefix}expire_soon`, values)
                : t(`${prefix}expire_on`, values);
    const soon = count >= 0 && count <= SOON_DAYS;
    return el(
        "p",
        { class: soon ? "expiry soon" : "expiry" },
        soon && icon("wait"),
        el("span", {}, text),
    );
}

function quickActions(desk) {
    const { t } = desk.words;
    const offered = [
        desk.may("create_points_event") && ["plus", t("give_points"), pointsForm, "points"],
        desk.may("create_points_event") && ["plus", t("give_credit"), creditForm, "credit"],
        desk.may("create_points_redemption") && ["star", t("redeem"), redeemForm, "redeem"],
    ].filter(Boolean);
    if (!offered.length) return null;
    return el(
        "div",
        { class: "quick", role: "group", "aria-label": t("actions") },
        offered.map(([mark, text, form, focus]) =>
            button(text, () => desk.open(form), { mark, focus }),
        ),
    );
}

function section(desk, name, part, title, ...content) {
    const trouble = part?.error ? el("p", { class: "trouble" }, desk.words.t("partial")) : null;
    const heading = el("h2", { id: `head-${name}` }, title);
    return el(
        "section",
        { class: `part ${name}`, "aria-labelledby": heading.id },
        heading,
        trouble ?? content,
    );
}

function tierSection(desk, view) {
    const { t } = desk.words;
    const { tier } = view;
    const more =
        missingWords(desk.words, view) ??
        (tier.name !== null && tier.next_name === null ? t("tier_top") : null);
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
    const { error } = parts.membership;
    if (!membership && !error) return null;
    if (error) return section(desk, "membership", parts.membership, t("membership"));
    const { started_at: started, ended_at: ended, queued_for_cancellation_at: queued } = membership;
    const { next_billing_date_at: next, billing_interval: interval, status } = subscription ?? {};
    const leaving = queued || ended;
    const every = interval && t(`interval_${interval}`);
    const billing = [
        t("next_billing", { date: next && date(next) }),
        every === `interval_${interval}` ? interval : every,
    ];
    return section(
        desk,
        "membership",
        null,
        t("membership"),
        el(
            "div",
            { class: "row" },
            el(
                "div",
                {},
                ended && el("p", {}, t("ended", { date: date(ended) })),
                !ended && queued && el("p", {}, t("cancelling", { date: date(queued) })),
                !leaving && next && el("p", {}, billing.filter(Boolean).join(" · ")),
                started &&
                    el("p", { class: "quiet" }, t("membership_since", { date: date(started) })),
                status &&
                    status !== "active" &&
                    el("p", { class: "quiet" }, t("billing_status", { status })),
            ),
            !leaving &&
                desk.may("cancel_membership") &&
                button(t("close"), () => desk.open(cancelForm), {
                    kind: "quiet-button",
                    label: t("cancel_membership"),
                    focus: "cancel",
                }),
        ),
    );
}

function codesSection(desk, { codes, parts }) {
    const { t, points, date } = desk.words;
    const rows = codes.map((each) => {
        const { id, code, name, points_amount: cost, expires_at: until } = each;
        const more = [
            name,
            cost && points(cost),
            until && t("code_expires", { date: date(until) }),
        ];
        return el(
            "li",
            { class: "row" },
            el(
                "div",
                {},
                el("p", {}, el("code", {}, code ?? "–")),
                el("p", { class: "quiet" }, more.filter(Boolean).join(" · ")),
            ),
            el(
                "span",
                { class: "tools" },
                code && codeButtons(desk, code),
                desk.may("refund_points_redemption") &&
                    button(null, () => desk.open(refundForm, each), {
                        kind: "small",
                        mark: "refund",
                        label: t("refund_code", { code: code ?? name ?? "" }),
                        focus: `refund-${id}`,
                    }),
            ),
        );
    });
    return section(
        desk,
        "codes",
        parts.codes,
        t("codes"),
        rows.length ? listed(desk, "codes", rows) : el("p", { class: "quiet" }, t("codes_none")),
    );
}

function activitySection(desk, view) {
    const { words } = desk;
    const { t, date, number, money, signed } = words;
    const { activity, parts, balance } = view;
    const rows = activity.map((each) => {
        const credit = thousandths(each.credits_diff) ?? 0;
        const changes = [
            each.points_diff && signed(number(each.points_diff), each.points_diff),
            credit && signed(money(each.credits_diff, balance?.currency), credit),
        ].filter(Boolean);
        const gain = (each.points_diff ?? 0) + credit > 0;
        return el(
            "li",
            { class: "row" },
            el(
                "div",
                {},
                el("p", {}, each.title ?? t("untitled")),
                each.applied_at && el("p", { class: "quiet" }, date(each.applied_at)),
            ),
            el("span", { class: gain ? "change gain" : "change" }, changes.join(" ") || number(0)),
        );
    });
    return section(
        desk,
        "activity",
        parts.activity,
        t("activity"),
        balanceChart(words, view),
        rows.length
            ? listed(desk, "activity", rows)
            : el("p", { class: "quiet" }, t("activity_none")),
    );
}

function rewardsSection(desk, { rewards, parts, found }) {
    const { t } = desk.words;
    const within = rewards.filter((each) => each.affordable);
    const beyond = rewards.filter((each) => each.affordable === false).length;
    const rows = within.map((each) =>
        el(
            "li",
            { class: "row" },
            el(
                "div",
                {},
                el("p", {}, each.name ?? ""),
                el("p", { class: "quiet" }, rewardPrice(desk, each)),
            ),
            desk.may("create_points_redemption") &&
                button(t("redeem"), () => desk.open(redeemForm, each.reward_id), {
                    kind: "quiet-button",
                    label: t("redeem_reward", { reward: each.name ?? "" }),
                    focus: `redeem-${each.reward_id}`,
                }),
        ),
    );
    if (found === null && !parts.catalogue.error) return null;
    return section(
        desk,
        "rewards",
        parts.catalogue,
        t("rewards"),
        rows.length
            ? listed(desk, "rewards", rows)
            : el("p", { class: "quiet" }, t("rewards_none")),
        beyond ? el("p", { class: "quiet after" }, t("rewards_more", { count: beyond })) : null,
    );
}

function profileSection(desk, { customer, balance }) {
    if (!customer) return null;
    const { t, number, money, dayOfYear } = desk.words;
    const { dob, orders_count: orders, total_spent: spent, referral_code: referral } = customer;
    const line = (name, ...value) =>
        el("div", { class: "row" }, el("dt", { class: "quiet" }, name), el("dd", {}, ...value));
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
                    button(null, () => desk.open(birthdayForm), {
                        kind: "small",
                        mark: "edit",
                        label: t("correct_birthday"),
                        focus: "birthday",
                    }),
            ),
            orders !== null && line(t("orders"), number(orders)),
            spent !== null && line(t("total_spent"), money(String(spent), balance?.currency)),
            referral &&
                line(t("referral_code"), el("code", {}, referral), codeButtons(desk, referral)),
        ),
    );
}

/** List rows: the first few, and all of them for whoever wants to see. */
function listed(desk, name, rows) {
    const { t } = desk.words;
    const few = FEW[name];
    const list = el("ul", { class: "rows" }, rows);
    if (rows.length <= few + 1) return list;
    const more = button("", toggle, { kind: "more", focus: `more-${name}` });
    function apply() {
        const open = desk.opened.has(name);
        rows.forEach((row, index) => (row.hidden = !open && index >= few));
        more.querySelector("span").textContent = open
            ? t("show_less")
            : t("show_all", { count: rows.length });
        more.setAttribute("aria-expanded", String(open));
    }
    function toggle() {
        if (!desk.opened.delete(name)) desk.opened.add(name);
        apply();
    }
    apply();
    return [list, more];
}
